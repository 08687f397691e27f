"""Opening a review: part of the transaction in which an asset comes to need one."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.services.ids import new_id
from gateway.store.database import Unit
from gateway.store.queries import reviews
from gateway.store.records import CopyRecord, ReviewRecord
from policies.release import risk_of
from policies.review import ReviewState


def open_review(unit: Unit, copy: CopyRecord, reasons: Sequence[str], *, reviewers: int, actor: str) -> None:
    """One round for each reviewer that the policy wants: they may look at the same time.

    Reviews of older copies of the image end here.
    """
    reviews.close_older(unit.session, copy.asset_id, copy.id)
    for number in range(1, reviewers + 1):
        open_round(unit, copy, reasons, number=number, actor=actor)


def open_round(unit: Unit, copy: CopyRecord, reasons: Sequence[str], *, number: int, actor: str) -> None:
    """One round, in the queue from now on. Raises IntegrityError where the copy has this round."""
    record = ReviewRecord(
        id=new_id("review"),
        asset_id=copy.asset_id,
        dataset_id=copy.dataset_id,
        copy_id=copy.id,
        round=number,
        state=ReviewState.OPEN,
        risk=risk_of(reasons),
        reasons=tuple(reasons),
        attempts=0,
        assigned_to=None,
        assigned_at=None,
        assigned_until=None,
        created_at=copy.created_at,
        decided_at=None,
    )
    reviews.add(unit.session, record)
    unit.ledger.record(
        actor=actor,
        action="review.opened",
        subject=record.id,
        asset=copy.asset_id,
        copy=copy.id,
        round=number,
        risk=record.risk,
    )
