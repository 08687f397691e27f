"""The look-up beside the log: filled with each entry, in its transaction, and made anew from the entries.

Nothing here is believed by a verification. What it lists is shown by the entry's own text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy import Row as SqlRow

from audit.entry import Entry
from audit.errors import MalformedEntry
from gateway.store.log_terms import EVERY, Row, rows_of

BATCH: Final = 5_000
"""Entries read at a time when the look-up is made anew: some 30,000 rows in memory."""

SORT_BYTES: Final = 256 * 1024 * 1024
"""What the database may use to sort the look-up's rows before it falls back on a file."""

_COLUMNS = "term, at, entry_id, actor, action"
_FROM_ARRAYS = "SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::integer[], %s::integer[])"

_SORTED = (
    "INSERT INTO log_term (term, at, entry_id, actor, action) "
    "SELECT term, at, entry_id, actor, action FROM log_term_unsorted ORDER BY 1, 2, 3"
)
_READ = text("SELECT id, entry FROM log_entry WHERE id > :after AND refused IS NULL ORDER BY id LIMIT :limit")


def add(connection: Connection, entries: Iterable[tuple[int, Entry]]) -> None:
    """The rows of entries that were just written, by their rows' ids."""
    insert(connection, [row for number, entry in entries for row in rows_of(number, entry)])


def rebuild(connection: Connection) -> int:
    """Makes the look-up anew from the entries' own texts; returns how many it lists.

    Sorted once, then written from front to end: in the order in which they come, a million entries' rows
    would each change another place of the table.
    """
    _give_room(connection)
    connection.execute(text("DELETE FROM log_term"))
    connection.execute(
        text(
            "CREATE TEMPORARY TABLE log_term_unsorted "
            "(term BIGINT, at BIGINT, entry_id BIGINT, actor INTEGER, action INTEGER)"
        )
    )
    listed = 0
    for entries in _batches(connection):
        rows = list(chain.from_iterable(rows_of(number, entry) for number, entry in entries))
        _insert(connection, "log_term_unsorted", rows)
        listed += len(entries)
    connection.execute(text(_SORTED))
    connection.execute(text("DROP TABLE log_term_unsorted"))
    return listed


def listed(connection: Connection) -> int:
    """How many entries the look-up lists: one that lists fewer than there are hides some from a search."""
    query = text("SELECT count(*) FROM log_term WHERE term = :every")
    return int(connection.execute(query, {"every": EVERY}).scalar_one())


def insert(connection: Connection, rows: Sequence[Row]) -> None:
    """Rows that are not there."""
    _insert(connection, "log_term", rows)


def parsed(rows: Sequence[SqlRow[Any]]) -> list[tuple[int, Entry]]:
    """Those of the rows that hold an entry. Each has an `id` and an `entry`."""
    return [(row.id, entry) for row in rows if (entry := _parsed(row.entry)) is not None]


def _batches(connection: Connection) -> Iterator[list[tuple[int, Entry]]]:
    after = -1
    while rows := connection.execute(_READ, {"after": after, "limit": BATCH}).all():
        after = rows[-1].id
        yield parsed(rows)


def _parsed(entry: str) -> Entry | None:
    """None for a text that is no entry: whoever bent it is found by a verification, not here."""
    try:
        return Entry.parse(entry.encode("ascii"))
    except (MalformedEntry, UnicodeEncodeError):
        return None


def _insert(connection: Connection, table: str, rows: Sequence[Row]) -> None:
    if not rows:
        return
    into = f"INSERT INTO {table} ({_COLUMNS})"
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"{into} VALUES (?, ?, ?, ?, ?)", list(rows))
    else:
        # One statement whatever the number: a tenth of the time that as many statements take.
        columns = tuple(list(column) for column in zip(*rows, strict=True))
        connection.exec_driver_sql(f"{into} {_FROM_ARRAYS}", columns)


def _give_room(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size = -{SORT_BYTES // 1024}")
    else:
        connection.exec_driver_sql(f"SET LOCAL work_mem = '{SORT_BYTES // 1024}kB'")
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")  # one statement sorts all of it
