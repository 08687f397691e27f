"""Proofs of copies: asked for, begun, finished once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, literal, tuple_
from sqlmodel import Session, col, select

from gateway.errors import NotFound
from gateway.store.columns import UtcTime
from gateway.store.proof_records import ProofOutcome, ProofRecord
from gateway.store.proof_tables import CopyProof
from gateway.store.tables import Copy

COUNTER: Final = "proof."
"""Before the outcome: how many proofs came to it."""

UNPROVABLE: Final = ("prove.copy", "prove.version")
"""Reasons of a proof whose copy other libraries wrote, or another release made: not to be had again."""


def add(session: Session, record: ProofRecord) -> None:
    """Raises sqlalchemy's IntegrityError where another proof of this copy is not finished."""
    session.add(
        CopyProof(
            id=record.id,
            asset_id=record.asset_id,
            copy_id=record.copy_id,
            dataset_id=record.dataset_id,
            asked_by=record.asked_by,
            created_at=record.created_at,
        )
    )
    session.flush()


def get(session: Session, proof_id: str) -> ProofRecord:
    """Raises NotFound."""
    return _record(_row(session, proof_id))


def open_for(session: Session, copy_id: str) -> ProofRecord | None:
    """The copy's proof that is not finished, if there is one."""
    query = select(CopyProof).where(CopyProof.copy_id == copy_id, col(CopyProof.finished_at).is_(None))
    row = session.exec(query).first()
    return None if row is None else _record(row)


def of_asset(session: Session, asset_id: str, *, after: str = "", limit: int) -> list[ProofRecord]:
    """An asset's, the newest first, beginning behind the proof `after`; raises NotFound if it is none."""
    return _page(session, col(CopyProof.asset_id) == asset_id, after, limit)


def of_dataset(session: Session, dataset_id: str, *, after: str = "", limit: int) -> list[ProofRecord]:
    """The same of a dataset."""
    return _page(session, col(CopyProof.dataset_id) == dataset_id, after, limit)


def _page(session: Session, among: ColumnElement[bool], after: str, limit: int) -> list[ProofRecord]:
    here = tuple_(col(CopyProof.created_at), col(CopyProof.id))
    query = select(CopyProof).where(among)
    if after:
        last = _row(session, after)
        # Without its kind the time would be one with a zone, which PostgreSQL compares by the session's own.
        query = query.where(here < tuple_(literal(last.created_at, UtcTime()), last.id))
    ordered = query.order_by(col(CopyProof.created_at).desc(), col(CopyProof.id).desc()).limit(limit)
    return [_record(row) for row in session.exec(ordered)]


def unfinished(session: Session, *, begun_before: datetime, limit: int) -> list[ProofRecord]:
    """Those that nobody has begun, or whose job seems lost, the oldest first."""
    waits = col(CopyProof.begun_at).is_(None) | (col(CopyProof.begun_at) < begun_before)
    query = select(CopyProof).where(col(CopyProof.finished_at).is_(None), waits)
    return [_record(row) for row in session.exec(query.order_by(col(CopyProof.created_at)).limit(limit))]


def begin(session: Session, proof_id: str, *, now: datetime) -> ProofRecord:
    """Counts the attempt. Raises NotFound."""
    row = _row(session, proof_id, lock=True)
    if row.finished_at is None:
        row.attempts, row.begun_at = row.attempts + 1, now
        session.add(row)
        session.flush()
    return _record(row)


def uncount(session: Session, proof_id: str) -> None:
    """The last attempt came to nothing for no fault of the images'. Raises NotFound."""
    row = _row(session, proof_id, lock=True)
    row.attempts = max(0, row.attempts - 1)
    session.add(row)
    session.flush()


def unprovable() -> ColumnElement[bool]:
    """Whether a proof has found that a copy cannot be made again, for a query of copies."""
    # Few copies ever are: their ids are gathered once, not asked for with each copy of a dataset.
    return col(Copy.id).in_(select(CopyProof.copy_id).where(col(CopyProof.reason).in_(UNPROVABLE)))


def is_unprovable(session: Session, copy_id: str) -> bool:
    """The same of one copy."""
    query = select(CopyProof.id).where(CopyProof.copy_id == copy_id, col(CopyProof.reason).in_(UNPROVABLE))
    return session.exec(query).first() is not None


def finish(
    session: Session,
    proof_id: str,
    outcome: ProofOutcome,
    *,
    now: datetime,
    reason: str | None = None,
    detail: Mapping[str, Any] | None = None,
    certificate: str | None = None,
) -> bool:
    """False when it was finished before: then this is not kept."""
    row = _row(session, proof_id, lock=True)
    if row.finished_at is not None:
        return False
    row.finished_at, row.outcome, row.reason = now, outcome.value, reason
    row.detail = None if detail is None else dict(detail)
    row.certificate = certificate
    session.add(row)
    session.flush()
    return True


def _row(session: Session, proof_id: str, *, lock: bool = False) -> CopyProof:
    row = session.get(CopyProof, proof_id, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound(f"proof {proof_id} does not exist")
    return row


def _record(row: CopyProof) -> ProofRecord:
    return ProofRecord(
        id=row.id,
        asset_id=row.asset_id,
        copy_id=row.copy_id,
        dataset_id=row.dataset_id,
        asked_by=row.asked_by,
        created_at=row.created_at,
        attempts=row.attempts,
        begun_at=row.begun_at,
        finished_at=row.finished_at,
        outcome=None if row.outcome is None else ProofOutcome(row.outcome),
        reason=row.reason,
        detail=row.detail,
        certificate=row.certificate,
    )
