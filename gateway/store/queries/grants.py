"""Grants: who may see a dataset's copies, for what, until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, func, select

from gateway.errors import Conflict, NotFound
from gateway.store.records import GrantRecord
from gateway.store.tables import Grant


def add(session: Session, record: GrantRecord, *, created_by: str) -> None:
    session.add(
        Grant(
            id=record.id,
            person_id=record.person_id,
            dataset_id=record.dataset_id,
            purpose=record.purpose,
            until=record.until,
            created_by=created_by,
            created_at=record.created_at,
        )
    )
    session.flush()


def best_for(session: Session, *, person_id: str, dataset_id: str, hold: bool = False) -> GrantRecord | None:
    """The grant that speaks most for this person: one not revoked before a revoked one, then the longest.

    hold: nobody can revoke it until this transaction ends.
    """
    query = (
        select(Grant)
        .where(Grant.person_id == person_id, Grant.dataset_id == dataset_id)
        .order_by(col(Grant.revoked_at).is_not(None), col(Grant.until).desc())
        .limit(1)
    )
    if hold:
        query = query.with_for_update(read=True)
    row = session.exec(query).first()
    return None if row is None else _record(row)


def is_revoked(session: Session, grant_id: str) -> bool:
    """Where it is not, nobody can revoke it until this transaction ends."""
    row = session.get(Grant, grant_id, populate_existing=True, with_for_update={"read": True})
    return row is None or row.revoked_at is not None


def revoke(session: Session, grant_id: str, *, now: datetime) -> GrantRecord:
    """Raises NotFound, or Conflict when it was revoked before."""
    row = session.get(Grant, grant_id, with_for_update=True)
    if row is None:
        raise NotFound(f"grant {grant_id} does not exist")
    if row.revoked_at is not None:
        raise Conflict(f"grant {grant_id} was revoked before")
    row.revoked_at = now
    session.add(row)
    session.flush()
    return _record(row)


def extend(session: Session, grant_id: str, until: datetime) -> GrantRecord:
    """Raises NotFound, or Conflict when it was revoked."""
    row = session.get(Grant, grant_id, with_for_update=True)
    if row is None:
        raise NotFound(f"grant {grant_id} does not exist")
    if row.revoked_at is not None:
        raise Conflict(f"grant {grant_id} was revoked; give another one. Nothing was changed")
    row.until = until
    session.add(row)
    session.flush()
    return _record(row)


def of(session: Session, *, person_id: str | None = None) -> list[GrantRecord]:
    """All grants, or one person's, the newest first."""
    query = select(Grant).order_by(col(Grant.created_at).desc(), col(Grant.id))
    if person_id is not None:
        query = query.where(Grant.person_id == person_id)
    return [_record(row) for row in session.exec(query)]


def working(session: Session, person_id: str, *, now: datetime) -> Sequence[str]:
    """Ids of those that are neither revoked nor over, in one order for all who hold several."""
    query = select(Grant.id).where(
        Grant.person_id == person_id, col(Grant.revoked_at).is_(None), col(Grant.until) > now
    )
    return session.exec(query.order_by(col(Grant.id))).all()


def open_at(session: Session, now: datetime) -> tuple[int, datetime | None]:
    """How many grants hold at a time, and when the first of them ends."""
    query = select(func.count(), func.min(Grant.until)).where(
        col(Grant.revoked_at).is_(None), col(Grant.until) > now
    )
    number, first = session.exec(query).one()
    return number, first


def _record(row: Grant) -> GrantRecord:
    return GrantRecord(
        id=row.id,
        person_id=row.person_id,
        dataset_id=row.dataset_id,
        purpose=row.purpose,
        until=row.until,
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )
