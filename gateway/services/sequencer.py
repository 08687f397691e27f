"""The sequencer: orders the entries of all writers into the tree and signs checkpoints. There is one.

It alone holds the checkpoint key. What a crash means: before (3) nothing happened; between (3) and (4) the
file lacks a checkpoint that the database has, and `catch_up` appends it at the next start. The file is never
behind by more than that and never ahead: where it is ahead, the database was set back, and to sign on from
there would make a second history under the same key.

It believes nothing of the database that is not proven to be ours, see `log_trust`: a row that somebody else
put there is set aside, the log goes on without it, and an entry `log.refused` says so.
"""

from __future__ import annotations

import fcntl
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from audit.checkpoint import Checkpoint, open_note, sign
from audit.errors import AuditError
from audit.merkle import CompactTree, leaf_hash
from audit.note import CheckpointSigner
from audit.outside import OutsideNote, append_note, read_notes
from audit.report import LOG_REFUSED
from gateway.errors import Misconfigured
from gateway.services.log_trust import IsAuthentic, Refusal, refusal_of, tree_of, trusted_checkpoint
from gateway.services.ports import Clock
from gateway.store.database import Database, Unit
from gateway.store.queries import log
from gateway.store.queries.locks import Task, claim
from gateway.store.queries.log import InboxEntry, StoredCheckpoint
from gateway.store.queries.log_tree import close_blocks
from policies.access import INSTALLATION

ACTOR = "sequencer"

BATCH = 1_000
"""Entries in one transaction: the tree grows by whole batches, each under one checkpoint."""

TAIL_BYTES = 64 * 1024
"""Of the file, read at the start: some two hundred checkpoints; the last one is what counts."""


class Sequencer:
    """outside: the file of checkpoints, kept where the database's writers cannot reach, at best.

    is_authentic: tells entries that our processes wrote from all others.
    """

    def __init__(
        self,
        database: Database,
        signer: CheckpointSigner,
        outside: Path,
        clock: Clock,
        is_authentic: IsAuthentic,
    ) -> None:
        self._database = database
        self._signer = signer
        self._outside = outside
        self._clock = clock
        self._is_authentic = is_authentic
        self._told = 0  # the size of the newest checkpoint that this process knows to be in the file

    def catch_up(self) -> None:
        """Appends the newest checkpoint to the file if a crash kept it from there.

        Raises Misconfigured when the file is ahead of the database.
        """
        with self._alone():
            with self._database.unit() as unit:
                stored = self._believed(unit, self._last_told())
            size = stored.size if stored else 0
            if stored is not None and self._told < size:
                append_note(self._outside, stored.note)
            self._told = size

    def run_once(self) -> int:
        """Sequences what waits, up to a batch; returns how many rows. 0 too when another one is at it.

        Raises Misconfigured when the database was set back.
        """
        with self._alone():
            return self._run_once()

    def _run_once(self) -> int:
        note = None
        with self._database.unit() as unit:
            if not claim(unit.session, Task.SEQUENCE):
                return 0
            # (1) What waits, oldest first; also what stands beyond the tree, where nobody of ours put it.
            stored = self._believed(unit, self._told)
            tree = tree_of(stored)
            log.send_back(unit.session, size=tree.size)
            waiting = log.inbox(unit.session, limit=BATCH)
            # (2) Into the tree, each at its index; aside with what no process of ours wrote, and an entry of
            # ours that says so.
            refused = self._place(unit, tree, waiting)
            _tell_refused(unit, refused)
            if tree.size > (stored.size if stored else 0):
                note = sign(Checkpoint(self._signer.name, tree.size, tree.root()), self._signer)
                checkpoint = log.StoredCheckpoint(tree.size, note, b"".join(tree.frontier))
                log.add_checkpoint(unit.session, checkpoint, now=self._clock())
                close_blocks(unit.session.connection(), tree.size)
        # (3) That is committed now; (4) and is told outside the database.
        if note is not None:
            append_note(self._outside, note)
            self._told = tree.size
        return len(waiting)

    def _place(self, unit: Unit, tree: CompactTree, waiting: Sequence[InboxEntry]) -> Counter[Refusal]:
        refused: Counter[Refusal] = Counter()
        for item in waiting:
            if (reason := refusal_of(item, self._is_authentic)) is not None:
                log.refuse(unit.session, item.id, reason=reason.value)
                refused[reason] += 1
                continue
            leaf = leaf_hash(item.entry.encode("ascii"))
            log.place(unit.session, item.id, index=tree.size, leaf_hash=leaf)
            tree.append(leaf)
        return refused

    def _believed(self, unit: Unit, told: int) -> StoredCheckpoint | None:
        """The newest checkpoint of ours. Raises Misconfigured where it is older than one that was told."""
        stored, dropped = trusted_checkpoint(unit.session, self._signer.verifier)
        size = stored.size if stored else 0
        if told > size:
            raise Misconfigured(
                f"{self._outside} holds a checkpoint of {told} entries, the database only {size}: it was "
                "set back. Restore a newer backup; or keep this file as evidence and begin a new one: "
                f"mv {self._outside} {self._outside}.before"
            )
        _tell_refused(unit, Counter({Refusal.CHECKPOINT: dropped}))
        self._told = max(self._told, told)
        return stored

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


def _tell_refused(unit: Unit, refused: Counter[Refusal]) -> None:
    """The alarm: an entry for each reason, which goes into the tree with the next batch."""
    for reason, rows in sorted(refused.items()):
        if rows:
            unit.ledger.record(
                actor=ACTOR, action=LOG_REFUSED, subject=INSTALLATION.id, reason=reason.value, rows=rows
            )
