"""Roots over ranges of the log: what is put together from kept roots is what hashing the leaves gives."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from audit.merkle import consistency_proof, consistency_ranges, inclusion_proof, inclusion_ranges, leaf_hash
from gateway.store.database import Database
from gateway.store.queries import log_tree

LEAVES = [leaf_hash(bytes([number])) for number in range(27)]


@pytest.fixture
def grown(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """27 leaves in blocks of four, the last one unfinished."""
    monkeypatch.setattr(log_tree, "BLOCK", 4)
    insert = text(
        "INSERT INTO log_entry (writer, sequence, entry, leaf_index, leaf_hash) VALUES ('w', :n, 'e', :n, :h)"
    )
    with database.engine.begin() as connection:
        connection.execute(insert, [{"n": number, "h": leaf} for number, leaf in enumerate(LEAVES)])
        assert log_tree.close_blocks(connection, 11) == 2
        assert log_tree.close_blocks(connection, 27) == 4
        assert log_tree.close_blocks(connection, 27) == 0
    return database


def test_every_inclusion_proof_is_the_one_that_the_leaves_give(grown: Database) -> None:
    with grown.reading() as session:
        for size in (1, 2, 4, 5, 8, 16, 17, 26, 27):
            for index in range(size):
                found = log_tree.roots(session, inclusion_ranges(index, size))
                assert found == inclusion_proof(LEAVES, index, size), (index, size)


def test_every_consistency_proof_is_the_one_that_the_leaves_give(grown: Database) -> None:
    with grown.reading() as session:
        for new in (3, 8, 19, 27):
            for old in range(new + 1):
                found = log_tree.roots(session, consistency_ranges(old, new))
                assert found == consistency_proof(LEAVES, old, new), (old, new)


def test_without_kept_roots_the_leaves_are_enough(grown: Database) -> None:
    with grown.engine.begin() as connection:
        connection.execute(text("DELETE FROM log_block WHERE number IN (1, 4)"))
    with grown.reading() as session:
        assert log_tree.roots(session, inclusion_ranges(20, 27)) == inclusion_proof(LEAVES, 20, 27)


def test_a_leaf_that_is_gone_is_told_where_it_is_needed(grown: Database) -> None:
    with grown.engine.begin() as connection:
        connection.execute(text("DELETE FROM log_entry WHERE leaf_index = 21"))
    with grown.reading() as session:
        with pytest.raises(log_tree.Incomplete, match="20 to 21"):
            log_tree.roots(session, inclusion_ranges(22, 27))
        assert log_tree.roots(session, inclusion_ranges(3, 16)) == inclusion_proof(LEAVES, 3, 16)


def test_a_block_that_lacks_a_leaf_gets_no_root(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_tree, "BLOCK", 4)
    with database.engine.begin() as connection:
        assert log_tree.close_blocks(connection, 9) == 0
