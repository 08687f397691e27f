"""The queue of reviews: what waits, taking one for a while, giving it back."""

from __future__ import annotations

from datetime import timedelta

from gateway.errors import Conflict
from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.services.review_case import Case, act
from gateway.store.database import Database
from gateway.store.queries import assets, review_frames, reviews
from gateway.store.records import DecisionRecord, ReviewRecord
from policies.access import INSTALLATION, Action, Principal, Resource
from policies.review import ReviewState

PAGE = 50
"""Reviews in one answer of `list`."""

ASSIGNMENT = timedelta(minutes=15)
"""How long a claim lasts; claiming again begins it anew."""


class ReviewQueue:
    def __init__(self, database: Database, clock: Clock, *, assignment: timedelta = ASSIGNMENT) -> None:
        self._database = database
        self._clock = clock
        self._assignment = assignment

    def history(
        self, principal: Principal, asset_id: str
    ) -> list[tuple[ReviewRecord, DecisionRecord | None]]:
        """Who decided what on an image: for those who govern and audit, not for other reviewers.

        Raises NotFound, AccessDenied.
        """
        with self._database.reading() as session:
            asset = assets.get(session, asset_id)
        resource = Resource("Asset", asset.id, asset.dataset_id, asset.uploader_id)
        authorize(self._database, principal, Action.REVIEW_HISTORY, resource, now=self._clock())
        with self._database.reading() as session:
            return reviews.of_asset(session, asset_id)

    def list(self, principal: Principal, *, after: str | None = None) -> list[ReviewRecord]:
        """A page of what this person may claim or holds, the riskiest first, then the oldest.

        Raises AccessDenied, NotFound for an unknown `after`.
        """
        now = self._clock()
        authorize(self._database, principal, Action.REVIEW_LIST, INSTALLATION, now=now)
        with self._database.reading() as session:
            return reviews.queue(session, person_id=principal.id, now=now, after=after, limit=PAGE)

    def claim(self, principal: Principal, review_id: str) -> ReviewRecord:
        """Assigns the review to this person for a while. Raises NotFound, AccessDenied, Conflict.

        Where it is not theirs already, they have been shown nothing of it yet.
        """

        def take(case: Case) -> ReviewRecord:
            case.copy()
            mine = _is_free_or_own(case, principal)
            if not mine:
                review_frames.forget(case.unit.session, review_id)
            since = case.review.assigned_at if mine and case.review.assigned_at else case.now
            until = case.now + self._assignment
            case.unit.ledger.record(
                actor=principal.id,
                action="review.claimed",
                subject=review_id,
                asset=case.asset.id,
                until=int(until.timestamp()),
            )
            return reviews.assign(
                case.unit.session, review_id, person_id=principal.id, since=since, until=until
            )

        return act(self._database, principal, Action.REVIEW_CLAIM, review_id, take, now=self._clock())

    def release(self, principal: Principal, review_id: str) -> ReviewRecord:
        """Gives the review back undecided. Raises NotFound, AccessDenied."""

        def give_back(case: Case) -> ReviewRecord:
            case.unit.ledger.record(
                actor=principal.id, action="review.released", subject=review_id, asset=case.asset.id
            )
            return reviews.unassign(case.unit.session, review_id)

        return act(self._database, principal, Action.REVIEW_RELEASE, review_id, give_back, now=self._clock())


def _is_free_or_own(case: Case, principal: Principal) -> bool:
    """True where this person holds it already. Raises Conflict where another does, or it is decided."""
    match case.review.state:
        case ReviewState.OPEN:
            return False
        case ReviewState.ASSIGNED:
            if reviews.is_lapsed(case.review, now=case.now):
                return False
            if case.review.assigned_to == principal.id:
                return True
            raise Conflict("somebody else has this review at the moment; take another one")
        case ReviewState.DECIDED | ReviewState.CLOSED:
            raise Conflict(f"review {case.review.id} is decided")
