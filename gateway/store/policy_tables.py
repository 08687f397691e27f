"""Rows about policies at work: which one a dataset was under when, and going back to an earlier one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from gateway.store.columns import time_column

_ASKED = text("state = 'asked'")


class DatasetPolicy(SQLModel, table=True):
    """number: from 1, in the order in which the dataset was put under them. policy_id, put_by: None for what
    was in force before this was kept."""

    __tablename__ = "dataset_policy"
    dataset_id: str = Field(primary_key=True, foreign_key="dataset.id")
    number: int = Field(primary_key=True)
    version: str = Field(foreign_key="policy_version.version")
    policy_id: str | None = None
    since: datetime = time_column()
    put_by: str | None = Field(default=None, foreign_key="person.id")
    rollback_id: str | None = None


class PolicyRollback(SQLModel, table=True):
    """Going back to an earlier version, asked for by one officer and decided on by another.

    leaves: the version that the dataset was under when it was asked for.
    """

    __tablename__ = "policy_rollback"
    __table_args__ = (
        CheckConstraint(
            "decided_by IS NULL OR decided_by <> asked_by OR state = 'withdrawn'",
            name="nobody_rolls_back_alone",
        ),
        CheckConstraint("state = 'asked' OR decided_by IS NOT NULL", name="rollback_decided_by_somebody"),
        Index(
            "one_open_rollback_a_dataset",
            "dataset_id",
            unique=True,
            sqlite_where=_ASKED,
            postgresql_where=_ASKED,
        ),
    )
    id: str = Field(primary_key=True)
    dataset_id: str = Field(foreign_key="dataset.id")
    policy_id: str
    version: str = Field(foreign_key="policy_version.version")
    leaves: str
    reason: str
    state: str
    asked_by: str = Field(foreign_key="person.id")
    asked_at: datetime = time_column()
    decided_by: str | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = time_column(nullable=True)
