"""Work that only one process may do at a time, claimed for the length of a transaction."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import text
from sqlmodel import Session


class Task(IntEnum):
    """The PostgreSQL advisory lock's number for each; any fixed numbers do."""

    SEQUENCE = 0x73657175
    REAP = 0x72656170
    SET_UP = 0x73657475
    OFFICERS = 0x6F666669


def claim(session: Session, task: Task) -> bool:
    """True when this transaction alone has the task. SQLite's write lock does that by itself."""
    if session.get_bind().dialect.name == "sqlite":
        return True
    query = text("SELECT pg_try_advisory_xact_lock(:key)")
    return bool(session.connection().execute(query, {"key": task.value}).scalar_one())


def wait_for(session: Session, task: Task) -> None:
    """Until this transaction alone has the task; SQLite's write lock does that by itself."""
    if session.get_bind().dialect.name != "sqlite":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": task.value})
