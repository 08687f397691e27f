"""A reviewer's decision, and what the decisions on one copy come to.

The decision, its entries and what follows are one transaction: with the last round decided the image is
quarantined, or waits for its next copy, or for a third person. That copy is made by a worker
(`review_remake`); if asking for it fails, the sweep asks again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from gateway.services.ports import Clock, Enqueue
from gateway.services.review_case import Case, act
from gateway.services.review_opening import open_round
from gateway.services.review_sheet import Sheet, redactions_of, sheet_of, size_of
from gateway.store.database import Database
from gateway.store.queries import assets, datasets, reviews
from gateway.store.records import CopyRecord, DecisionRecord, ReviewRecord
from policies.access import Action, Principal
from policies.errors import InvalidDecision
from policies.lifecycle import AssetState
from policies.model import Redaction
from policies.policy import Policy
from policies.review import (
    Changes,
    Decision,
    Disagreed,
    ReviewState,
    ReviewVerdict,
    Settled,
    changed,
    settle,
)

THIRD = 3
"""The round of the person who decides where two disagree."""

log = logging.getLogger("privgate.review")


@dataclass(frozen=True, slots=True)
class Decided:
    """outcome: None while other rounds are open, what all came to once there is none."""

    review: ReviewRecord
    outcome: Settled | Disagreed | None


class ReviewDecisions:
    """enqueue: asks for the copy that reviewers of a copy, by its id, agreed on."""

    def __init__(self, database: Database, enqueue: Enqueue, clock: Clock) -> None:
        self._database = database
        self._enqueue = enqueue
        self._clock = clock

    def read(self, principal: Principal, review_id: str) -> Sheet:
        """What is to be decided. Raises NotFound, AccessDenied, Conflict."""

        def look(case: Case) -> Sheet:
            copy = case.copy()
            return sheet_of(case.review, copy, _policy_of(case, copy))

        return act(self._database, principal, Action.REVIEW_READ, review_id, look, now=self._clock())

    def decide(
        self, principal: Principal, review_id: str, *, verdict: ReviewVerdict, changes: Changes
    ) -> Decided:
        """Records the decision and its consequence.

        Raises NotFound, AccessDenied, Conflict, InvalidDecision, LedgerUnavailable: then nothing was decided.
        """

        def settle_round(case: Case) -> Decided:
            copy = case.copy()
            redactions = redactions_of(copy)
            decision = _decision(verdict, changes, redactions, copy, _policy_of(case, copy))
            review = _record(case, principal, decision, changes, redactions)
            return Decided(review, _consequence(case, principal, copy))

        # (1) One transaction: the decision, its entries, and what follows.
        decided = act(
            self._database, principal, Action.REVIEW_DECIDE, review_id, settle_round, now=self._clock()
        )
        # (2) Ask for the next copy. The decision is safe: if this fails, the sweep asks.
        if isinstance(decided.outcome, Settled) and decided.outcome.verdict is ReviewVerdict.RELEASE:
            try:
                self._enqueue(decided.review.copy_id, 0)
            except Exception as exc:
                log.warning("review %s: copy not asked for yet: %s", review_id, type(exc).__name__)
        return decided


def _policy_of(case: Case, copy: CopyRecord) -> Policy:
    """The one that the copy was made under, whatever its dataset is under by now."""
    return datasets.policy_at(case.unit.session, copy.report["policy_version"])


def _decision(
    verdict: ReviewVerdict,
    changes: Changes,
    redactions: tuple[Redaction, ...],
    copy: CopyRecord,
    policy: Policy,
) -> Decision:
    match verdict:
        case ReviewVerdict.RELEASE:
            return Decision(verdict, changed(redactions, changes, policy, size_of(copy)))
        case ReviewVerdict.QUARANTINE:
            if changes.moved or changes.rejected or changes.added:
                raise InvalidDecision("nothing of a quarantined image is shown; leave the regions out")
            return Decision(verdict, ())


def _record(
    case: Case,
    principal: Principal,
    decision: Decision,
    changes: Changes,
    redactions: tuple[Redaction, ...],
) -> ReviewRecord:
    since = case.review.assigned_at or case.now
    for index, reason in sorted(changes.rejected.items()):
        case.unit.ledger.record(
            actor=principal.id,
            action="region.rejected",
            subject=case.review.id,
            asset=case.asset.id,
            index=index,
            kind=redactions[index].kind,
            reason=reason,
        )
    case.unit.ledger.record(
        actor=principal.id,
        action="review.decided",
        subject=case.review.id,
        asset=case.asset.id,
        copy=case.review.copy_id,
        round=case.review.round,
        verdict=decision.verdict,
        added=len(changes.added),
        moved=len(changes.moved),
        rejected=len(changes.rejected),
    )
    rejected = [
        {
            "index": index,
            "kind": redactions[index].kind.value,
            "region": redactions[index].region.to_dict(),
            "reason": reason.value,
        }
        for index, reason in sorted(changes.rejected.items())
    ]
    record = DecisionRecord(
        review_id=case.review.id,
        reviewer_id=principal.id,
        decision=decision,
        rejected=tuple(rejected),
        seconds=round((case.now - since).total_seconds()),
        created_at=case.now,
    )
    return reviews.decide(case.unit.session, record)


def _consequence(case: Case, principal: Principal, copy: CopyRecord) -> Settled | Disagreed | None:
    rounds = reviews.of_copy(case.unit.session, copy.id)
    if any(one.state is not ReviewState.DECIDED for one in rounds):
        return None
    decisions = [record.decision for record in reviews.decisions(case.unit.session, copy.id)]
    outcome = settle(decisions)
    match outcome:
        case Disagreed(reason):
            reasons = (*case.review.reasons, reason)
            open_round(case.unit, copy, reasons, number=THIRD, actor=principal.id)
            case.unit.ledger.record(
                actor=principal.id, action="review.disagreed", subject=copy.id, reason=reason
            )
        case Settled(ReviewVerdict.QUARANTINE, _):
            _quarantine(case, principal, copy)
        case Settled(ReviewVerdict.RELEASE, regions):
            case.unit.ledger.record(
                actor=principal.id, action="review.settled", subject=copy.id, hidden=len(regions)
            )
    return outcome


def _quarantine(case: Case, principal: Principal, copy: CopyRecord) -> None:
    reason = "review.quarantine"
    reviews.close(case.unit.session, copy.id)
    assets.move(case.unit.session, case.asset.id, AssetState.QUARANTINED, now=case.now, reason=reason)
    case.unit.ledger.record(
        actor=principal.id, action="asset.quarantined", subject=case.asset.id, copy=copy.id, reason=reason
    )
