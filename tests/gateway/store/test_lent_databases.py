"""A database that another test had is as good as a new one: what all tests on PostgreSQL rest on."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text

from tests.support import lent_database
from tests.support.lent_database import LentDatabases
from tests.support.postgres import PostgresServer

ENTRY = "INSERT INTO log_entry (writer, sequence, entry) VALUES ('w', 0, '{}') RETURNING id"
VERSION = "SELECT version_num FROM alembic_version"


@pytest.fixture(scope="module")
def lender(postgres: PostgresServer, postgres_template: str) -> LentDatabases:
    return LentDatabases(postgres, postgres_template)


def told(url: str, *statements: str) -> Any:
    """What the last of them answers first."""
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            for statement in statements:
                answer = connection.execute(text(statement))
            return answer.scalar() if answer.returns_rows else None
    finally:
        engine.dispose()


def test_what_came_in_is_gone_and_counting_begins_anew(lender: LentDatabases) -> None:
    with lender.lent() as first:
        version = told(first, VERSION)
        assert told(first, ENTRY) == 1
        told(first, "DELETE FROM alembic_version")
    with lender.lent() as second:
        assert second == first
        assert told(second, VERSION) == version
        assert told(second, "SELECT count(*) FROM log_entry") == 0
        assert told(second, ENTRY) == 1


@pytest.mark.parametrize(
    "change",
    [
        ("CREATE TABLE more (id INTEGER)",),
        ("DROP INDEX log_inbox",),
        ("ALTER TABLE log_entry ALTER COLUMN writer DROP NOT NULL",),
        ("ALTER TABLE log_entry RENAME TO away", "ALTER TABLE away RENAME TO log_entry"),
        ("ALTER TABLE copy DISABLE TRIGGER ALL",),
    ],
    ids=["table", "index", "column", "there-and-back", "trigger"],
)
def test_a_changed_schema_is_nobody_elses(lender: LentDatabases, change: tuple[str, ...]) -> None:
    with lender.lent() as first:
        told(first, *change)
    with lender.lent() as second:
        assert second != first


def test_a_changed_setting_is_nobody_elses(lender: LentDatabases) -> None:
    with lender.lent() as first:
        name = told(first, "SELECT current_database()")
        told(first, f'ALTER DATABASE "{name}" SET lock_timeout = 1')
    with lender.lent() as second:
        assert second != first


def test_a_database_that_was_shut_is_nobody_elses(lender: LentDatabases, postgres: PostgresServer) -> None:
    with lender.lent() as first:
        postgres.allow(told(first, "SELECT current_database()"), False)
    with lender.lent() as second:
        assert second != first


def test_one_that_has_grown_is_nobody_elses(lender: LentDatabases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lent_database, "GROWN", -1)
    with lender.lent() as first:
        pass
    with lender.lent() as second:
        assert second != first


def test_who_is_still_there_is_sent_away(lender: LentDatabases) -> None:
    with lender.lent() as first:
        engine = create_engine(first)
        left = engine.connect()
        left.execute(text("LOCK TABLE log_entry"))
    with lender.lent() as second:
        assert told(second, ENTRY) == 1
    left.invalidate()
    engine.dispose()


def test_two_at_once_are_two(lender: LentDatabases) -> None:
    with lender.lent() as first, lender.lent() as second:
        assert first != second
