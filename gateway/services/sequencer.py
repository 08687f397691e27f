"""The sequencer: orders the entries of all writers into the tree and signs checkpoints. There is one.

It alone holds the checkpoint key. What a crash means: before (3) nothing happened; between (3) and (4) the
file lacks a checkpoint that the database has, and `catch_up` appends it at the next start. The file is never
behind by more than that and never ahead: where it is ahead, the database was set back, and to sign on from
there would make a second history under the same key.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from audit.checkpoint import Checkpoint, open_note, sign
from audit.errors import AuditError
from audit.merkle import HASH_BYTES, CompactTree, leaf_hash
from audit.note import CheckpointSigner
from audit.outside import OutsideNote, append_note, read_notes
from gateway.errors import Misconfigured
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import log
from gateway.store.queries.locks import Task, claim

BATCH = 1_000
"""Entries in one transaction: the tree grows by whole batches, each under one checkpoint."""

TAIL_BYTES = 64 * 1024
"""Of the file, read at the start: some two hundred checkpoints; the last one is what counts."""


class Sequencer:
    """outside: the file of checkpoints, kept where the database's writers cannot reach, at best."""

    def __init__(self, database: Database, signer: CheckpointSigner, outside: Path, clock: Clock) -> None:
        self._database = database
        self._signer = signer
        self._outside = outside
        self._clock = clock

    def catch_up(self) -> None:
        """Appends the newest checkpoint to the file if a crash kept it from there.

        Raises Misconfigured when the file is ahead of the database.
        """
        with self._alone():
            with self._database.reading() as session:
                stored = log.last_checkpoint(session)
            told = self._last_told()
            size = stored.size if stored else 0
            if told > size:
                raise Misconfigured(
                    f"{self._outside} holds a checkpoint of {told} entries, the database only {size}: it was "
                    "set back. Restore a newer backup; or keep this file as evidence and begin a new one: "
                    f"mv {self._outside} {self._outside}.before"
                )
            if stored is not None and told < size:
                append_note(self._outside, stored.note)

    def run_once(self) -> int:
        """Sequences what waits, up to a batch; returns how many entries. 0 too when another one is at it."""
        with self._alone():
            return self._run_once()

    def _run_once(self) -> int:
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
                # Whatever was made of an entry in the inbox goes in: a verifier names it, we must not stop.
                leaf = leaf_hash(item.entry.encode("utf-8", "surrogatepass"))
                log.place(unit.session, item.id, index=tree.size, leaf_hash=leaf)
                tree.append(leaf)
            note = sign(Checkpoint(self._signer.name, tree.size, tree.root()), self._signer)
            checkpoint = log.StoredCheckpoint(tree.size, note, b"".join(tree.frontier))
            log.add_checkpoint(unit.session, checkpoint, now=self._clock())
        # (3) That is committed now; (4) and is told outside the database.
        append_note(self._outside, note)
        return len(waiting)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other sequencer on this machine is between its commit and its line in the file meanwhile: the
        file's checkpoints stay in their order.
        """
        with self._outside.with_name(f"{self._outside.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _last_told(self) -> int:
        """The size of the last of our own checkpoints in the file; 0 where it has none."""
        if not self._outside.exists():
            return 0
        with self._outside.open("rb") as file:
            file.seek(max(0, self._outside.stat().st_size - TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines(keepends=True)
        told = 0
        for item in read_notes(lines):
            if isinstance(item, OutsideNote):
                with suppress(AuditError):  # another's, or cut in two where the tail begins
                    told = open_note(item.note, self._signer.verifier).size
        return told


def _split(frontier: bytes) -> list[bytes]:
    return [frontier[start : start + HASH_BYTES] for start in range(0, len(frontier), HASH_BYTES)]
