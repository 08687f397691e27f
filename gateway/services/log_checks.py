"""'Verify now': the whole log verified beside the server, one run at a time, the result kept and on the log.

What a crash means: between (1) and (4) the run has no verdict; whoever asks next finds that it gave no sign
of life for STALE_AFTER, calls it failed and begins another. A verdict that was reached is stored and on the
log in one transaction.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import IntegrityError

from audit.note import CheckpointVerifier
from gateway.errors import Conflict
from gateway.services.authorize import authorize
from gateway.services.ids import new_id
from gateway.services.ports import Clock
from gateway.store.database import Database, Unit
from gateway.store.queries import log, log_checks
from gateway.store.queries.log_checks import CheckRecord
from policies.access import INSTALLATION, Action, Principal

STALE_AFTER: Final = timedelta(seconds=120)
"""The process tells twice a second; a machine may be busy, but not for minutes."""

PROCESS: Final = (sys.executable, "-P", "-m", "gateway.services.log_check_process")

_said = logging.getLogger("privgate.log_checks")


class LogChecks:
    """key: the log's public key. outside: the file of checkpoints, or None."""

    def __init__(
        self, database: Database, key: CheckpointVerifier, outside: Path | None, clock: Clock
    ) -> None:
        self._database = database
        self._order = {
            "database": database.url.render_as_string(hide_password=False),
            "key": key.to_text(),
            "outside": None if outside is None else str(outside),
        }
        self._clock = clock
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def start(self, principal: Principal) -> CheckRecord:
        """The run that was begun; or the one that runs already. Raises AccessDenied, LedgerUnavailable."""
        authorize(self._database, principal, Action.AUDIT_VERIFY, INSTALLATION, now=self._clock())
        with self._lock:
            try:
                record, is_new = self._begin(principal)
            except IntegrityError as exc:  # another server began one in the same moment
                raise Conflict("another verification has just begun; look at that one") from exc
            if is_new:
                # (2) The process. Where it cannot be started, the run says so.
                self._thread = threading.Thread(target=self._follow, args=(record,), daemon=True)
                self._thread.start()
        return record

    def read(self, principal: Principal, check_id: str) -> CheckRecord:
        """Raises AccessDenied, NotFound."""
        authorize(self._database, principal, Action.AUDIT_READ, INSTALLATION, now=self._clock())
        with self._database.reading() as session:
            return log_checks.get(session, check_id)

    def newest(self, principal: Principal, *, limit: int = 1) -> list[CheckRecord]:
        """The last ones with a verdict; before them the one that runs, if one does. Raises AccessDenied."""
        authorize(self._database, principal, Action.AUDIT_READ, INSTALLATION, now=self._clock())
        with self._database.reading() as session:
            now = log_checks.running(session)
            alive = [] if now is None or self._is_stale(now) else [now]
            return alive + log_checks.newest(session, limit=limit)

    def close(self) -> None:
        """Ends a run of this process, even one that is only being started; it is then called failed."""
        with self._lock:
            self._closed = True
            if self._process is not None and self._process.poll() is None:
                self._process.terminate()
            thread = self._thread
        if thread is not None:
            thread.join(timeout=10)

    def _begin(self, principal: Principal) -> tuple[CheckRecord, bool]:
        # (1) The run and the entry that says who asked for it.
        with self._database.unit() as unit:
            running = log_checks.running(unit.session)
            if running is not None and not self._is_stale(running):
                return running, False
            if running is not None:
                self._give_up(unit, running, "interrupted")
            last = log.last_checkpoint(unit.session)
            record = log_checks.begin(
                unit.session,
                check_id=new_id("check"),
                person_id=principal.id,
                due=0 if last is None else last.size,
                now=self._clock(),
            )
            unit.ledger.record(
                actor=principal.id, action=Action.AUDIT_VERIFY.value, subject=INSTALLATION.id, check=record.id
            )
            return record, True

    def _is_stale(self, record: CheckRecord) -> bool:
        return self._clock() - record.seen_at > STALE_AFTER

    def _follow(self, record: CheckRecord) -> None:
        """In a thread: what the process says, until it ends."""
        try:
            told = self._run(record)
            if told is None:
                self._fail(record, "process_ended")
            else:
                self._keep(record, told)
        except Exception as exc:  # the thread is nobody's: what went wrong is told, and the run is over
            _said.warning("verification %s: %s", record.id, type(exc).__name__)
            self._fail(record, "error")

    def _run(self, record: CheckRecord) -> dict[str, Any] | None:
        """What the process found; None where it ended without a word of that."""
        told: dict[str, Any] | None = None
        with subprocess.Popen(
            PROCESS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        ) as process:
            with self._lock:
                self._process = process
                if self._closed:
                    process.terminate()
            assert process.stdin is not None  # noqa: S101  (a pipe)
            assert process.stdout is not None  # noqa: S101  (a pipe)
            # Not in its arguments, which every process of the machine may read: the URL may hold a password.
            with suppress(BrokenPipeError):  # it has ended already; that it said nothing tells the rest
                process.stdin.write(json.dumps(self._order) + "\n")
                process.stdin.close()
            # (3) How far it is.
            for line in process.stdout:
                said = json.loads(line)
                if "report" in said:
                    told = said
                else:
                    self._progress(record, int(said["done"]))
        return told

    def _progress(self, record: CheckRecord, done: int) -> None:
        with self._database.unit() as unit:
            log_checks.progress(unit.session, record.id, done=done, now=self._clock())

    def _keep(self, record: CheckRecord, told: dict[str, Any]) -> None:
        # (4) The verdict, and the entry that says so.
        report = told["report"]
        kept = {**report, **{name: told[name] for name in ("seconds", "listed", "peak_bytes")}}
        with self._database.unit() as unit:
            done = log_checks.finish(
                unit.session, record.id, verdict=report["verdict"], report=kept, now=self._clock()
            )
            if done:
                unit.ledger.record(
                    actor=record.asked_by,
                    action="audit.verified",
                    subject=INSTALLATION.id,
                    check=record.id,
                    verdict=report["verdict"],
                    covered=report["covered"],
                    root=report["root"] or "none",
                    failures=report["failures"],
                )

    def _fail(self, record: CheckRecord, reason: str) -> None:
        with self._database.unit() as unit:
            self._give_up(unit, record, reason)

    def _give_up(self, unit: Unit, record: CheckRecord, reason: str) -> None:
        done = log_checks.finish(
            unit.session, record.id, verdict=None, report={"reason": reason}, now=self._clock()
        )
        if done:
            unit.ledger.record(
                actor=record.asked_by,
                action="audit.verification_failed",
                subject=INSTALLATION.id,
                check=record.id,
                reason=reason,
            )
