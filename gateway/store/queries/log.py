"""The audit log's rows: the inbox that transactions write to, and the tree that one sequencer orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy
from sqlalchemy import delete, or_
from sqlmodel import Session, col, func, select, update

from audit.entry import MAX_ENTRY_BYTES
from gateway.store.tables import LogCheckpoint, LogEntry

PAGE = 2_000
"""Entries read at a time: a log of any length is exported in bounded memory."""


ENTRY_CHARACTERS = MAX_ENTRY_BYTES + 1
"""Of a waiting row, read at most: whatever somebody put there, a batch fits into memory."""


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A row that waits: what the database claims. entry: its first ENTRY_CHARACTERS."""

    id: int
    writer: str
    sequence: int
    entry: str
    mac: bytes | None


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
    entry = func.substr(col(LogEntry.entry), 1, ENTRY_CHARACTERS)
    query = (
        sqlalchemy.select(
            col(LogEntry.id), col(LogEntry.writer), col(LogEntry.sequence), entry, col(LogEntry.mac)
        )
        .where(col(LogEntry.leaf_index).is_(None), col(LogEntry.refused).is_(None))
        .order_by(col(LogEntry.id))
        .limit(limit)
    )
    return [InboxEntry(*row) for row in session.execute(query)]


def send_back(session: Session, *, size: int) -> None:
    """Into the inbox with rows whose index is none of a tree of `size`: who put them there was no
    sequencer.
    """
    index = col(LogEntry.leaf_index)
    session.exec(
        update(LogEntry).where(or_(index >= size, index < 0)).values(leaf_index=None, leaf_hash=None)
    )


def refuse(session: Session, entry_id: int, *, reason: str) -> None:
    """Sets a row of the inbox aside: it stays as it is, and goes into no tree."""
    session.exec(update(LogEntry).where(col(LogEntry.id) == entry_id).values(refused=reason))


def drop_checkpoint(session: Session, size: int) -> None:
    """Takes out a checkpoint that nobody of ours signed."""
    session.exec(delete(LogCheckpoint).where(col(LogCheckpoint.size) == size))


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
    index = col(LogEntry.leaf_index)
    query = (
        sqlalchemy.select(index, col(LogEntry.entry), col(LogEntry.leaf_hash))
        .where(index > after)
        .order_by(index)
        .limit(PAGE)
    )
    return [TreeEntry(place, entry, leaf or b"") for place, entry, leaf in session.execute(query)]


def checkpoints(session: Session) -> list[tuple[int, str]]:
    """All signed notes with the size they are stored under, the smallest first."""
    return list(
        session.exec(select(LogCheckpoint.size, LogCheckpoint.note).order_by(col(LogCheckpoint.size)))
    )
