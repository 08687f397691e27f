"""Frames of an image under review that reached the person who holds it, for as long as one claim lasts."""

from __future__ import annotations

from sqlmodel import Session, col, delete, select

from gateway.store.review_tables import ReviewFrame


def add(session: Session, review_id: str, person_id: str, frame: int) -> None:
    """A frame reached this person; again changes nothing. The asset is held."""
    session.merge(ReviewFrame(review_id=review_id, frame=frame, person_id=person_id))
    session.flush()


def of(session: Session, review_id: str, person_id: str) -> frozenset[int]:
    """The frames that reached this person."""
    query = select(ReviewFrame.frame).where(
        ReviewFrame.review_id == review_id, ReviewFrame.person_id == person_id
    )
    return frozenset(session.exec(query))


def forget(session: Session, review_id: str) -> None:
    """A new claim begins: whoever makes it has been shown nothing."""
    session.exec(delete(ReviewFrame).where(col(ReviewFrame.review_id) == review_id))
