"""The look-up and the kept roots made anew while everything runs: range by range, each in a moment.

A look-up row of an entry that came after the beginning is its writer's, and is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from audit.entry import Entry
from gateway.store.log_terms import Row
from gateway.store.queries import log_index, log_tree

BATCH: Final = 5_000
"""Rows of the look-up in one range: some 30 ms of the write lock, where the range is not as it should be."""

BLOCKS: Final = 16
"""Kept roots in one: their leaves are read and hashed before."""

_COLUMNS: Final = "term, at, entry_id, actor, action"
_KEY: Final = "(:{0}0, :{0}1, :{0}2, :{0}3, :{0}4)"
# Rows of entries up to the beginning, and of those that are not there at all.
_OURS: Final = "(entry_id <= :upto OR entry_id > (SELECT coalesce(max(id), -1) FROM log_entry))"


def settled(connection: Connection) -> int:
    """The newest entry's row, -1 where there is none: of those before it, none is still being written."""
    if connection.dialect.name != "sqlite":  # there, whoever writes writes alone
        connection.execute(text("LOCK TABLE log_entry IN SHARE MODE"))
    return int(connection.execute(text("SELECT coalesce(max(id), -1) FROM log_entry")).scalar_one())


def entries(connection: Connection, *, after: int, upto: int) -> tuple[list[tuple[int, Entry]], int | None]:
    """The next entries by their rows' ids, and the last id that was read; None behind the end."""
    query = text(
        "SELECT id, entry FROM log_entry WHERE id > :after AND id <= :upto AND refused IS NULL "
        "ORDER BY id LIMIT :limit"
    )
    rows = connection.execute(query, {"after": after, "upto": upto, "limit": log_index.BATCH}).all()
    return log_index.parsed(rows), rows[-1].id if rows else None


def listed(connection: Connection, after: Row | None, until: Row | None, *, upto: int) -> list[Row]:
    """What the look-up says in a range of it: behind `after`, up to `until` and with it."""
    where, values = _range(after, until, upto)
    query = text(f"SELECT {_COLUMNS} FROM log_term WHERE {where} ORDER BY {_COLUMNS}")  # noqa: S608  (our own words)
    return [(row[0], row[1], row[2], row[3], row[4]) for row in connection.execute(query, values)]


def replace(
    connection: Connection, after: Row | None, until: Row | None, rows: Sequence[Row], *, upto: int
) -> None:
    """Makes the range say this."""
    where, values = _range(after, until, upto)
    connection.execute(text(f"DELETE FROM log_term WHERE {where}"), values)  # noqa: S608  (our own words)
    log_index.insert(connection, rows)


def _range(after: Row | None, until: Row | None, upto: int) -> tuple[str, dict[str, int]]:
    parts, values = [_OURS], {"upto": upto}
    for name, sign, key in (("after", ">", after), ("until", "<=", until)):
        if key is not None:
            parts.append(f"({_COLUMNS}) {sign} {_KEY.format(name)}")
            values |= {f"{name}{place}": value for place, value in enumerate(key)}
    return " AND ".join(parts), values


def roots(connection: Connection, first: int) -> list[bytes]:
    """The roots over the next blocks that the signed tree fills, from their leaves; fewer where some lack."""
    size = connection.execute(text("SELECT max(size) FROM log_checkpoint")).scalar_one() or 0
    found = []
    for number in range(first, min(first + BLOCKS, int(size) // log_tree.BLOCK)):
        root = log_tree.root_of_block(connection, number)
        if root is None:
            break
        found.append(root)
    return found


def kept(connection: Connection, first: int, count: int) -> list[bytes]:
    """Those of the roots that are kept, as far as there is none missing."""
    return log_tree.kept_roots(connection, first, first + count)


def is_any_kept(connection: Connection, first: int) -> bool:
    """Whether a root from `first` on is."""
    query = text("SELECT 1 FROM log_block WHERE number >= :first LIMIT 1")
    return connection.execute(query, {"first": first}).first() is not None


def keep(connection: Connection, first: int, found: Sequence[bytes]) -> None:
    """Makes the kept roots from `first` on say this."""
    connection.execute(
        text("DELETE FROM log_block WHERE number >= :first AND number < :end"),
        {"first": first, "end": first + len(found)},
    )
    rows = [{"number": first + place, "root": root} for place, root in enumerate(found)]
    connection.execute(text("INSERT INTO log_block (number, root) VALUES (:number, :root)"), rows)


def drop_behind(connection: Connection, first: int) -> None:
    """No root from `first` on is kept, unless the tree has filled its block meanwhile."""
    if not roots(connection, first):
        connection.execute(text("DELETE FROM log_block WHERE number >= :first"), {"first": first})
