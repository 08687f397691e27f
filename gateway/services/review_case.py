"""One review, looked at by one person in one transaction: who may do what is decided there, and recorded.

The asset is held from before the decision to the commit: two who act at once act one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from gateway.errors import AccessDenied, Conflict
from gateway.services.authorize import record_denial
from gateway.store.database import Database, Unit
from gateway.store.queries import assets, copies, reviews
from gateway.store.records import AssetRecord, CopyRecord, ReviewRecord
from policies.access import Action, Assignment, Denied, Principal, Resource, decide
from policies.lifecycle import AssetState
from policies.review import ReviewState

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Case:
    """What an allowed act has to do with."""

    unit: Unit
    review: ReviewRecord
    asset: AssetRecord
    now: datetime

    def copy(self) -> CopyRecord:
        """The copy under review. Raises Conflict when it is no longer the one to be decided on."""
        copy = copies.newest_of(self.unit.session, self.asset.id)
        if self.asset.state is not AssetState.NEEDS_REVIEW or copy is None or copy.id != self.review.copy_id:
            raise Conflict(f"review {self.review.id} is over: its image waits for no decision")
        return copy


def act(
    database: Database,
    principal: Principal,
    action: Action,
    review_id: str,
    do: Callable[[Case], Result],
    *,
    now: datetime,
) -> Result:
    """`do`, in one transaction with the decision that allows it.

    Raises NotFound, AccessDenied once the denial is committed, LedgerUnavailable, and what `do` raises: then
    nothing was done.
    """
    with database.unit() as unit:
        asset = assets.get(unit.session, reviews.asset_of(unit.session, review_id), hold=True)
        review = reviews.get(unit.session, review_id)
        resource = Resource(
            "Review",
            review.id,
            review.dataset_id,
            asset.uploader_id,
            reviews.others(unit.session, review, now=now),
        )
        assignment = _held(review) if action is Action.REVIEW_UNDO else _assignment(review)
        decision = decide(principal, action, resource, now=now, assignment=assignment)
        if not isinstance(decision, Denied):
            return do(Case(unit, review, asset, now))
        record_denial(unit, principal, action, resource, decision)
    raise AccessDenied(decision.reason)


def _assignment(review: ReviewRecord) -> Assignment | None:
    held = review.state is ReviewState.ASSIGNED
    if not held or review.assigned_to is None or review.assigned_until is None:
        return None
    return Assignment(review.assigned_to, review.assigned_until)


def _held(review: ReviewRecord) -> Assignment | None:
    """Whose a held decision is, and until when it can be taken back."""
    if review.state is not ReviewState.DECIDED or review.assigned_to is None or review.held_until is None:
        return None
    return Assignment(review.assigned_to, review.held_until)
