"""What follows once every round of a copy's review is decided, and nobody can take a decision back any more.

Part of the transaction of the last decision, or of the end of its hold.
"""

from __future__ import annotations

from gateway.services.review_case import Case
from gateway.services.review_opening import open_round
from gateway.store.queries import assets, reviews
from gateway.store.records import CopyRecord, ReviewRecord
from policies.lifecycle import AssetState
from policies.review import Disagreed, ReviewState, ReviewVerdict, Settled, settle

THIRD = 3
"""The round of the person who decides where two disagree."""


def stands(review: ReviewRecord) -> bool:
    """Whether a round is decided for good."""
    return review.state is ReviewState.DECIDED and review.held_until is None


def consequence(case: Case, copy: CopyRecord, *, actor: str) -> Settled | Disagreed | None:
    """Quarantines the image, opens a third round, or records what the next copy hides; None: not yet."""
    rounds = reviews.of_copy(case.unit.session, copy.id)
    if not all(stands(one) for one in rounds):
        return None
    decisions = [record.decision for record in reviews.decisions(case.unit.session, copy.id)]
    outcome = settle(decisions)
    match outcome:
        case Disagreed(reason):
            reasons = (*case.review.reasons, reason)
            open_round(case.unit, copy, reasons, number=THIRD, actor=actor)
            case.unit.ledger.record(actor=actor, action="review.disagreed", subject=copy.id, reason=reason)
        case Settled(ReviewVerdict.QUARANTINE, _):
            _quarantine(case, copy, actor)
        case Settled(ReviewVerdict.RELEASE, regions):
            case.unit.ledger.record(
                actor=actor, action="review.settled", subject=copy.id, hidden=len(regions)
            )
    return outcome


def _quarantine(case: Case, copy: CopyRecord, actor: str) -> None:
    reason = "review.quarantine"
    reviews.close(case.unit.session, copy.id)
    assets.move(case.unit.session, case.asset.id, AssetState.QUARANTINED, now=case.now, reason=reason)
    case.unit.ledger.record(
        actor=actor, action="asset.quarantined", subject=case.asset.id, copy=copy.id, reason=reason
    )
