"""Stored checkpoints, a page at a time, for whoever wants to see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from gateway.store.tables import LogCheckpoint


@dataclass(frozen=True, slots=True)
class Noted:
    """A note as the database holds it, under a size that it may or may not sign."""

    size: int
    note: str
    made_at: datetime


def page(session: Session, *, below: int | None, above: int | None, limit: int) -> list[Noted]:
    """The newest, or those below a size, or the next ones above one; always the largest first."""
    query = select(LogCheckpoint)
    if above is not None:
        query = query.where(col(LogCheckpoint.size) > above).order_by(col(LogCheckpoint.size))
    else:
        if below is not None:
            query = query.where(col(LogCheckpoint.size) < below)
        query = query.order_by(col(LogCheckpoint.size).desc())
    found = [_noted(row) for row in session.exec(query.limit(limit))]
    return sorted(found, key=lambda noted: -noted.size)


def of_size(session: Session, size: int) -> Noted | None:
    row = session.get(LogCheckpoint, size)
    return None if row is None else _noted(row)


def newest(session: Session) -> Noted | None:
    found = page(session, below=None, above=None, limit=1)
    return found[0] if found else None


def _noted(row: LogCheckpoint) -> Noted:
    return Noted(row.size, row.note, row.created_at)
