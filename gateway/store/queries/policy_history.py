"""Which policy versions a dataset was under, in order, and the requests to go back to one of them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from gateway.errors import Conflict, NotFound
from gateway.store.policy_records import RollbackRecord, RollbackState, UnderRecord
from gateway.store.policy_tables import DatasetPolicy, PolicyRollback


def note(
    session: Session,
    dataset_id: str,
    version: str,
    *,
    since: datetime,
    policy_id: str | None = None,
    put_by: str | None = None,
    rollback_id: str | None = None,
) -> None:
    """The dataset is under this version from now on. The dataset's row is held by whoever calls."""
    last = select(func.max(DatasetPolicy.number)).where(DatasetPolicy.dataset_id == dataset_id)
    row = DatasetPolicy(
        dataset_id=dataset_id,
        number=(session.exec(last).one() or 0) + 1,
        version=version,
        policy_id=policy_id,
        since=since,
        put_by=put_by,
        rollback_id=rollback_id,
    )
    session.add(row)
    session.flush()


def of(session: Session, dataset_id: str) -> list[UnderRecord]:
    """The newest first. Empty for a dataset under one version only, since before this was kept."""
    query = select(DatasetPolicy).where(DatasetPolicy.dataset_id == dataset_id)
    rows = session.exec(query.order_by(col(DatasetPolicy.number).desc()))
    return [
        UnderRecord(
            row.dataset_id,
            row.number,
            row.version,
            row.policy_id,
            row.since,
            row.put_by,
            row.rollback_id,
        )
        for row in rows
    ]


def was_under(session: Session, dataset_id: str, version: str) -> bool:
    query = select(DatasetPolicy.number).where(
        DatasetPolicy.dataset_id == dataset_id, DatasetPolicy.version == version
    )
    return session.exec(query).first() is not None


def ask(session: Session, record: RollbackRecord) -> None:
    """Raises Conflict when one is waiting for this dataset."""
    session.add(PolicyRollback(**{**asdict(record), "state": record.state.value}))
    try:
        session.flush()
    except IntegrityError as exc:
        raise Conflict("a roll back of this dataset waits already; have it decided first") from exc


def rollback(session: Session, rollback_id: str) -> RollbackRecord:
    """Raises NotFound."""
    return _record(_row(session, rollback_id))


def waiting(session: Session, *, dataset_id: str | None = None) -> list[RollbackRecord]:
    """Those that nobody has decided on, the oldest first."""
    query = select(PolicyRollback).where(PolicyRollback.state == RollbackState.ASKED.value)
    if dataset_id is not None:
        query = query.where(PolicyRollback.dataset_id == dataset_id)
    return [_record(row) for row in session.exec(query.order_by(col(PolicyRollback.asked_at)))]


def rollbacks(session: Session, dataset_id: str, *, limit: int) -> list[RollbackRecord]:
    """All that were asked for, decided on or not, the newest first."""
    query = (
        select(PolicyRollback)
        .where(PolicyRollback.dataset_id == dataset_id)
        .order_by(col(PolicyRollback.asked_at).desc(), col(PolicyRollback.id).desc())
        .limit(limit)
    )
    return [_record(row) for row in session.exec(query)]


def end(
    session: Session, rollback_id: str, state: RollbackState, *, by: str, now: datetime
) -> RollbackRecord:
    """Raises NotFound, or Conflict when it was decided on before."""
    row = _row(session, rollback_id, lock=True)
    if row.state != RollbackState.ASKED.value:
        raise Conflict(f"roll back {rollback_id} is {row.state} already; nothing was changed")
    row.state, row.decided_by, row.decided_at = state.value, by, now
    session.add(row)
    session.flush()
    return _record(row)


def _row(session: Session, rollback_id: str, *, lock: bool = False) -> PolicyRollback:
    row = session.get(PolicyRollback, rollback_id, with_for_update=lock)
    if row is None:
        raise NotFound(f"roll back {rollback_id} does not exist")
    return row


def _record(row: PolicyRollback) -> RollbackRecord:
    return RollbackRecord(
        id=row.id,
        dataset_id=row.dataset_id,
        policy_id=row.policy_id,
        version=row.version,
        leaves=row.leaves,
        reason=row.reason,
        state=RollbackState(row.state),
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
