"""Reviews: rounds, who holds them, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from gateway.errors import NotFound
from gateway.store.queries import copies
from gateway.store.queries.pages import Key, behind, in_order
from gateway.store.records import CopyRecord, DecisionRecord, ReviewRecord
from gateway.store.review_tables import Review, ReviewDecision
from gateway.store.tables import Asset, Copy
from policies.lifecycle import AssetState
from policies.review import Decision, ReviewedRegion, ReviewState, ReviewVerdict

QUEUE: Final[tuple[Key, ...]] = (
    (col(Review.risk), True),
    (col(Review.created_at), False),
    (col(Review.id), False),
)
"""The riskiest first, then the oldest."""


def add(session: Session, record: ReviewRecord) -> None:
    session.add(
        Review(
            id=record.id,
            asset_id=record.asset_id,
            dataset_id=record.dataset_id,
            copy_id=record.copy_id,
            round=record.round,
            state=record.state.value,
            risk=record.risk,
            reasons=list(record.reasons),
            created_at=record.created_at,
        )
    )
    session.flush()


def get(session: Session, review_id: str) -> ReviewRecord:
    """Raises NotFound."""
    return _record(_row(session, review_id))


def asset_of(session: Session, review_id: str) -> str:
    """The id of the asset under review. Raises NotFound."""
    found = session.exec(select(Review.asset_id).where(Review.id == review_id)).first()
    if found is None:
        raise NotFound(f"review {review_id} does not exist")
    return found


def of_copy(session: Session, copy_id: str) -> list[ReviewRecord]:
    """All rounds of a copy's review."""
    query = select(Review).where(Review.copy_id == copy_id).order_by(col(Review.round))
    return [_record(row) for row in session.exec(query)]


def queue(
    session: Session, *, person_id: str, now: datetime, after: str | None, limit: int
) -> list[ReviewRecord]:
    """What this person may claim or holds, by risk and then age, beginning behind `after`.

    Left out: what another holds, what this person brought in, and copies in another round of which this
    person has a hand. Raises NotFound for an unknown `after`.
    """
    query = (
        select(Review)
        .join(Asset, col(Asset.id) == col(Review.asset_id))
        .where(
            or_(col(Review.state) == ReviewState.OPEN.value, _held(now, person_id)),
            Asset.state == AssetState.NEEDS_REVIEW.value,
            Asset.uploader_id != person_id,
            ~in_another_round(now, person_id),
        )
        .order_by(*in_order(QUEUE))
        .limit(limit)
    )
    if after is not None:
        last = _row(session, after)
        query = query.where(behind(QUEUE, (last.risk, last.created_at, last.id)))
    return [_record(row) for row in session.exec(query)]


def others(session: Session, review: ReviewRecord, *, now: datetime) -> frozenset[str]:
    """Who holds or has decided another round of the same copy."""
    return frozenset(
        other.assigned_to
        for other in of_copy(session, review.copy_id)
        if other.id != review.id and other.assigned_to is not None and not is_lapsed(other, now=now)
    )


def is_lapsed(review: ReviewRecord, *, now: datetime) -> bool:
    """Whether it was assigned to somebody whose time is over."""
    until = review.assigned_until
    return review.state is ReviewState.ASSIGNED and until is not None and until <= now


def is_held_by(review: ReviewRecord, person_id: str, *, now: datetime) -> bool:
    """Whether it is assigned to this person, whose time is not over."""
    held = review.state is ReviewState.ASSIGNED and review.assigned_to == person_id
    return held and not is_lapsed(review, now=now)


def assign(
    session: Session, review_id: str, *, person_id: str, since: datetime, until: datetime
) -> ReviewRecord:
    row = _row(session, review_id)
    row.state, row.assigned_to = ReviewState.ASSIGNED.value, person_id
    row.assigned_at, row.assigned_until = since, until
    return _flushed(session, row)


def unassign(session: Session, review_id: str) -> ReviewRecord:
    row = _row(session, review_id)
    row.state, row.assigned_to = ReviewState.OPEN.value, None
    row.assigned_at = row.assigned_until = None
    return _flushed(session, row)


def assigned_to(session: Session, person_id: str) -> Sequence[tuple[str, str]]:
    """Assets and reviews, by id, in one order for all who hold several."""
    query = select(Review.asset_id, Review.id).where(
        Review.state == ReviewState.ASSIGNED.value, Review.assigned_to == person_id
    )
    return session.exec(query.order_by(col(Review.asset_id), col(Review.id))).all()


def decide(session: Session, record: DecisionRecord, *, held_until: datetime | None = None) -> ReviewRecord:
    """Keeps the decision; its review is decided. held_until: until when it can be taken back."""
    session.add(
        ReviewDecision(
            review_id=record.review_id,
            reviewer_id=record.reviewer_id,
            verdict=record.decision.verdict.value,
            regions=[region.to_dict() for region in record.decision.regions],
            rejected=[dict(each) for each in record.rejected],
            seconds=record.seconds,
            created_at=record.created_at,
        )
    )
    row = _row(session, record.review_id)
    row.state, row.assigned_until, row.decided_at = ReviewState.DECIDED.value, None, record.created_at
    row.held_until = held_until
    return _flushed(session, row)


def take_back(session: Session, review_id: str, *, until: datetime) -> ReviewRecord:
    """Removes a held decision; its review is assigned to the same person again, until a time."""
    row = _row(session, review_id)
    session.exec(delete(ReviewDecision).where(col(ReviewDecision.review_id) == review_id))
    row.state, row.assigned_until = ReviewState.ASSIGNED.value, until
    row.decided_at = row.held_until = None
    return _flushed(session, row)


def held_over(session: Session, *, now: datetime, limit: int) -> list[ReviewRecord]:
    """Reviews whose decision was held, and can be taken back no more; the longest waiting first."""
    query = (
        select(Review)
        .where(col(Review.held_until) <= now)
        .order_by(col(Review.held_until), col(Review.id))
        .limit(limit)
    )
    return [_record(row) for row in session.exec(query)]


def end_hold(session: Session, review_id: str) -> ReviewRecord:
    row = _row(session, review_id)
    row.held_until = None
    return _flushed(session, row)


def decisions(session: Session, copy_id: str) -> list[DecisionRecord]:
    """What was decided on a copy, by round."""
    query = (
        select(ReviewDecision)
        .join(Review, col(Review.id) == col(ReviewDecision.review_id))
        .where(Review.copy_id == copy_id)
        .order_by(col(Review.round))
    )
    return [_decision(row) for row in session.exec(query)]


def close(session: Session, copy_id: str) -> None:
    """Ends every round of a copy's review, decided or not."""
    _close(session, col(Review.copy_id) == copy_id)


def close_older(session: Session, asset_id: str, copy_id: str) -> None:
    """The same for reviews of an asset's other copies, which this one follows."""
    _close(session, and_(col(Review.asset_id) == asset_id, col(Review.copy_id) != copy_id))


def of_asset(session: Session, asset_id: str) -> list[tuple[ReviewRecord, DecisionRecord | None]]:
    """All rounds of all reviews of an asset, the oldest first, with what was decided in them."""
    query = (
        select(Review, ReviewDecision)
        .join(ReviewDecision, col(ReviewDecision.review_id) == col(Review.id), isouter=True)
        .where(Review.asset_id == asset_id)
        .order_by(col(Review.created_at), col(Review.round))
    )
    return [(_record(row), _decision(made) if made else None) for row, made in session.exec(query)]


def count_attempt(session: Session, copy_id: str) -> int:
    """Begins the copy that the reviewers agreed on once more; returns how many times that makes."""
    row = session.exec(select(Review).where(Review.copy_id == copy_id, Review.round == 1)).one()
    row.attempts += 1
    return _flushed(session, row).attempts


def uncount_attempt(session: Session, copy_id: str) -> None:
    """The last one came to nothing for no fault of the image's."""
    row = session.exec(select(Review).where(Review.copy_id == copy_id, Review.round == 1)).one()
    row.attempts = max(0, row.attempts - 1)
    _flushed(session, row)


def waiting_for_copy(session: Session, *, begun: bool, before: datetime, limit: int) -> list[ReviewRecord]:
    """Round 1 of reviews that were decided in every round before a time, and whose next copy is not there.

    begun: of those on whose copy a worker has begun, or of the others.
    """
    other = aliased(Review)
    undecided = exists().where(
        col(other.copy_id) == col(Review.copy_id),
        or_(
            col(other.state) != ReviewState.DECIDED.value,
            col(other.decided_at) >= before,
            col(other.held_until).is_not(None),
        ),
    )
    query = (
        select(Review)
        .join(Asset, col(Asset.id) == col(Review.asset_id))
        .where(
            Review.round == 1,
            (col(Review.attempts) > 0) == begun,
            Review.state == ReviewState.DECIDED.value,
            Asset.state == AssetState.NEEDS_REVIEW.value,
            ~undecided,
        )
        .order_by(col(Review.decided_at))
        .limit(limit)
    )
    return [_record(row) for row in session.exec(query)]


def unopened(session: Session, *, before: datetime, limit: int) -> list[CopyRecord]:
    """The newest copies of assets that have waited for people since before a time, and have no review."""
    newer, review = aliased(Copy), aliased(Review)
    query = (
        select(Copy)
        .join(Asset, col(Asset.id) == col(Copy.asset_id))
        .where(
            Asset.state == AssetState.NEEDS_REVIEW.value,
            col(Asset.updated_at) < before,
            ~exists().where(
                col(newer.asset_id) == col(Copy.asset_id), col(newer.revision) > col(Copy.revision)
            ),
            ~exists().where(col(review.copy_id) == col(Copy.id)),
        )
        .limit(limit)
    )
    return [copies.record_of(row) for row in session.exec(query)]


def _held(now: datetime, person_id: str) -> ColumnElement[bool]:
    """Assigned to this person, or to somebody whose time is over."""
    return and_(
        col(Review.state) == ReviewState.ASSIGNED.value,
        or_(col(Review.assigned_to) == person_id, col(Review.assigned_until) <= now),
    )


def in_another_round(now: datetime, person_id: str) -> ColumnElement[bool]:
    """Of a copy in another round of which this person has a hand."""
    other = aliased(Review)
    return exists().where(
        col(other.copy_id) == col(Review.copy_id),
        col(other.id) != col(Review.id),
        col(other.assigned_to) == person_id,
        or_(col(other.state) != ReviewState.ASSIGNED.value, col(other.assigned_until) > now),
    )


def _close(session: Session, which: ColumnElement[bool]) -> None:
    for row in session.exec(select(Review).where(which)):
        row.state, row.assigned_until, row.held_until = ReviewState.CLOSED.value, None, None
        session.add(row)
    session.flush()


def _row(session: Session, review_id: str) -> Review:
    row = session.get(Review, review_id)
    if row is None:
        raise NotFound(f"review {review_id} does not exist")
    return row


def _flushed(session: Session, row: Review) -> ReviewRecord:
    session.add(row)
    session.flush()
    return _record(row)


def _record(row: Review) -> ReviewRecord:
    return ReviewRecord(
        id=row.id,
        asset_id=row.asset_id,
        dataset_id=row.dataset_id,
        copy_id=row.copy_id,
        round=row.round,
        state=ReviewState(row.state),
        risk=row.risk,
        reasons=tuple(row.reasons),
        attempts=row.attempts,
        assigned_to=row.assigned_to,
        assigned_at=row.assigned_at,
        assigned_until=row.assigned_until,
        created_at=row.created_at,
        decided_at=row.decided_at,
        held_until=row.held_until,
    )


def _decision(row: ReviewDecision) -> DecisionRecord:
    regions: Sequence[ReviewedRegion] = [ReviewedRegion.parse(each) for each in row.regions]
    return DecisionRecord(
        review_id=row.review_id,
        reviewer_id=row.reviewer_id,
        decision=Decision(ReviewVerdict(row.verdict), tuple(regions)),
        rejected=tuple(row.rejected),
        seconds=row.seconds,
        created_at=row.created_at,
    )
