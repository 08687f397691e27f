"""The end of a hold: what a reviewer decided, and did not take back in time, is carried out by a worker.

Nothing waits in a process's memory: a held decision is a row, and any worker finds it. What a crash means
after each numbered effect of `carry_out`: (1) not committed, the next round does it; committed, the sweep
asks for the copy; (2) done.
"""

from __future__ import annotations

import logging

from gateway.errors import Conflict
from gateway.services.ports import Clock, Enqueue
from gateway.services.review_case import Case
from gateway.services.review_consequence import consequence
from gateway.store.database import Database
from gateway.store.queries import assets, reviews
from gateway.store.records import ReviewRecord
from policies.review import Disagreed, ReviewState, ReviewVerdict, Settled

BATCH = 200
"""Held decisions of one round; the next one comes in two seconds."""


log = logging.getLogger("privgate.review")


class ReviewHolds:
    """One worker's means. enqueue: asks for the copy that reviewers of a copy, by its id, agreed on."""

    def __init__(self, database: Database, enqueue: Enqueue, clock: Clock, *, actor: str) -> None:
        self._database = database
        self._enqueue = enqueue
        self._clock = clock
        self._actor = actor

    def carry_out(self) -> int:
        """Ends every hold whose time is over; returns how many."""
        with self._database.reading() as session:
            over = reviews.held_over(session, now=self._clock(), limit=BATCH)
        return sum(self._carry_out(review) for review in over)

    def _carry_out(self, found: ReviewRecord) -> bool:
        # (1) One transaction: the end of the hold, and what follows from the decision.
        with self._database.unit() as unit:
            asset = assets.get(unit.session, found.asset_id, hold=True)
            review = reviews.get(unit.session, found.id)
            now = self._clock()
            if review.held_until is None or review.held_until > now:
                return False  # taken back, or another worker was faster
            review = reviews.end_hold(unit.session, review.id)
            outcome = self._follow(Case(unit, review, asset, now))
        # (2) Ask for the next copy, if one is to be made.
        if isinstance(outcome, Settled) and outcome.verdict is ReviewVerdict.RELEASE:
            try:
                self._enqueue(review.copy_id, 0)
            except Exception as exc:  # the other holds that are over shall not wait for this one
                log.warning("review %s: copy not asked for yet: %s", review.id, type(exc).__name__)
        return True

    def _follow(self, case: Case) -> Settled | Disagreed | None:
        if case.review.state is not ReviewState.DECIDED:
            return None
        try:
            copy = case.copy()
        except Conflict:  # its image was held, erased or made anew meanwhile
            return None
        return consequence(case, copy, actor=self._actor)
