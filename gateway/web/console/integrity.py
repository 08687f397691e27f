"""The foot of the rail: is the log signed, are the keys here, do workers detect?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import Request

from audit.report import Verdict
from gateway.services.jobs import DEAD_AFTER
from gateway.services.ports import Clock
from gateway.services.readiness import Readiness
from gateway.store.database import Database
from gateway.store.queries import log_checks, vitals

KEEP_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Integrity:
    """log_at: when the newest checkpoint was signed; log_ok: no entry has waited too long for one.

    verified_at: when the whole log was last verified from here; whole: what that found. None: it never was.

    vault: this server's keys and blobs answer. detectors: a worker is alive.
    """

    log_at: datetime | None
    log_ok: bool
    verified_at: datetime | None
    whole: bool
    vault: bool
    detectors: bool


class IntegrityWatch:
    """Reads it at most every few seconds, however many pages are shown."""

    def __init__(
        self,
        database: Database,
        readiness: Readiness,
        clock: Clock,
        *,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._readiness = readiness
        self._clock = clock
        self._ticks = ticks
        self._lock = threading.Lock()
        self._kept: tuple[float, Integrity] | None = None

    def now(self) -> Integrity:
        with self._lock:
            if self._kept is None or self._ticks() - self._kept[0] >= KEEP_SECONDS:
                self._kept = (self._ticks(), self._read())
            return self._kept[1]

    def _read(self) -> Integrity:
        failing = {unready.part for unready in self._readiness.failing()}
        with self._database.reading() as session:
            signed = vitals.checkpoint_at(session)
            checked = next(iter(log_checks.newest(session, limit=1)), None)
            alive = [seen for seen in vitals.heartbeats(session) if self._clock() - seen < DEAD_AFTER]
        return Integrity(
            log_at=signed,
            log_ok="sequencer" not in failing,
            verified_at=None if checked is None else checked.finished_at,
            whole=checked is None or checked.verdict == Verdict.VERIFIED.value,
            vault=not any(part.startswith(("keys.", "blobs.")) for part in failing),
            detectors=bool(alive),
        )


def integrity_of(request: Request) -> Integrity:
    watch: IntegrityWatch = request.app.state.integrity
    return watch.now()
