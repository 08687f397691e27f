"""Things that are counted, not entered."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session

from gateway.store.process_tables import Counter

# Known to both databases, and right however many processes count for the first time at once.
_ADD = text(
    "INSERT INTO counter (name, value) VALUES (:name, :count) "
    "ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value"
)


def add(session: Session, name: str, count: int) -> None:
    session.connection().execute(_ADD, {"name": name, "count": count})


def value(session: Session, name: str) -> int:
    row = session.get(Counter, name)
    return 0 if row is None else row.value
