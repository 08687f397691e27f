"""Things that are counted, not entered: gathered in memory and added to the database in bundles.

A process that is killed loses what it counted since its last bundle. Names are few and known beforehand.
"""

from __future__ import annotations

import threading
from collections import Counter

from gateway.store.database import Database
from gateway.store.queries import counters


class Tally:
    """Counts from any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._held: Counter[str] = Counter()

    def add(self, name: str, count: int = 1) -> None:
        with self._lock:
            self._held[name] += count

    def write(self) -> None:
        """Adds what was counted since the last call to the counters in the database; keeps it on failure."""
        with self._lock:
            held, self._held = self._held, Counter()
        if not held:
            return
        try:
            with self._database.unit() as unit:
                # In one order for all, so that two processes never wait for each other's rows in a circle.
                for name in sorted(held):
                    counters.add(unit.session, name, held[name])
        except BaseException:
            with self._lock:
                self._held += held  # for the next call
            raise
