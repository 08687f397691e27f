"""On PostgreSQL nobody waits for ever: not for a connection, a lock or a statement; but for migrations."""

from __future__ import annotations

import socket

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from gateway.store import database as module
from gateway.store.database import Database
from tests.support.postgres import PostgresServer

SHOWN = "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"


@pytest.fixture
def name(postgres: PostgresServer, postgres_template: str) -> str:
    return postgres.create("timeouts", template=postgres_template)


def test_locks_and_statements_are_given_up_and_migrations_are_not(
    postgres: PostgresServer, name: str
) -> None:
    database = Database(name)
    with database.reading() as session:
        assert tuple(session.connection().execute(text(SHOWN)).one()) == ("15s", "1min")
    with database.alone(), database.engine.connect() as beside:
        others = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        assert beside.execute(others).scalar_one() == 0
        assert tuple(beside.execute(text(SHOWN)).one()) == ("15s", "1min")
        database.migrate()
    with database.reading() as session:
        assert tuple(session.connection().execute(text(SHOWN)).one()) == ("15s", "1min")
    database.close()
    postgres.drop("timeouts")


def test_a_lock_that_another_holds_is_not_waited_for_for_ever(
    postgres: PostgresServer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 1)
    holder, waiter = Database(name), Database(name)
    lock = text("LOCK TABLE counter IN ACCESS EXCLUSIVE MODE")
    with holder.engine.begin() as connection:
        connection.execute(lock)
        with pytest.raises(OperationalError, match="lock timeout"), waiter.engine.begin() as other:
            other.execute(lock)
    holder.close()
    waiter.close()
    postgres.drop("timeouts")


def test_a_server_that_accepts_and_says_nothing_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 2)  # libpq's least
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = Database(f"postgresql+psycopg://p@127.0.0.1:{silent.getsockname()[1]}/p")
        with pytest.raises(OperationalError), database.reading() as session:
            session.connection()
        database.close()
