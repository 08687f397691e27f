"""Reading the log: exports that an auditor verifies without us, and the same verification in place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from audit.export import LoggedCheckpoint, LoggedEntry, export_lines
from audit.note import CheckpointVerifier
from audit.report import Report
from audit.verification import verify_export
from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import log
from policies.access import INSTALLATION, Action, Principal


class AuditLog:
    """key: the log's public key; its name is the log's origin. outside: the file of checkpoints, or None."""

    def __init__(
        self, database: Database, key: CheckpointVerifier, outside: Path | None, clock: Clock
    ) -> None:
        self._database = database
        self._key = key
        self._outside = outside
        self._clock = clock

    @property
    def key_text(self) -> str:
        """The public key in C2SP signed-note form."""
        return self._key.to_text()

    def export(self, principal: Principal) -> Iterator[str]:
        """The lines of an export, each with its newline. Raises AccessDenied before the first."""
        self._authorize(principal, Action.AUDIT_READ)
        return self.lines()

    def verify(self, principal: Principal) -> Report:
        """Verifies the database's log. Raises AccessDenied."""
        self._authorize(principal, Action.AUDIT_VERIFY)
        return self.verify_here()

    def _authorize(self, principal: Principal, action: Action) -> None:
        authorize(self._database, principal, action, INSTALLATION, now=self._clock())
        with self._database.unit() as unit:
            unit.ledger.record(actor=principal.id, action=action.value, subject=INSTALLATION.id)

    def lines(self) -> Iterator[str]:
        """The export for whoever sits at the installation itself; the database is read page by page."""
        with self._database.reading() as session:
            notes = [(size, LoggedCheckpoint(note)) for size, note in log.checkpoints(session)]
            entries = (LoggedEntry(row.index, row.entry, row.leaf_hash) for row in log.tree(session))
            yield from export_lines(self._key.name, entries, notes)

    def verify_here(self) -> Report:
        """Verifies the database's log, against the file of checkpoints if this process was given one.

        The file is read before the database: what it holds was committed there first. A file that was given
        and is not there holds no checkpoint, and the report says so.
        """
        if self._outside is None:
            return verify_export(self.lines(), self._key)
        lines = self._outside.read_text("utf-8", "replace").splitlines(True) if self._outside.exists() else []
        return verify_export(self.lines(), self._key, outside=lines)
