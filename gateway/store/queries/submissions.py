"""Submitted labels. Rows are added and read; the greatest number of a task is the one that counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, and_, col, select

from gateway.labels.coco import from_text, to_text
from gateway.store.label_tables import LabelSubmission, LabelTask
from gateway.store.queries import copies
from gateway.store.records import SubmissionRecord


def add(session: Session, record: SubmissionRecord, *, seconds: int | None = None) -> None:
    """seconds: how long it took, where that is known."""
    session.add(
        LabelSubmission(
            id=record.id,
            task_id=record.task_id,
            number=record.number,
            dataset_id=record.dataset_id,
            asset_id=record.asset_id,
            copy_id=record.copy_id,
            person_id=record.person_id,
            width=record.width,
            height=record.height,
            frames=record.frames,
            count=len(record.labels),
            labels=to_text(record.labels),
            submitted_at=record.submitted_at,
            seconds=seconds,
        )
    )
    session.flush()


def last_of(session: Session, person_id: str) -> datetime | None:
    """When this person last submitted anything."""
    query = select(LabelSubmission.submitted_at).where(LabelSubmission.person_id == person_id)
    return session.exec(query.order_by(col(LabelSubmission.submitted_at).desc()).limit(1)).first()


def newest(session: Session, task_id: str) -> SubmissionRecord | None:
    query = select(LabelSubmission).where(LabelSubmission.task_id == task_id)
    row = session.exec(query.order_by(col(LabelSubmission.number).desc()).limit(1)).first()
    return None if row is None else _record(row)


def newest_ids(session: Session, dataset_id: str) -> tuple[list[str], int]:
    """The ids of the submissions that count in a dataset, of images that are released now, and how many
    there are of others. They never change: so an export that reads them page by page, and twice, reads one
    state."""
    last = and_(
        col(LabelTask.id) == col(LabelSubmission.task_id), LabelTask.submissions == LabelSubmission.number
    )
    released = col(LabelSubmission.asset_id).in_(copies.released_assets(dataset_id))
    query = select(LabelSubmission.id, released).join(LabelTask, last)
    query = query.where(LabelSubmission.dataset_id == dataset_id).order_by(col(LabelSubmission.id))
    rows = session.exec(query).all()
    found = [number for number, is_released in rows if is_released]
    return found, len(rows) - len(found)


def by_ids(session: Session, ids: Sequence[str]) -> list[SubmissionRecord]:
    """Ordered by id."""
    query = select(LabelSubmission).where(col(LabelSubmission.id).in_(ids))
    return [_record(row) for row in session.exec(query.order_by(col(LabelSubmission.id)))]


def _record(row: LabelSubmission) -> SubmissionRecord:
    return SubmissionRecord(
        id=row.id,
        task_id=row.task_id,
        number=row.number,
        dataset_id=row.dataset_id,
        asset_id=row.asset_id,
        copy_id=row.copy_id,
        person_id=row.person_id,
        width=row.width,
        height=row.height,
        frames=row.frames,
        labels=from_text(row.labels),
        submitted_at=row.submitted_at,
    )
