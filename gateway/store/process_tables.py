"""The rows that processes keep of themselves: which workers are alive, and what is counted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Integer
from sqlmodel import Field, SQLModel

from gateway.store.columns import time_column

_Big = BigInteger().with_variant(Integer, "sqlite")


class Worker(SQLModel, table=True):
    """A worker process that is alive as long as `seen_at` is fresh."""

    executor_id: str = Field(primary_key=True)
    started_at: datetime = time_column()
    seen_at: datetime = time_column(index=True)


class Outage(SQLModel, table=True):
    """A part of the vault that workers cannot reach: "originals", "copies" or "keys"."""

    part: str = Field(primary_key=True)
    since: datetime = time_column()


class Counter(SQLModel, table=True):
    """Things that are counted, not entered: unauthenticated requests, say."""

    name: str = Field(primary_key=True)
    value: int = Field(default=0, sa_column=Column(_Big, nullable=False))
