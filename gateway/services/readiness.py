"""Is this server able to serve? Each part it needs is tried; an answer is kept for a second.

Anybody may ask, so that the trying must be cheap and asking often must not make it dear.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import vitals

KEEP_SECONDS: Final = 1.0

SEQUENCER_LATE: Final = timedelta(seconds=60)
"""A hundred times what the sequencer takes; entries older than that are signed by nobody."""


class Late(Exception):
    """The log's entries have waited too long for the sequencer."""


@dataclass(frozen=True, slots=True)
class Unready:
    """A part that failed; `part` is one of ours, `cause` an exception's type: no words from outside."""

    part: str
    cause: str


class Readiness:
    """parts: by name, what raises when that part does not work."""

    def __init__(
        self, parts: Mapping[str, Callable[[], object]], *, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._parts = dict(parts)
        self._ticks = ticks
        self._lock = threading.Lock()
        self._kept: tuple[float, Sequence[Unready]] | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of all that is tried."""
        return tuple(self._parts)

    def failing(self) -> Sequence[Unready]:
        """The parts that do not work; empty where all do."""
        with self._lock:
            if self._kept is None or self._ticks() - self._kept[0] >= KEEP_SECONDS:
                failing = [found for part in self._parts if (found := self._try(part)) is not None]
                self._kept = (self._ticks(), failing)
            return self._kept[1]

    def _try(self, part: str) -> Unready | None:
        try:
            self._parts[part]()
        except Exception as exc:
            return Unready(part, type(exc).__name__)
        return None


def sequencer_in_time(database: Database, clock: Clock) -> None:
    """Raises Late when the oldest entry without a checkpoint is too old."""
    with database.reading() as session:
        oldest = vitals.log(session).oldest
    if oldest is not None and clock() - oldest > SEQUENCER_LATE:
        raise Late
