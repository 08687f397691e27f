"""Migrated databases on PostgreSQL that tests have one after the other, each as if it were new.

Making one copies some eight megabytes, which takes more processor time than most tests that ask for it. What
comes back is emptied; a database whose schema, settings or size a test has changed is dropped, and so is one
that cannot be looked at: the next test gets a new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

from tests.support.postgres import PostgresServer
from tests.support.processes import wait_until

GROWN = 4 * 2**20
"""Bytes: rows that are deleted stay in their files until they are vacuumed, which nobody does here."""

CATALOGS = (
    *(
        "pg_attrdef",
        "pg_attribute",
        "pg_class",
        "pg_constraint",
        "pg_event_trigger",
        "pg_extension",
        "pg_index",
    ),
    *("pg_inherits", "pg_largeobject_metadata", "pg_namespace", "pg_policy", "pg_proc", "pg_rewrite"),
    *("pg_sequence", "pg_statistic_ext", "pg_trigger", "pg_type"),
)
"""Whatever changes a schema writes a row of one of these, even where it is taken back again."""

SCHEMA = sql.SQL(" UNION ALL ").join(
    sql.SQL("SELECT count(*), sum(xmin::text::bigint) FROM {}").format(sql.Identifier("pg_catalog", name))
    for name in CATALOGS
) + sql.SQL(
    " UNION ALL SELECT count(*), sum(xmin::text::bigint) FROM pg_catalog.pg_db_role_setting"
    " WHERE setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))"
)

TABLES = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public' ORDER BY tablename"
SEQUENCES = (
    "SELECT sequencename, last_value, start_value FROM pg_catalog.pg_sequences WHERE schemaname = 'public'"
)
SIZE = "SELECT pg_catalog.pg_database_size(current_database())"
OTHERS = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = %s"

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class _Fresh:
    """What a database was like before anybody had it. rows: by table, of those that are not empty."""

    schema: Rows
    size: int
    tables: list[str]
    rows: dict[str, Rows]
    sequences: Rows


class LentDatabases:
    """On one server, all of them copies of `template`."""

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server = server
        self._template = template
        self._there: dict[str, _Fresh] = {}
        self._free: list[str] = []

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The URL of a database that is as new as it looks."""
        name = self._free.pop() if self._free else self._make()
        try:
            yield self._server.url(name)
        finally:
            self._take_back(name)

    def _make(self) -> str:
        name = f"lent-{uuid4().hex}"
        self._server.create(name, template=self._template)
        with self._server.connect(name) as connection:
            self._there[name] = _look(connection)
        return name

    def _take_back(self, name: str) -> None:
        self._server.terminate(name)
        wait_until(
            lambda: self._server.ask(OTHERS, [name]) == [(0,)], f"the last to leave {name}", every=0.01
        )
        if self._restored(name):
            self._free.append(name)
        else:
            del self._there[name]
            self._server.drop(name)

    def _restored(self, name: str) -> bool:
        fresh = self._there[name]
        try:
            with self._server.connect(name) as connection:
                if connection.execute(SCHEMA).fetchall() != fresh.schema:
                    return False
                _empty(connection, fresh)
                return _size(connection) <= fresh.size + GROWN
        except psycopg.OperationalError:  # a test has shut it
            return False


def _look(connection: psycopg.Connection[Any]) -> _Fresh:
    tables = [name for (name,) in connection.execute(TABLES)]
    rows = {
        table: connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall()
        for table in tables
    }
    return _Fresh(
        schema=connection.execute(SCHEMA).fetchall(),
        size=_size(connection),
        tables=tables,
        rows={table: found for table, found in rows.items() if found},
        sequences=connection.execute(SEQUENCES).fetchall(),
    )


def _empty(connection: psycopg.Connection[Any], fresh: _Fresh) -> None:
    """Takes out what came in, and begins to count anew.

    As a replica does, whom no trigger and no foreign key stops: all tables are emptied anyway.
    """
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in fresh.tables:
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        for table, rows in fresh.rows.items():
            places = sql.SQL(", ").join([sql.Placeholder()] * len(rows[0]))
            put = sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(table), places)
            connection.cursor().executemany(put, rows)
        for sequence, last, start in fresh.sequences:
            counted = [
                sql.Identifier(sequence).as_string(),
                start if last is None else last,
                last is not None,
            ]
            connection.execute("SELECT setval(%s, %s, %s)", counted)


def _size(connection: psycopg.Connection[Any]) -> int:
    ((size,),) = connection.execute(SIZE).fetchall()
    return int(size)
