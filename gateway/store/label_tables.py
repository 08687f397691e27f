"""The rows of annotation beside tasks and submissions: drafts, and the guidelines that are followed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from gateway.store.columns import time_column


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
