"""Databases for the rooms that use one: every test runs on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from gateway.store.database import Database
from tests.gateway.store.rows import mac
from tests.support.lent_database import LentDatabases
from tests.support.postgres import PostgresServer, postgres_server

BACKENDS = ("sqlite", "postgresql")
TEMPLATE = "migrated"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """A migrated database, to be copied: migrating one for each test would take most of their time."""
    _migrate(postgres.create(TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def lent_databases(postgres: PostgresServer, postgres_template: str) -> LentDatabases:
    return LentDatabases(postgres, postgres_template)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "migrated.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=BACKENDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'privgate.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"test-{uuid4().hex}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated database."""
    if request.param == "sqlite":
        file = tmp_path / "privgate.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    lender: LentDatabases = request.getfixturevalue("lent_databases")
    with lender.lent() as lent:
        yield lent


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url, mac=mac)
    yield opened
    opened.close()


def _migrate(url: str) -> None:
    database = Database(url)
    with database.alone():
        database.migrate()
    database.close()
