"""A reviewer's decision, and what the decisions on one copy come to.

The decision, its entries and what follows are one transaction: with the last round decided the image is
quarantined, or waits for its next copy, or for a third person. That copy is made by a worker
(`review_remake`); if asking for it fails, the sweep asks again.

A decision may be held for some seconds, in which its reviewer can take it back. Nothing follows from it
before; what then follows is done by a worker (`review_holds`), whatever became of this process.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from gateway.services.ports import Clock, Enqueue
from gateway.services.review_case import Case, act
from gateway.services.review_consequence import consequence
from gateway.services.review_looks import insist_on_all_seen, unseen_of
from gateway.services.review_queue import ASSIGNMENT
from gateway.services.review_sheet import Sheet, frames_of, redactions_of, sheet_of, size_of
from gateway.store.database import Database
from gateway.store.queries import datasets, reviews
from gateway.store.records import CopyRecord, DecisionRecord, ReviewRecord
from policies.access import Action, Principal
from policies.errors import InvalidDecision
from policies.model import Redaction
from policies.policy import Policy
from policies.review import (
    Changes,
    Decision,
    Disagreed,
    ReviewVerdict,
    Settled,
    changed,
)

log = logging.getLogger("privgate.review")


@dataclass(frozen=True, slots=True)
class Decided:
    """outcome: None while other rounds are open or this one is held, what all came to once there is none."""

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
            unseen = unseen_of(case, copy, principal.id)
            return sheet_of(case.review, copy, _policy_of(case, copy), unseen=unseen)

        return act(self._database, principal, Action.REVIEW_READ, review_id, look, now=self._clock())

    def decide(
        self,
        principal: Principal,
        review_id: str,
        *,
        verdict: ReviewVerdict,
        changes: Changes,
        hold: timedelta | None = None,
    ) -> Decided:
        """Records the decision and its consequence.

        hold: how long it can be taken back; nothing follows before.
        Raises NotFound, AccessDenied, Conflict, Unseen where a release is of what was not shown to this
        person, InvalidDecision, LedgerUnavailable: then nothing was decided.
        """

        def settle_round(case: Case) -> Decided:
            copy = case.copy()
            if verdict is not ReviewVerdict.QUARANTINE:  # a doubt never releases, so it needs no look
                insist_on_all_seen(case, copy, principal.id)
            redactions = redactions_of(copy)
            decision = _decision(verdict, changes, redactions, copy, _policy_of(case, copy))
            review = _record(case, principal, decision, changes, copy, hold)
            return Decided(review, consequence(case, copy, actor=principal.id))

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

    def undo(self, principal: Principal, review_id: str) -> ReviewRecord:
        """Takes back one's own decision while it is held; the review is one's own again.

        Raises NotFound, AccessDenied, LedgerUnavailable: then it stands.
        """

        def take_back(case: Case) -> ReviewRecord:
            case.unit.ledger.record(
                actor=principal.id, action="review.undone", subject=review_id, asset=case.asset.id
            )
            return reviews.take_back(case.unit.session, review_id, until=case.now + ASSIGNMENT)

        return act(self._database, principal, Action.REVIEW_UNDO, review_id, take_back, now=self._clock())


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
    copy: CopyRecord,
    hold: timedelta | None,
) -> ReviewRecord:
    redactions, frames = redactions_of(copy), frames_of(copy)
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
        held=0 if hold is None else round(hold.total_seconds()),
        frames=frames,
        shown=frames - len(unseen_of(case, copy, principal.id)),
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
    return reviews.decide(case.unit.session, record, held_until=None if hold is None else case.now + hold)
