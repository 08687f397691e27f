"""Hashes out of the log's tree, without hashing the whole of it.

The roots over blocks of BLOCK leaves are kept beside the log; what a proof needs is put together from them
and from the leaves at the edges. Kept roots are believed by nobody: a proof that is made with a wrong one
does not lead to the signed root.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text
from sqlmodel import Session

from audit.merkle import CompactTree, Range

BLOCK: Final = 1024
"""Leaves under one kept root, a power of two: a proof reads two blocks' leaves, and a root for each block."""

_LEAVES = text(
    "SELECT leaf_hash FROM log_entry WHERE leaf_index >= :low AND leaf_index < :high ORDER BY leaf_index"
)
_NEXT = text("SELECT max(number) FROM log_block")
_ADD = text("INSERT INTO log_block (number, root) VALUES (:number, :root)")


class Incomplete(Exception):
    """Leaves, or roots over them, are not there: rows were taken out."""


def close_blocks(connection: Connection, size: int) -> int:
    """Keeps the root of every block that a tree of `size` leaves fills; returns how many were new.

    A block that lacks a leaf is left, and so are those behind it: a proof is then made from leaves.
    """
    last = connection.execute(_NEXT).scalar_one()
    first = 0 if last is None else int(last) + 1
    for number in range(first, size // BLOCK):
        root = root_of_block(connection, number)
        if root is None:
            return number - first
        connection.execute(_ADD, {"number": number, "root": root})
    return max(0, size // BLOCK - first)


def root_of_block(connection: Connection, number: int) -> bytes | None:
    """From its leaves; None where one of them lacks."""
    leaves = _leaves(connection, (number * BLOCK, (number + 1) * BLOCK))
    return _tree(leaves).root() if len(leaves) == BLOCK else None


def rebuild_blocks(connection: Connection) -> int:
    """Makes the kept roots anew from the leaves; returns how many there are."""
    connection.execute(text("DELETE FROM log_block"))
    size = connection.execute(text("SELECT max(size) FROM log_checkpoint")).scalar_one()
    return 0 if size is None else close_blocks(connection, int(size))


def roots(session: Session, ranges: Sequence[Range]) -> list[bytes]:
    """The roots over ranges of leaves, as `inclusion_ranges` and `consistency_ranges` name them.

    Each range begins where a subtree of its size may. Raises Incomplete where leaves are missing.
    """
    connection = session.connection()
    return [_root(connection, low, high) for low, high in ranges]


def _root(connection: Connection, low: int, high: int) -> bytes:
    if high - low <= BLOCK or low % BLOCK:
        leaves = _leaves(connection, (low, high))
        if len(leaves) != high - low:
            raise Incomplete(f"of the leaves {low} to {high - 1}, {high - low - len(leaves)} are missing")
        return _tree(leaves).root()
    whole = (high - low) // BLOCK
    kept = kept_roots(connection, low // BLOCK, low // BLOCK + whole)
    edge = (low + len(kept) * BLOCK, high)
    rest = _leaves(connection, edge)
    if len(rest) != edge[1] - edge[0]:
        raise Incomplete(f"leaves from {edge[0]} to {edge[1] - 1} are missing")
    # Blocks are leaves of the tree above them: its frontier, and behind it that of the rest, is the frontier
    # of the whole, since a block is larger than any subtree of what is not a block.
    above = _tree(kept)
    if len(rest) >= BLOCK:  # blocks without a kept root: their leaves are all here
        count = len(rest) // BLOCK
        for number in range(count):
            above.append(_tree(rest[number * BLOCK : (number + 1) * BLOCK]).root())
        rest = rest[count * BLOCK :]
    return CompactTree(high - low, [*above.frontier, *_tree(rest).frontier]).root()


def kept_roots(connection: Connection, low: int, high: int) -> list[bytes]:
    """The kept roots of the blocks from `low` on, as far as there is none missing."""
    rows = connection.execute(
        text("SELECT number, root FROM log_block WHERE number >= :low AND number < :high ORDER BY number"),
        {"low": low, "high": high},
    ).all()
    return [bytes(row.root) for place, row in enumerate(rows) if row.number == low + place]


def _leaves(connection: Connection, span: Range) -> list[bytes]:
    rows = connection.execute(_LEAVES, {"low": span[0], "high": span[1]})
    return [bytes(row.leaf_hash or b"") for row in rows]


def _tree(hashes: Sequence[bytes]) -> CompactTree:
    tree = CompactTree()
    for value in hashes:
        tree.append(value)
    return tree
