"""Reading the log: exports that an auditor verifies without us, and the same verification in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from audit.export import LoggedCheckpoint, LoggedEntry, export_lines
from audit.note import CheckpointVerifier
from audit.report import Report
from audit.verification import verify_export
from gateway.errors import NotFound
from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import log, log_checkpoints
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

    def export(self, principal: Principal, *, size: int | None = None) -> Iterator[str]:
        """The lines of an export, each with its newline. Raises AccessDenied before the first.

        size: only so many entries, from the first on, which a checkpoint of that size vouches for. There is
        no export that begins later: every root is made of all leaves before it. Raises NotFound for a size
        that no checkpoint has.
        """
        self._authorize(principal, Action.AUDIT_READ)
        if size is not None:
            with self._database.reading() as session:
                if log_checkpoints.of_size(session, size) is None:
                    raise NotFound(f"there is no checkpoint of {size} entries; an export ends at one")
        return self.lines(size=size)

    def verify(self, principal: Principal) -> Report:
        """Verifies the database's log. Raises AccessDenied."""
        self._authorize(principal, Action.AUDIT_VERIFY)
        return self.verify_here()

    def _authorize(self, principal: Principal, action: Action) -> None:
        authorize(self._database, principal, action, INSTALLATION, now=self._clock())
        with self._database.unit() as unit:
            unit.ledger.record(actor=principal.id, action=action.value, subject=INSTALLATION.id)

    def lines(
        self, *, size: int | None = None, on_entry: Callable[[], object] | None = None
    ) -> Iterator[str]:
        """The export for whoever sits at the installation itself; the database is read page by page.

        Each page is a transaction of its own, so that a slow reader holds none. The tree only ever grows.
        size: as for `export`. on_entry: called before each entry.
        """
        with self._database.reading() as session:
            notes = [
                (stored, LoggedCheckpoint(note))
                for stored, note in log.checkpoints(session)
                if size is None or stored <= size
            ]
        yield from export_lines(self._key.name, self._tree(size, on_entry), notes)

    def verify_here(self, *, on_entry: Callable[[], object] | None = None) -> Report:
        """Verifies the database's log, against the file of checkpoints if this process was given one.

        The file is read before the database: what it holds was committed there first. A file that was given
        and is not there holds no checkpoint, and the report says so. on_entry: called before each entry.
        """
        lines = self.lines(on_entry=on_entry)
        if self._outside is None:
            return verify_export(lines, self._key)
        if not self._outside.exists():
            return verify_export(lines, self._key, outside=())
        with self._outside.open(encoding="utf-8", errors="replace", newline="\n") as file:
            return verify_export(lines, self._key, outside=file)

    def _tree(self, size: int | None, on_entry: Callable[[], object] | None) -> Iterator[LoggedEntry]:
        after = -1
        while True:
            with self._database.reading() as session:
                page = log.page(session, after=after)
            for row in page:
                if size is not None and row.index >= size:
                    return
                if on_entry is not None:
                    on_entry()
                yield LoggedEntry(row.index, row.entry, row.leaf_hash)
            if len(page) < log.PAGE:
                return
            after = page[-1].index
