"""The rows of the review desk: rounds, and what was decided in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from gateway.store.columns import time_column


class Review(SQLModel, table=True):
    """One round of the review of one copy; (copy, round) is unique. The queue is read by risk, then age.

    attempts: times that the copy which the reviewers agreed on was begun; counted in round 1.
    held_until: a decision that its reviewer may still take back, and of which nothing follows before.
    """

    __table_args__ = (
        UniqueConstraint("copy_id", "round", name="review_round"),
        Index("review_queue", "state", "risk", "created_at", "id"),
        Index("review_held", "held_until"),
    )
    id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id", index=True)
    dataset_id: str = Field(foreign_key="dataset.id")
    copy_id: str = Field(foreign_key="copy.id")
    round: int
    state: str
    risk: int
    reasons: list[str] = Field(sa_column=Column(JSON, nullable=False))
    attempts: int = 0
    assigned_to: str | None = Field(default=None, foreign_key="person.id", index=True)
    assigned_at: datetime | None = time_column(nullable=True)
    assigned_until: datetime | None = time_column(nullable=True)
    created_at: datetime = time_column()
    decided_at: datetime | None = time_column(nullable=True)
    held_until: datetime | None = time_column(nullable=True)


class ReviewFrame(SQLModel, table=True):
    """A frame whose original reached whoever holds the review, under their present claim; from 0.

    Once the review is decided: what its reviewer had been shown.
    """

    __tablename__ = "review_frame"
    review_id: str = Field(primary_key=True, foreign_key="review.id")
    frame: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    person_id: str = Field(foreign_key="person.id")


class ReviewDecision(SQLModel, table=True):
    """What one reviewer decided; never changed, and taken back only whole and while it is held.

    seconds: from the assignment to the decision.
    regions: all that the next copy hides, with who put it there. rejected: what it shows, with the reason.
    """

    __tablename__ = "review_decision"
    __table_args__ = (
        Index("decision_by_reviewer", "reviewer_id", "created_at", "review_id"),
        Index("decision_by_time", "created_at"),
    )
    review_id: str = Field(primary_key=True, foreign_key="review.id")
    reviewer_id: str = Field(foreign_key="person.id")
    verdict: str
    regions: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    rejected: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    seconds: int
    created_at: datetime = time_column()
