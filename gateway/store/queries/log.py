"""The audit log's rows: the inbox that transactions write to, and the tree that one sequencer orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select, update

from gateway.store.tables import LogCheckpoint, LogEntry

PAGE = 2_000
"""Entries read at a time: a log of any length is exported in bounded memory."""


@dataclass(frozen=True, slots=True)
class InboxEntry:
    id: int
    entry: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One leaf as stored: what the database claims, for a verifier to doubt."""

    index: int
    entry: str
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    size: int
    note: str
    frontier: bytes


def inbox(session: Session, *, limit: int) -> list[InboxEntry]:
    """Entries that are not in the tree yet, oldest first.

    A writer's entries commit in their order, so what is visible of one writer has no gap unless a row was
    taken out; and since this asks for rows without an index instead of rows behind a cursor, a commit that
    comes late is not passed over.
    """
    query = select(LogEntry).where(col(LogEntry.leaf_index).is_(None)).order_by(col(LogEntry.id)).limit(limit)
    return [InboxEntry(row.id or 0, row.entry) for row in session.exec(query)]


def place(session: Session, entry_id: int, *, index: int, leaf_hash: bytes) -> None:
    """Puts an inbox entry into the tree."""
    where = col(LogEntry.id) == entry_id
    session.exec(update(LogEntry).where(where).values(leaf_index=index, leaf_hash=leaf_hash))


def last_checkpoint(session: Session) -> StoredCheckpoint | None:
    row = session.exec(select(LogCheckpoint).order_by(col(LogCheckpoint.size).desc()).limit(1)).first()
    return None if row is None else StoredCheckpoint(row.size, row.note, row.frontier)


def add_checkpoint(session: Session, checkpoint: StoredCheckpoint, *, now: datetime) -> None:
    session.add(
        LogCheckpoint(
            size=checkpoint.size, note=checkpoint.note, frontier=checkpoint.frontier, created_at=now
        )
    )
    session.flush()


def page(session: Session, *, after: int) -> list[TreeEntry]:
    """The next PAGE entries of the tree behind index `after`, in its order."""
    query = select(LogEntry).where(col(LogEntry.leaf_index) > after).order_by(col(LogEntry.leaf_index))
    rows = session.exec(query.limit(PAGE))
    return [TreeEntry(row.leaf_index or 0, row.entry, row.leaf_hash or b"") for row in rows]


def checkpoints(session: Session) -> list[tuple[int, str]]:
    """All signed notes with the size they are stored under, the smallest first."""
    return list(
        session.exec(select(LogCheckpoint.size, LogCheckpoint.note).order_by(col(LogCheckpoint.size)))
    )
