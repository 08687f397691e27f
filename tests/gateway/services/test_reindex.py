"""The look-up made anew while others write: range by range, and what is right already is not touched."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from gateway.services.reindex import reindex
from gateway.store.database import Database
from gateway.store.queries import log_index, log_repair, log_tree

ROWS = text("SELECT term, at, entry_id, actor, action FROM log_term ORDER BY 1, 2, 3, 4, 5")

ENTRIES = 12


@pytest.fixture
def told(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A log of twelve entries, in ranges so small that there are many."""
    monkeypatch.setattr(log_repair, "BATCH", 4)
    monkeypatch.setattr(log_index, "BATCH", 5)
    for number in range(ENTRIES):
        write(database, f"person-{number % 3}")
    return database


def write(database: Database, actor: str) -> None:
    with database.unit() as unit:
        unit.ledger.record(actor=actor, action="copy.delivered", subject="copy-1", dataset="dataset-1")


def rows(database: Database) -> list[tuple[int, ...]]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(ROWS)]


def change(database: Database, statement: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text(statement))


def nobody(_: float) -> None:
    raise AssertionError("something was written")


SPOILS = [
    "DELETE FROM log_term",
    "DELETE FROM log_term WHERE entry_id IN (SELECT min(id) + 3 FROM log_entry)",
    "UPDATE log_term SET actor = 7 WHERE entry_id IN (SELECT max(id) FROM log_entry)",
    "INSERT INTO log_term VALUES (9223372036854775807, 1, 1, 1, 1)",
    "INSERT INTO log_term VALUES (-9223372036854775808, 1, 1000000, 1, 1)",
]


def test_whatever_it_said_it_says_what_the_entries_say(told: Database) -> None:
    right = rows(told)
    for spoil in SPOILS:
        change(told, spoil)
        assert rows(told) != right, spoil
        done = reindex(told, rest=lambda _: None)
        assert rows(told) == right, spoil
        assert (done.entries, done.mended > 0) == (ENTRIES, True)


def test_what_is_right_is_not_written_again(told: Database) -> None:
    done = reindex(told, rest=nobody)
    assert (done.entries, done.mended) == (ENTRIES, 0)


def test_others_write_meanwhile_and_their_entries_stay_listed(told: Database) -> None:
    right = rows(told)
    change(told, "DELETE FROM log_term")
    rests = 0

    def rest(_: float) -> None:
        nonlocal rests
        rests += 1
        if rests in (1, 3):
            write(told, "somebody-else")  # where the lock was still held, this would wait for ever

    reindex(told, rest=rest)
    assert rests > 3
    found = rows(told)
    assert [row for row in found if row in set(right)] == right
    newer = {row[2] for row in found} - {row[2] for row in right}
    assert len(newer) == 2
    assert reindex(told, rest=nobody).entries == ENTRIES + 2


def test_whoever_interrupts_it_loses_nothing_that_was_there(told: Database) -> None:
    change(told, "DELETE FROM log_term WHERE entry_id IN (SELECT min(id) FROM log_entry)")
    before = set(rows(told))

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reindex(told, rest=interrupted)
    assert before < set(rows(told))


SPOILT_ROOTS = [
    "DELETE FROM log_block",
    "DELETE FROM log_block WHERE number = 1",
    "UPDATE log_block SET root = (SELECT root FROM log_block WHERE number = 0)",
    "INSERT INTO log_block SELECT 9, root FROM log_block WHERE number = 0",
]


def test_kept_roots_are_those_of_the_leaves(told: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_tree, "BLOCK", 2)
    monkeypatch.setattr(log_repair, "BLOCKS", 2)
    with told.engine.begin() as connection:
        place = "UPDATE log_entry SET leaf_index = id - (SELECT min(id) FROM log_entry), leaf_hash = :leaf"
        connection.execute(text(place), {"leaf": bytes(32)})
        connection.execute(
            text("UPDATE log_entry SET leaf_hash = :leaf WHERE leaf_index > 2"), {"leaf": b"1" * 32}
        )
        signed = "INSERT INTO log_checkpoint (size, note, frontier, created_at) VALUES (11, '', :none, :at)"
        connection.execute(text(signed), {"none": b"", "at": "2031-05-01 12:00:00"})
        log_tree.rebuild_blocks(connection)
    right = kept(told)
    assert len(right) == 5
    for spoil in SPOILT_ROOTS:
        change(told, spoil)
        assert kept(told) != right, spoil
        assert reindex(told, rest=lambda _: None).blocks == 5
        assert kept(told) == right, spoil


def kept(database: Database) -> list[tuple[int, bytes]]:
    with database.engine.connect() as connection:
        query = text("SELECT number, root FROM log_block ORDER BY number")
        return [(row.number, bytes(row.root)) for row in connection.execute(query)]
