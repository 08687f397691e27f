"""Things that are counted, not entered."""

from __future__ import annotations

from sqlmodel import Session

from gateway.store.tables import Counter


def add(session: Session, name: str, count: int) -> None:
    row = session.get(Counter, name, with_for_update=True) or Counter(name=name)
    row.value += count
    session.add(row)


def value(session: Session, name: str) -> int:
    row = session.get(Counter, name)
    return 0 if row is None else row.value
