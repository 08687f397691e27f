"""The rows of annotation: classes, tasks, drafts, submissions, and the guidelines that are followed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from gateway.store.columns import time_column


class LabelCategory(SQLModel, table=True):
    """A class of a dataset's label set. used: labels name it, so that it stays what it is.

    landmarks: the names of its points; null for none.
    """

    __tablename__ = "label_category"
    __table_args__ = (UniqueConstraint("dataset_id", "name"),)
    dataset_id: str = Field(primary_key=True, foreign_key="dataset.id")
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    name: str
    parent: str | None = None
    used: bool = False
    landmarks: list[str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))


class LabelTask(SQLModel, table=True):
    """One image to be labelled. Whose it is lasts until `lease_until`; then it is given back by itself."""

    __tablename__ = "label_task"
    __table_args__ = (Index("label_task_open", "dataset_id", "submissions", "lease_until"),)
    id: str = Field(primary_key=True)
    asset_id: str = Field(foreign_key="asset.id", unique=True)
    dataset_id: str = Field(foreign_key="dataset.id")
    holder_id: str | None = Field(default=None, foreign_key="person.id", index=True)
    grant_id: str | None = Field(default=None, foreign_key="access_grant.id", index=True)
    lease_until: datetime | None = time_column(nullable=True)
    claimed_at: datetime | None = time_column(nullable=True)
    submissions: int = 0
    submitter_id: str | None = Field(default=None, foreign_key="person.id", index=True)
    created_at: datetime = time_column()


class LabelSubmission(SQLModel, table=True):
    """An image's labels as somebody submitted them; never changed. The greatest number of a task counts.

    seconds: since the claim, or since the same person's submission before it, whichever was later. frames: of
    the copy; labels say which of them they are on.
    """

    __tablename__ = "label_submission"
    __table_args__ = (
        UniqueConstraint("task_id", "number"),
        Index("label_submission_by_dataset", "dataset_id", "id"),
        Index("label_submission_by_person", "person_id", "submitted_at"),
    )
    id: str = Field(primary_key=True)
    task_id: str = Field(foreign_key="label_task.id")
    number: int
    dataset_id: str = Field(foreign_key="dataset.id")
    asset_id: str = Field(foreign_key="asset.id")
    copy_id: str = Field(foreign_key="copy.id")
    person_id: str = Field(foreign_key="person.id")
    width: int
    height: int
    frames: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    count: int
    labels: str = Field(sa_column=Column(Text, nullable=False))
    submitted_at: datetime = time_column()
    seconds: int | None = None


class LabelDraft(SQLModel, table=True):
    """What somebody has drawn and not submitted; erased with the submission that settles the task."""

    __tablename__ = "label_draft"
    task_id: str = Field(primary_key=True, foreign_key="label_task.id")
    person_id: str = Field(primary_key=True, foreign_key="person.id", index=True)
    labels: str = Field(sa_column=Column(Text, nullable=False))
    saved_at: datetime = time_column()


class Guideline(SQLModel, table=True):
    """How a dataset is to be labelled, as an officer wrote it; never changed. The greatest version counts."""

    dataset_id: str = Field(primary_key=True, foreign_key="dataset.id")
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    author_id: str = Field(foreign_key="person.id")
    text: str = Field(sa_column=Column(Text, nullable=False))
    written_at: datetime = time_column()
