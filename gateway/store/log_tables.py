"""Rows beside the log: derived from it, to be made anew at any time, and believed by no verification.

`log_check` alone is no derivative: it holds what verifications found.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, text
from sqlmodel import Field, SQLModel

from gateway.store.columns import bytes_column, time_column

_Big = BigInteger().with_variant(Integer, "sqlite")

_RUNNING = text("state = 'running'")


def _key(kind: Any) -> Any:
    return Field(sa_column=Column(kind, primary_key=True, autoincrement=False))


class LogTerm(SQLModel, table=True):
    """One thing that one entry can be looked up by, see `log_terms`. All in the key: lists are read from it.

    Without a reference to the entry: a look-up that points to nothing is passed over, and a log from which a
    row was taken must still be readable.
    """

    __tablename__ = "log_term"
    __table_args__ = ({"sqlite_with_rowid": False},)
    term: int = _key(_Big)
    at: int = _key(_Big)
    entry_id: int = _key(_Big)
    actor: int = _key(Integer)
    action: int = _key(Integer)


class LogBlock(SQLModel, table=True):
    """The root over BLOCK leaves of the tree, so that a proof need not hash the whole log."""

    __tablename__ = "log_block"
    number: int = _key(_Big)
    root: bytes = bytes_column()


class LogCheck(SQLModel, table=True):
    """One verification of the whole log. One runs at a time; seen_at: its last sign of life.

    report: what `audit.report` found, once it is finished; its findings cut to what a page shows.
    """

    __tablename__ = "log_check"
    __table_args__ = (
        Index("one_running_check", "state", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        Index("log_check_by_time", "begun_at"),
    )
    id: str = Field(primary_key=True)
    state: str
    asked_by: str = Field(foreign_key="person.id")
    begun_at: datetime = time_column()
    seen_at: datetime = time_column()
    finished_at: datetime | None = time_column(nullable=True)
    done: int = Field(default=0, sa_column=Column(_Big, nullable=False))
    due: int = Field(default=0, sa_column=Column(_Big, nullable=False))
    verdict: str | None = None
    report: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
