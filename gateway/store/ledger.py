"""Audit entries, written in the transaction of the action they record.

Each entry carries its writer, the writer's sequence number and the hash of the writer's previous entry: a
row that is taken out shows as a gap, even before the sequencer has ordered it into the tree. Beside it
stands a code under a key that the database does not hold, without which the sequencer places no entry. A
writer serves one transaction at a time. It advances only when that transaction commits, so a rollback leaves
no gap; after a commit of unknown outcome it is retired and another takes over.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from sqlmodel import Session

from audit.entry import Entry
from gateway.store.queries import log_index
from gateway.store.tables import LogEntry

Clock = Callable[[], datetime]

Mac = Callable[[bytes], bytes]
"""An entry's canonical bytes in, the code out by which the sequencer knows that a process of ours wrote
it.
"""

NOTHING_BEFORE: Final = bytes(32)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Writer:
    """One chain of entries: its name, the next sequence number and the hash of the last entry."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sequence = 0
        self.previous = NOTHING_BEFORE
        self.retired = False

    def retire(self) -> None:
        self.retired = True


class WriterPool:
    """Writers of this process that are free; a new one is made where none is."""

    def __init__(self) -> None:
        self._free: list[Writer] = []
        self._lock = threading.Lock()

    @contextmanager
    def lent(self) -> Iterator[Writer]:
        with self._lock:
            writer = self._free.pop() if self._free else Writer(f"w-{secrets.token_hex(8)}")
        try:
            yield writer
        finally:
            if not writer.retired:
                with self._lock:
                    self._free.append(writer)


class Ledger:
    """The entries of one transaction; made by `Database.unit`."""

    def __init__(self, session: Session, writer: Writer, clock: Clock, mac: Mac | None = None) -> None:
        """mac: without one the entries are not authenticated, and no sequencer places them."""
        self._session = session
        self._writer = writer
        self._clock = clock
        self._mac = mac
        self.entries: list[Entry] = []

    def record(self, *, actor: str, action: str, subject: str, **details: str | int) -> None:
        """Adds an entry. Ids, codes and counts only: Entry refuses anything like free text."""
        last = self.entries[-1] if self.entries else None
        self.entries.append(
            Entry(
                writer=self._writer.name,
                sequence=self._writer.sequence + len(self.entries),
                previous=self._writer.previous if last is None else last.digest(),
                time=self._clock(),
                actor=actor,
                action=action,
                subject=subject,
                details=_plain(details),
            )
        )

    def flush(self) -> None:
        """Writes the entries' rows and what they are looked up by; the surrounding unit commits them."""
        rows = []
        for entry in self.entries:
            data = entry.to_bytes()
            row = LogEntry(
                writer=entry.writer,
                sequence=entry.sequence,
                entry=data.decode("ascii"),
                mac=self._mac(data) if self._mac else None,
            )
            self._session.add(row)
            rows.append(row)
        self._session.flush()
        if rows:
            numbers = [row.id or 0 for row in rows]  # the flush has given each its number
            log_index.add(self._session.connection(), zip(numbers, self.entries, strict=True))

    def committed(self) -> None:
        """The unit has committed: the writer's chain goes on from here."""
        if self.entries:
            self._writer.sequence += len(self.entries)
            self._writer.previous = self.entries[-1].digest()


def _plain(details: Mapping[str, str | int]) -> dict[str, str | int]:
    """Enums become their text, so that an entry holds what it will be parsed back to."""
    return {name: value if isinstance(value, int) else str(value) for name, value in details.items()}
