"""What a worker does while the vault does not answer: it waits, and looks again, ever less often.

An outage says nothing of an image. What a job had begun is as if it had not been (see `anonymize`). The job
keeps its place here until the store answers, so that the queue waits as well, instead of failing one by one.
Where every store answers and only this object cannot be had, the job is put off in the queue; others go on.

Since when it lasts stands in the database: a worker that is started anew goes on with the pause that was
reached.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.errors import VaultUnavailable
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import outages

KEYS: Final = "keys"
"""The part that is a keyring; all others are stores of blobs."""

PARTS: Final = ("originals", "copies", KEYS)

GLANCE_SECONDS: Final = 0.2
"""How often a waiting job asks whether the wait is over; it costs no more than that."""

Probe = Callable[[], None]
"""Raises VaultUnavailable where a part does not answer."""

log = logging.getLogger("privgate.outage")


@dataclass(frozen=True, slots=True)
class Pauses:
    """first, most: between two looks, in seconds. A pause is as long as the outage has been by then, so that
    each is about twice the one before.
    """

    first: float = 5.0
    most: float = 300.0

    def after(self, lasted: timedelta) -> timedelta:
        return timedelta(seconds=min(max(self.first, lasted.total_seconds()), self.most))

    def of_turn(self, turn: int) -> float:
        """Of one job that was put off `turn` times before, in seconds."""
        return float(min(self.first * 2 ** min(turn, 16), self.most))


class Outage:
    """One worker's view, for any thread of it. probes: by the name of the part. pauses: see there."""

    def __init__(
        self, database: Database, probes: Mapping[str, Probe], clock: Clock, *, pauses: Pauses | None = None
    ) -> None:
        self._database = database
        self._probes = dict(probes)
        self._clock = clock
        self.pauses = pauses or Pauses()
        self._lock = threading.Lock()
        self._due: dict[str, datetime] = {}
        self._away: frozenset[str] = frozenset()

    def noted(self, exc: VaultUnavailable) -> bool:
        """Whether a part is away as a whole, after a job met this; then it is in the database since when.

        Raises what the database raises.
        """
        parts = [part for part in self._probes if (part == KEYS) == exc.keys]
        with self._lock:
            away = [self._looked_at(part) for part in parts]
        return True in away

    def look(self) -> None:
        """Tries what is away, when it is due. Any worker does, so that no outage outlives its store's return.

        Raises what the database raises.
        """
        with self._database.reading() as session:
            known = outages.all_of(session)
        with self._lock:
            for part in (known.keys() | self._away) & self._probes.keys():
                if self._due.get(part, self._clock()) <= self._clock():
                    self._looked_at(part)

    def sit_out(self, stopping: threading.Event) -> bool:
        """Returns when no part is away that was for this worker; False when it stops before that."""
        while self._away:
            if stopping.wait(GLANCE_SECONDS):
                return False
        return True

    def _looked_at(self, part: str) -> bool:
        """Whether it is away; the database is told either way."""
        try:
            self._probes[part]()
        except VaultUnavailable:
            now = self._clock()
            with self._database.unit() as unit:
                since = outages.begin(unit.session, part, now=now)
            pause = self.pauses.after(now - since)
            self._due[part], self._away = now + pause, self._away | {part}
            log.error(
                "%s cannot be reached: jobs wait, the next look is in %d s", part, pause.total_seconds()
            )
            return True
        with self._database.unit() as unit:
            ended = outages.end(unit.session, part)
        if ended:
            log.warning("%s can be reached again: jobs go on", part)
        self._due.pop(part, None)
        self._away -= {part}
        return False
