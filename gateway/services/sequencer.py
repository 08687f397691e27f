"""The sequencer: orders the entries of all writers into the tree and signs checkpoints. There is one.

It alone holds the checkpoint key. What a crash means: before (3) nothing happened; between (3) and (4) the
file lacks a checkpoint that the database has, and `catch_up` appends it at the next start.
"""

from __future__ import annotations

from pathlib import Path

from audit.checkpoint import Checkpoint, sign
from audit.merkle import HASH_BYTES, CompactTree, leaf_hash
from audit.note import CheckpointSigner
from audit.outside import append_note
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import log
from gateway.store.queries.locks import Task, claim

BATCH = 1_000
"""Entries in one transaction: the tree grows by whole batches, each under one checkpoint."""


class Sequencer:
    """outside: the file of checkpoints, kept where the database's writers cannot reach, at best."""

    def __init__(self, database: Database, signer: CheckpointSigner, outside: Path, clock: Clock) -> None:
        self._database = database
        self._signer = signer
        self._outside = outside
        self._clock = clock

    def catch_up(self) -> None:
        """Appends the newest checkpoint to the file if a crash kept it from there."""
        with self._database.reading() as session:
            stored = log.last_checkpoint(session)
        if stored is not None and not self._in_file(stored.note):
            append_note(self._outside, stored.note)

    def run_once(self) -> int:
        """Sequences what waits, up to a batch; returns how many entries. 0 too when another one is at it."""
        with self._database.unit() as unit:
            if not claim(unit.session, Task.SEQUENCE):
                return 0
            # (1) What waits, oldest first.
            waiting = log.inbox(unit.session, limit=BATCH)
            if not waiting:
                return 0
            stored = log.last_checkpoint(unit.session)
            tree = CompactTree(stored.size, _split(stored.frontier)) if stored else CompactTree()
            # (2) Into the tree, each at its index.
            for item in waiting:
                leaf = leaf_hash(item.entry.encode("ascii"))
                log.place(unit.session, item.id, index=tree.size, leaf_hash=leaf)
                tree.append(leaf)
            note = sign(Checkpoint(self._signer.name, tree.size, tree.root()), self._signer)
            checkpoint = log.StoredCheckpoint(tree.size, note, b"".join(tree.frontier))
            log.add_checkpoint(unit.session, checkpoint, now=self._clock())
        # (3) That is committed now; (4) and is told outside the database.
        append_note(self._outside, note)
        return len(waiting)

    def _in_file(self, note: str) -> bool:
        return self._outside.exists() and note in self._outside.read_text("utf-8")


def _split(frontier: bytes) -> list[bytes]:
    return [frontier[start : start + HASH_BYTES] for start in range(0, len(frontier), HASH_BYTES)]
