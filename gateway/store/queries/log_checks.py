"""Verifications of the whole log: the one that runs, and what the others found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session, col, select, update

from gateway.errors import NotFound
from gateway.store.log_tables import LogCheck

RUNNING: Final = "running"
FINISHED: Final = "finished"
FAILED: Final = "failed"
"""The run came to no verdict: it was interrupted, or could not read the log."""


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """done of due: entries read so far. verdict, report: of `audit.report`, once it is finished."""

    id: str
    state: str
    asked_by: str
    begun_at: datetime
    seen_at: datetime
    finished_at: datetime | None
    done: int
    due: int
    verdict: str | None
    report: dict[str, Any] | None


def begin(session: Session, *, check_id: str, person_id: str, due: int, now: datetime) -> CheckRecord:
    """Raises sqlalchemy's IntegrityError where one runs."""
    row = LogCheck(id=check_id, state=RUNNING, asked_by=person_id, begun_at=now, seen_at=now, due=due)
    session.add(row)
    session.flush()
    return _record(row)


def running(session: Session) -> CheckRecord | None:
    row = session.exec(select(LogCheck).where(LogCheck.state == RUNNING)).first()
    return None if row is None else _record(row)


def get(session: Session, check_id: str) -> CheckRecord:
    """Raises NotFound."""
    row = session.get(LogCheck, check_id)
    if row is None:
        raise NotFound(f"there is no verification {check_id}")
    return _record(row)


def newest(session: Session, *, limit: int) -> list[CheckRecord]:
    """The last ones that came to a verdict, the newest first."""
    query = select(LogCheck).where(LogCheck.state == FINISHED).order_by(col(LogCheck.begun_at).desc())
    return [_record(row) for row in session.exec(query.limit(limit))]


def progress(session: Session, check_id: str, *, done: int, now: datetime) -> None:
    session.exec(
        update(LogCheck)
        .where(col(LogCheck.id) == check_id, col(LogCheck.state) == RUNNING)
        .values(done=done, seen_at=now)
    )


def finish(
    session: Session, check_id: str, *, verdict: str | None, report: dict[str, Any], now: datetime
) -> bool:
    """verdict: None for a run that came to none. False where it was given up meanwhile."""
    row = session.get(LogCheck, check_id, with_for_update=True)
    if row is None or row.state != RUNNING:
        return False
    row.state = FAILED if verdict is None else FINISHED
    row.verdict, row.report, row.finished_at, row.seen_at = verdict, report, now, now
    session.add(row)
    session.flush()
    return True


def _record(row: LogCheck) -> CheckRecord:
    return CheckRecord(
        id=row.id,
        state=row.state,
        asked_by=row.asked_by,
        begun_at=row.begun_at,
        seen_at=row.seen_at,
        finished_at=row.finished_at,
        done=row.done,
        due=row.due,
        verdict=row.verdict,
        report=row.report,
    )
