"""Previews: what a policy would do to the newest originals of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from gateway.errors import NotFound
from gateway.store.records import PreviewRecord
from gateway.store.tables import PolicyPreview


def add(session: Session, record: PreviewRecord) -> None:
    session.add(
        PolicyPreview(
            id=record.id,
            policy_id=record.policy_id,
            version=record.version,
            dataset_id=record.dataset_id,
            asked_by=record.asked_by,
            last=record.last,
            created_at=record.created_at,
        )
    )
    session.flush()


def get(session: Session, preview_id: str) -> PreviewRecord:
    """Raises NotFound."""
    return _record(_row(session, preview_id))


def unfinished(session: Session, *, begun_before: datetime, limit: int) -> list[PreviewRecord]:
    """Those that nobody has begun, or whose job seems lost, the oldest first."""
    waits = col(PolicyPreview.begun_at).is_(None) | (col(PolicyPreview.begun_at) < begun_before)
    query = select(PolicyPreview).where(col(PolicyPreview.finished_at).is_(None), waits)
    return [_record(row) for row in session.exec(query.order_by(col(PolicyPreview.created_at)).limit(limit))]


def was_seen(session: Session, *, dataset_id: str, version: str) -> bool:
    """True when a preview of this version on this dataset came to its end."""
    query = select(PolicyPreview.id).where(
        PolicyPreview.dataset_id == dataset_id,
        PolicyPreview.version == version,
        col(PolicyPreview.result).is_not(None),
    )
    return session.exec(query).first() is not None


def latest(session: Session, version: str, *, limit: int) -> list[PreviewRecord]:
    """This version's, on any dataset, the newest first."""
    query = select(PolicyPreview).where(PolicyPreview.version == version)
    ordered = query.order_by(col(PolicyPreview.created_at).desc(), col(PolicyPreview.id)).limit(limit)
    return [_record(row) for row in session.exec(ordered)]


def look(session: Session, preview_id: str, number: int) -> None:
    """So many images were looked at by now."""
    row = _row(session, preview_id)
    if row.finished_at is None:
        row.looked_at = number
        session.add(row)
        session.flush()


def begin(session: Session, preview_id: str, *, now: datetime) -> PreviewRecord:
    """Counts the attempt. Raises NotFound."""
    row = _row(session, preview_id, lock=True)
    if row.finished_at is None:
        row.attempts, row.begun_at = row.attempts + 1, now
        session.add(row)
        session.flush()
    return _record(row)


def uncount(session: Session, preview_id: str) -> None:
    """The last attempt came to nothing for no fault of the images'. Raises NotFound."""
    row = _row(session, preview_id, lock=True)
    row.attempts = max(0, row.attempts - 1)
    session.add(row)
    session.flush()


def finish(
    session: Session,
    preview_id: str,
    *,
    now: datetime,
    result: Mapping[str, Any] | None = None,
    failure: str | None = None,
) -> bool:
    """False when it was finished before: then this is not kept."""
    row = _row(session, preview_id, lock=True)
    if row.finished_at is not None:
        return False
    row.finished_at, row.failure = now, failure
    row.result = None if result is None else dict(result)
    session.add(row)
    session.flush()
    return True


def _row(session: Session, preview_id: str, *, lock: bool = False) -> PolicyPreview:
    row = session.get(PolicyPreview, preview_id, with_for_update=lock)
    if row is None:
        raise NotFound(f"preview {preview_id} does not exist")
    return row


def _record(row: PolicyPreview) -> PreviewRecord:
    return PreviewRecord(
        id=row.id,
        policy_id=row.policy_id,
        version=row.version,
        dataset_id=row.dataset_id,
        asked_by=row.asked_by,
        last=row.last,
        attempts=row.attempts,
        created_at=row.created_at,
        begun_at=row.begun_at,
        finished_at=row.finished_at,
        failure=row.failure,
        result=row.result,
        looked_at=row.looked_at,
    )
