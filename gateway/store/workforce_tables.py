"""Rows of groups: people who are given a dataset together."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from gateway.store.columns import time_column


class WorkGroup(SQLModel, table=True):
    """name: shown to officers, never in the log."""

    __tablename__ = "work_group"
    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    created_by: str = Field(foreign_key="person.id")
    created_at: datetime = time_column()


class GroupMember(SQLModel, table=True):
    """Who is in a group right now; the log knows who was."""

    __tablename__ = "group_member"
    group_id: str = Field(primary_key=True, foreign_key="work_group.id")
    person_id: str = Field(primary_key=True, foreign_key="person.id", index=True)
    added_at: datetime = time_column()


class MemberGrant(SQLModel, table=True):
    """A grant that somebody has as a member of a group."""

    __tablename__ = "member_grant"
    grant_id: str = Field(primary_key=True, foreign_key="access_grant.id")
    group_grant_id: str = Field(foreign_key="group_grant.id", index=True)


class GroupGrant(SQLModel, table=True):
    """What a group is given: each member has a grant of their own, which `member_grant` ties to this one."""

    __tablename__ = "group_grant"
    __table_args__ = (Index("group_grant_by_group", "group_id", "dataset_id"),)
    id: str = Field(primary_key=True)
    group_id: str = Field(foreign_key="work_group.id")
    dataset_id: str = Field(foreign_key="dataset.id", index=True)
    purpose: str
    until: datetime = time_column()
    created_by: str = Field(foreign_key="person.id")
    created_at: datetime = time_column()
    revoked_at: datetime | None = time_column(nullable=True)
