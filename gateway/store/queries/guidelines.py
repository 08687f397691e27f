"""Guidelines: versions are added and read, never changed."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func
from sqlmodel import Session, and_, col, select

from gateway.errors import NotFound
from gateway.store.label_tables import Guideline
from gateway.store.records import GuidelineRecord


def newest(session: Session, dataset_id: str) -> GuidelineRecord | None:
    query = select(Guideline).where(Guideline.dataset_id == dataset_id)
    row = session.exec(query.order_by(col(Guideline.version).desc()).limit(1)).first()
    return None if row is None else _record(row)


def get(session: Session, dataset_id: str, version: int) -> GuidelineRecord:
    """Raises NotFound."""
    row = session.get(Guideline, (dataset_id, version))
    if row is None:
        raise NotFound(f"the guidelines of dataset {dataset_id} have no version {version}")
    return _record(row)


def versions(session: Session, dataset_id: str, *, before: int | None, limit: int) -> list[GuidelineRecord]:
    """The newest first, from below `before` on."""
    query = select(Guideline).where(Guideline.dataset_id == dataset_id)
    if before is not None:
        query = query.where(Guideline.version < before)
    return [_record(row) for row in session.exec(query.order_by(col(Guideline.version).desc()).limit(limit))]


def numbers(session: Session, dataset_ids: Collection[str]) -> dict[str, int]:
    """The newest version of each dataset that has one."""
    query = select(Guideline.dataset_id, func.max(Guideline.version))
    query = query.where(and_(col(Guideline.dataset_id).in_(dataset_ids))).group_by(col(Guideline.dataset_id))
    return dict(session.exec(query).all())


def add(session: Session, record: GuidelineRecord) -> None:
    """Raises sqlalchemy's IntegrityError when this version is there: another was faster."""
    session.add(
        Guideline(
            dataset_id=record.dataset_id,
            version=record.version,
            author_id=record.author_id,
            text=record.text,
            written_at=record.written_at,
        )
    )
    session.flush()


def _record(row: Guideline) -> GuidelineRecord:
    return GuidelineRecord(row.dataset_id, row.version, row.author_id, row.text, row.written_at)
