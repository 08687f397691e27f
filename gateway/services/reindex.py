"""The look-up beside the log made anew, and the kept roots, while the gateway works on.

What they should say is put together apart, from the entries. What they do say is then gone through range by
range, and a range that differs is written in a transaction of its own. So the database's write lock is held
for moments, a search finds all the time what it found before or what is right, and whoever interrupts this
leaves ranges that are right and ranges that are as they were.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from gateway.store.database import Database
from gateway.store.log_terms import Row, rows_of
from gateway.store.queries import log_repair

_MAKE: Final = "CREATE TABLE row (term INTEGER, at INTEGER, entry_id INTEGER, actor INTEGER, action INTEGER)"


@dataclass(frozen=True, slots=True)
class Reindexed:
    """entries: that the look-up lists. blocks: whose roots are kept. mended: ranges that differed."""

    entries: int
    blocks: int
    mended: int


class _Pen:
    """Writes, and rests as long as it wrote: others take the lock meanwhile."""

    def __init__(self, database: Database, rest: Callable[[float], object]) -> None:
        self._database = database
        self._rest = rest
        self.used = 0

    def write(self, act: Callable[[Connection], object]) -> None:
        with self._database.unit() as unit:
            begun = time.perf_counter()
            act(unit.session.connection())
        self.used += 1
        self._rest(time.perf_counter() - begun)


def reindex(database: Database, *, rest: Callable[[float], object] = time.sleep) -> Reindexed:
    """rest: called with seconds after each write."""
    with database.unit() as unit:
        upto = log_repair.settled(unit.session.connection())
    pen = _Pen(database, rest)
    # A file of this process alone, which is gone with its connection; it sorts what may not fit into memory.
    with closing(sqlite3.connect("")) as apart:
        apart.execute("PRAGMA journal_mode = OFF")
        apart.execute(_MAKE)
        entries = _put_together(database, apart, upto)
        _go_through(database, apart, upto, pen)
    return Reindexed(entries, _roots(database, pen), pen.used)


def _put_together(database: Database, apart: sqlite3.Connection, upto: int) -> int:
    count, after = 0, -1
    while True:
        with database.reading() as session:
            found, last = log_repair.entries(session.connection(), after=after, upto=upto)
        if last is None:
            return count
        rows = (row for number, entry in found for row in rows_of(number, entry))
        apart.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?)", rows)
        count, after = count + len(found), last


def _go_through(database: Database, apart: sqlite3.Connection, upto: int, pen: _Pen) -> None:
    in_order = apart.execute("SELECT * FROM row ORDER BY 1, 2, 3, 4, 5")
    after: Row | None = None
    while rows := in_order.fetchmany(log_repair.BATCH):
        until: Row = rows[-1]
        _mend(database, after, until, rows, upto, pen)
        after = until
    _mend(database, after, None, [], upto, pen)


def _mend(
    database: Database, after: Row | None, until: Row | None, rows: list[Row], upto: int, pen: _Pen
) -> None:
    with database.reading() as session:
        if log_repair.listed(session.connection(), after, until, upto=upto) == rows:
            return
    pen.write(lambda connection: log_repair.replace(connection, after, until, rows, upto=upto))


def _roots(database: Database, pen: _Pen) -> int:
    first = 0
    while True:
        with database.reading() as session:
            found = log_repair.roots(session.connection(), first)
            same = bool(found) and log_repair.kept(session.connection(), first, len(found)) == found
            more = not found and log_repair.is_any_kept(session.connection(), first)
        if more:
            _drop_behind(pen, first)
        if not found:
            return first
        if not same:
            _keep(pen, first, found)
        first += len(found)


def _drop_behind(pen: _Pen, first: int) -> None:
    pen.write(lambda connection: log_repair.drop_behind(connection, first))


def _keep(pen: _Pen, first: int, found: list[bytes]) -> None:
    pen.write(lambda connection: log_repair.keep(connection, first, found))
