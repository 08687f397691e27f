"""What the sequencer believes of the database, which others may have written to: nothing that is not proven.

A row of the inbox is believed by its code, which nobody makes without the log's key; a checkpoint by its
signature, and by the frontier that gives the root it signs. What is not believed is set aside or taken out,
and counted by reason for the entry that says so.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from sqlmodel import Session

from audit.checkpoint import open_note
from audit.entry import Entry
from audit.errors import AuditError, MalformedEntry
from audit.merkle import HASH_BYTES, CompactTree
from audit.note import CheckpointVerifier
from gateway.store.queries import log
from gateway.store.queries.log import InboxEntry, StoredCheckpoint

IsAuthentic = Callable[[bytes, bytes], bool]
"""An entry's bytes and the code beside it; whether a process of this installation wrote it."""


class Refusal(StrEnum):
    """Why a row is no part of the log."""

    UNSIGNED = "unsigned"
    """No code: whoever wrote it is none of our processes, or one that was not given the log's key."""

    FORGED = "forged"
    """A code that the log's key did not make for this text."""

    MOVED = "moved"
    """A genuine entry, under another writer's name or number: it is, or was, in its own place."""

    CHECKPOINT = "checkpoint"
    """A checkpoint that the log's key did not sign, or whose frontier gives another root."""


def refusal_of(item: InboxEntry, is_authentic: IsAuthentic) -> Refusal | None:
    """None for a row that goes into the tree."""
    data = item.entry.encode("utf-8", "surrogatepass")
    if item.mac is None:
        return Refusal.UNSIGNED
    if not is_authentic(data, item.mac):
        return Refusal.FORGED
    try:
        entry = Entry.parse(data)
    except MalformedEntry:
        return Refusal.FORGED
    return None if (entry.writer, entry.sequence) == (item.writer, item.sequence) else Refusal.MOVED


def trusted_checkpoint(session: Session, key: CheckpointVerifier) -> tuple[StoredCheckpoint | None, int]:
    """The newest checkpoint that is ours, and how many above it were not and are taken out."""
    dropped = 0
    while (stored := log.last_checkpoint(session)) is not None and not _is_ours(stored, key):
        log.drop_checkpoint(session, stored.size)
        dropped += 1
    return stored, dropped


def tree_of(stored: StoredCheckpoint | None) -> CompactTree:
    """The tree up to a checkpoint. Raises ValueError or AuditError for a frontier that is none of its
    size.
    """
    if stored is None:
        return CompactTree()
    frontier = stored.frontier
    return CompactTree(
        stored.size, [frontier[start : start + HASH_BYTES] for start in range(0, len(frontier), HASH_BYTES)]
    )


def _is_ours(stored: StoredCheckpoint, key: CheckpointVerifier) -> bool:
    try:
        signed = open_note(stored.note, key)
        return (signed.size, signed.root) == (stored.size, tree_of(stored).root())
    except (AuditError, ValueError):
        return False
