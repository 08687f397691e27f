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
        """The export for whoever sits at the installation itself; the database is read page by page.

        Each page is a transaction of its own, so that a slow reader holds none. The tree only ever grows.
        """
        with self._database.reading() as session:
            notes = [(size, LoggedCheckpoint(note)) for size, note in log.checkpoints(session)]
        yield from export_lines(self._key.name, self._tree(), notes)

    def verify_here(self) -> Report:
        """Verifies the database's log, against the file of checkpoints if this process was given one.

        The file is read before the database: what it holds was committed there first. A file that was given
        and is not there holds no checkpoint, and the report says so.
        """
        if self._outside is None:
            return verify_export(self.lines(), self._key)
        if not self._outside.exists():
            return verify_export(self.lines(), self._key, outside=())
        with self._outside.open(encoding="utf-8", errors="replace", newline="\n") as file:
            return verify_export(self.lines(), self._key, outside=file)

    def _tree(self) -> Iterator[LoggedEntry]:
        after = -1
        while True:
            with self._database.reading() as session:
                page = log.page(session, after=after)
            yield from (LoggedEntry(row.index, row.entry, row.leaf_hash) for row in page)
            if len(page) < log.PAGE:
                return
            after = page[-1].index
