"""What reviewers see of the queue and of their own decisions, and the figures that officers follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, exists, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from gateway.errors import NotFound
from gateway.store.queries.pages import Key, behind, in_order
from gateway.store.queries.reviews import QUEUE, in_another_round
from gateway.store.tables import Asset, Copy, Dataset, PersonName, Review, ReviewDecision
from policies.lifecycle import AssetState
from policies.model import Kind
from policies.review import ReviewState, ReviewVerdict

NEWEST: Final[tuple[Key, ...]] = (
    (col(ReviewDecision.created_at), True),
    (col(ReviewDecision.review_id), True),
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A round in the queue. kinds: what its copy hides. holder: who has it now, None for nobody."""

    id: str
    asset_id: str
    dataset: str
    round: int
    risk: int
    reasons: tuple[str, ...]
    kinds: Counter[Kind]
    created_at: datetime
    holder: str | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Own:
    """A decision and what became of it. rounds: how many the copy's review has by now."""

    review_id: str
    asset_id: str
    dataset: str
    round: int
    state: ReviewState
    verdict: ReviewVerdict
    hidden: int
    rejected: int
    created_at: datetime
    held_until: datetime | None
    asset_state: AssetState
    rounds: int
    others: int
    """Other rounds of the copy that are decided."""


@dataclass(frozen=True, slots=True)
class Took:
    """So many decisions of one reviewer in one dataset took so many seconds."""

    reviewer_id: str
    reviewer: str | None
    dataset: str
    seconds: int
    number: int


def waiting(
    session: Session,
    *,
    person_id: str,
    now: datetime,
    after: str | None = None,
    before: str | None = None,
    limit: int,
) -> list[Waiting]:
    """Images in the queue that this person could take, or that another has just now; the riskiest first.

    after, before: rounds behind which, or ahead of which, the page lies. Raises NotFound for an unknown one.
    """
    keys = [(column, descends is (before is None)) for column, descends in QUEUE]
    query = (
        select(Review, Dataset.name, _hidden())
        .join(Asset, col(Asset.id) == col(Review.asset_id))
        .join(Copy, col(Copy.id) == col(Review.copy_id))
        .join(Dataset, col(Dataset.id) == col(Review.dataset_id))
        .where(
            col(Review.state).in_((ReviewState.OPEN.value, ReviewState.ASSIGNED.value)),
            Asset.state == AssetState.NEEDS_REVIEW.value,
            Asset.uploader_id != person_id,
            ~in_another_round(now, person_id),
            ~_behind_a_free_round(),
        )
        .order_by(*in_order(keys))
        .limit(limit)
    )
    if (mark := after or before) is not None:
        last = session.get(Review, mark)
        if last is None:
            raise NotFound(f"review {mark} does not exist")
        query = query.where(behind(keys, (last.risk, last.created_at, last.id)))
    rows = session.exec(query).all()
    found = [_waiting(review, dataset, hidden, now) for review, dataset, hidden in rows]
    return found if before is None else found[::-1]


def own(
    session: Session, person_id: str, *, after: str | None = None, before: str | None = None, limit: int
) -> list[Own]:
    """What this person decided, the newest first. after, before: as for `waiting`."""
    keys = [(column, descends is (before is None)) for column, descends in NEWEST]
    query = (
        select(ReviewDecision, Review, Asset.state, Dataset.name)
        .join(Review, col(Review.id) == col(ReviewDecision.review_id))
        .join(Asset, col(Asset.id) == col(Review.asset_id))
        .join(Dataset, col(Dataset.id) == col(Review.dataset_id))
        .where(ReviewDecision.reviewer_id == person_id)
        .order_by(*in_order(keys))
        .limit(limit)
    )
    if (mark := after or before) is not None:
        last = session.get(ReviewDecision, mark)
        if last is None or last.reviewer_id != person_id:
            raise NotFound(f"decision {mark} does not exist")
        query = query.where(behind(keys, (last.created_at, last.review_id)))
    rows = session.exec(query).all()
    rounds = _rounds(session, [review.copy_id for _, review, _, _ in rows])
    found = [
        _own(decision, review, state, dataset, rounds[review.copy_id])
        for decision, review, state, dataset in rows
    ]
    return found if before is None else found[::-1]


def seconds_taken(session: Session, *, since: datetime) -> list[Took]:
    """How long decisions took since a time: one row for each reviewer, dataset and number of seconds."""
    number = cast("ColumnElement[int]", func.count())
    query = (
        select(ReviewDecision.reviewer_id, Dataset.name, ReviewDecision.seconds, number)
        .join(Review, col(Review.id) == col(ReviewDecision.review_id))
        .join(Dataset, col(Dataset.id) == col(Review.dataset_id))
        .where(col(ReviewDecision.created_at) >= since)
        .group_by(col(ReviewDecision.reviewer_id), col(Dataset.name), col(ReviewDecision.seconds))
    )
    rows = session.exec(query).all()
    people = {reviewer for reviewer, *_ in rows}
    named = select(PersonName.person_id, PersonName.name).where(col(PersonName.person_id).in_(people))
    names = dict(session.exec(named).all())
    return [
        Took(reviewer, names.get(reviewer), dataset, seconds, times)
        for reviewer, dataset, seconds, times in rows
    ]


def pairs(session: Session, *, since: datetime) -> tuple[int, int]:
    """Copies that two people had decided on since a time, and those of them that a third was asked about."""
    second = select(Review.copy_id).where(
        Review.round == 2, col(Review.decided_at) >= since, col(Review.held_until).is_(None)
    )
    third = select(func.count()).where(col(Review.copy_id).in_(second), Review.round == 3)
    total = select(func.count()).select_from(second.subquery())
    return session.exec(total).one(), session.exec(third).one()


def _behind_a_free_round() -> ColumnElement[bool]:
    """Of two rounds of a copy that are free, a person can have one: the other is not shown."""
    other = aliased(Review)
    return exists().where(
        col(other.copy_id) == col(Review.copy_id),
        col(other.round) < col(Review.round),
        col(other.state) == ReviewState.OPEN.value,
    )


def _hidden() -> ColumnElement[Any]:
    """Of the copy's report only what it hides: detections may be many."""
    return col(Copy.report)["redactions"]


def _waiting(review: Review, dataset: str, hidden: Sequence[Any], now: datetime) -> Waiting:
    held = (
        review.state == ReviewState.ASSIGNED
        and review.assigned_until is not None
        and review.assigned_until > now
    )
    return Waiting(
        id=review.id,
        asset_id=review.asset_id,
        dataset=dataset,
        round=review.round,
        risk=review.risk,
        reasons=tuple(review.reasons),
        kinds=Counter(Kind(one["kind"]) for one in hidden),
        created_at=review.created_at,
        holder=review.assigned_to if held else None,
        until=review.assigned_until if held else None,
    )


def _rounds(session: Session, copy_ids: Sequence[str]) -> dict[str, list[ReviewState]]:
    found: dict[str, list[ReviewState]] = {copy_id: [] for copy_id in copy_ids}
    query = select(Review.copy_id, Review.state, Review.decided_at).where(col(Review.copy_id).in_(copy_ids))
    for copy_id, state, decided_at in session.exec(query):
        closed = state == ReviewState.CLOSED and decided_at is not None
        found[copy_id].append(ReviewState.DECIDED if closed else ReviewState(state))
    return found


def _own(
    decision: ReviewDecision, review: Review, state: str, dataset: str, rounds: Sequence[ReviewState]
) -> Own:
    return Own(
        review_id=review.id,
        asset_id=review.asset_id,
        dataset=dataset,
        round=review.round,
        state=ReviewState(review.state),
        verdict=ReviewVerdict(decision.verdict),
        hidden=len(decision.regions),
        rejected=len(decision.rejected),
        created_at=decision.created_at,
        held_until=review.held_until,
        asset_state=AssetState(state),
        rounds=len(rounds),
        others=sum(one is ReviewState.DECIDED for one in rounds) - 1,
    )
