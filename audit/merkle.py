"""The Merkle tree of RFC 9162 (Certificate Transparency 2.0), section 2.1, over SHA-256. Pure.

A leaf is hashed as SHA-256(0x00 || data), a node as SHA-256(0x01 || left || right), so that neither can
pass for the other. A tree of n > 1 leaves has the largest power of two below n on its left.

- `CompactTree` appends in constant memory: it keeps the roots of the perfect subtrees only (the frontier).
- `inclusion_proof` shows that a leaf is in a tree; `consistency_proof` that a tree extends an older one. Each
  is the roots over a few ranges of leaves, which `inclusion_ranges` and `consistency_ranges` name: whoever
  keeps roots of subtrees need not hash a whole log for a proof.
- The verifiers return None or raise a ProofError that says what is wrong; `inclusion_path` tells each step.

All hashes are 32 bytes. Indices count from 0, sizes are numbers of leaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from audit.errors import MalformedHash, ProofOutOfRange, ProofTooLong, ProofTooShort, RootMismatch

HASH_BYTES = 32  # SHA-256
EMPTY_ROOT = hashlib.sha256(b"").digest()  # RFC 9162, section 2.1.1: the hash of an empty list

_LEAF = b"\x00"
_NODE = b"\x01"

Range = tuple[int, int]
"""The leaves [low, high)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One level of an inclusion proof: two hashes and the one above them, all of 32 bytes.

    left_is_given: the left hash is the proof's and the right one was computed; otherwise the other way round.
    """

    left: bytes
    right: bytes
    above: bytes
    left_is_given: bool


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf that holds `data`."""
    return hashlib.sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node above two 32-byte hashes."""
    return hashlib.sha256(_NODE + left + right).digest()


class CompactTree:
    """A tree that can grow and tell its root, in the memory of at most 64 hashes.

    The frontier holds the roots of the perfect subtrees from left to right, the largest first: one for
    each bit set in the size. Size and frontier are all there is to store between two runs.
    """

    __slots__ = ("_frontier", "_size")

    def __init__(self, size: int = 0, frontier: Sequence[bytes] = ()) -> None:
        """Raises ProofOutOfRange unless the frontier has a hash for each bit of `size`, or MalformedHash."""
        if size < 0 or len(frontier) != size.bit_count():
            raise ProofOutOfRange(f"{len(frontier)} hashes are not the frontier of a tree of {size} leaves")
        _check_hashes(frontier)
        self._size = size
        self._frontier = list(frontier)

    @property
    def size(self) -> int:
        return self._size

    @property
    def frontier(self) -> list[bytes]:
        """A copy, to be stored and handed to the constructor again."""
        return list(self._frontier)

    def append(self, leaf: bytes) -> None:
        """Adds a leaf by its hash. Raises MalformedHash if that is not 32 bytes."""
        _check_hashes((leaf,))
        # Each trailing 1 bit of the size is a perfect subtree that the new leaf completes to a larger one.
        carry, bits = leaf, self._size
        while bits & 1:
            carry = node_hash(self._frontier.pop(), carry)
            bits >>= 1
        self._frontier.append(carry)
        self._size += 1

    def root(self) -> bytes:
        """The root of the leaves so far; EMPTY_ROOT for none."""
        if not self._frontier:
            return EMPTY_ROOT
        result = self._frontier[-1]
        for subtree in reversed(self._frontier[:-1]):
            result = node_hash(subtree, result)
        return result


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of the tree over these leaf hashes."""
    return _range_root(leaf_hashes, 0, len(leaf_hashes))


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int, size: int) -> list[bytes]:
    """The hashes that lead from leaf `index` to the root of the first `size` leaves, lowest first.

    RFC 9162, section 2.1.3.1. Raises ProofOutOfRange unless 0 <= index < size <= number of leaves.
    """
    if not 0 <= index < size <= len(leaf_hashes):
        raise ProofOutOfRange(f"no leaf {index} in a tree of {size} out of {len(leaf_hashes)} leaves")
    return [_range_root(leaf_hashes, low, high) for low, high in inclusion_ranges(index, size)]


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Over which leaves the hashes of an inclusion proof are roots, in the proof's order.

    Raises ProofOutOfRange unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ProofOutOfRange(f"no leaf {index} in a tree of {size} leaves")
    ranges: list[Range] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return ranges[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Returns if the leaf stands at `index` in the tree of `size` leaves with this root.

    RFC 9162, section 2.1.3.2. Raises the ProofError that names what is wrong.
    """
    path = inclusion_path(leaf, index, size, proof)
    _check_hashes((root,))
    if (path[-1].above if path else leaf) != root:
        raise RootMismatch(f"leaf {index} does not lead to the root of {size} leaves")


def inclusion_path(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> list[Step]:
    """The steps by which a proof leads from a leaf to a root, lowest first: what `verify_inclusion` takes.

    Empty for a tree of one leaf. Raises ProofError for a proof that fits no tree of this size.
    """
    if not 0 <= index < size:
        raise ProofOutOfRange(f"no leaf {index} in a tree of {size} leaves")
    _check_hashes((leaf, *proof))
    path: list[Step] = []
    result, first, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            raise ProofTooLong(f"the proof goes on above the root of {size} leaves")
        is_right = bool(first & 1) or first == last
        left, right = (sibling, result) if is_right else (result, sibling)
        result = node_hash(left, right)
        path.append(Step(left, right, result, is_right))
        if is_right:
            first, last = _skip_lone_levels(first, last)
        first, last = first >> 1, last >> 1
    if last != 0:
        raise ProofTooShort(f"the proof ends below the root of {size} leaves")
    return path


def consistency_proof(leaf_hashes: Sequence[bytes], old: int, new: int) -> list[bytes]:
    """The hashes that show the first `new` leaves to begin with the first `old` ones.

    RFC 9162, section 2.1.4.1; empty if the sizes are equal or the old tree is. Raises ProofOutOfRange unless
    0 <= old <= new <= number of leaves.
    """
    if not 0 <= old <= new <= len(leaf_hashes):
        raise ProofOutOfRange(f"no step from {old} to {new} in {len(leaf_hashes)} leaves")
    return [_range_root(leaf_hashes, low, high) for low, high in consistency_ranges(old, new)]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Over which leaves the hashes of a consistency proof are roots, in the proof's order.

    Raises ProofOutOfRange unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ProofOutOfRange(f"a tree of {new} leaves does not extend one of {old}")
    if old in (0, new):
        return []
    ranges: list[Range] = []
    low, high, whole = 0, new, True  # whole: the subtree at hand starts where the old tree does
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low, whole = middle, False
    if not whole:
        ranges.append((low, high))
    return ranges[::-1]


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Returns if the tree of `new` leaves and root `new_root` begins with the tree of `old` and `old_root`.

    RFC 9162, section 2.1.4.2. Raises the ProofError that names what is wrong.
    """
    if not 0 <= old <= new:
        raise ProofOutOfRange(f"a tree of {new} leaves does not extend one of {old}")
    _check_hashes((old_root, new_root, *proof))
    if old in (0, new):
        _verify_trivial(old, new, old_root, new_root, proof)
        return
    path = list(proof)
    if old.bit_count() == 1:
        path.insert(0, old_root)  # the old tree is itself the first subtree of the proof
    if not path:
        raise ProofTooShort("the proof holds no hash")
    _walk_consistency(old, new, old_root, new_root, path)


def _walk_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old_result = new_result = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofTooLong(f"the proof goes on above the root of {new} leaves")
        if first & 1 or first == last:
            old_result = node_hash(sibling, old_result)
            new_result = node_hash(sibling, new_result)
            first, last = _skip_lone_levels(first, last)
        else:
            new_result = node_hash(new_result, sibling)
        first, last = first >> 1, last >> 1
    if last != 0:
        raise ProofTooShort(f"the proof ends below the root of {new} leaves")
    if old_result != old_root:
        raise RootMismatch(f"the proof does not lead to the old root, of {old} leaves")
    if new_result != new_root:
        raise RootMismatch(f"the proof does not lead to the new root, of {new} leaves")


def _verify_trivial(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise ProofTooLong(f"from {old} to {new} leaves there is nothing to prove")
    if old == 0 and old_root != EMPTY_ROOT:
        raise RootMismatch("the old tree is empty and its root is not that of the empty tree")
    if old == new and old_root != new_root:
        raise RootMismatch(f"two roots for the same {old} leaves")


def _skip_lone_levels(first: int, last: int) -> tuple[int, int]:
    """Up to the level at which a right-hand node has a left sibling again."""
    while first and not first & 1:
        first, last = first >> 1, last >> 1
    return first, last


def _split(count: int) -> int:
    """The largest power of two below count, for count > 1."""
    return 1 << ((count - 1).bit_length() - 1)


def _range_root(leaf_hashes: Sequence[bytes], low: int, high: int) -> bytes:
    """The root over the leaves [low, high)."""
    tree = CompactTree()
    for position in range(low, high):
        tree.append(leaf_hashes[position])
    return tree.root()


def _check_hashes(hashes: Sequence[bytes]) -> None:
    for value in hashes:
        if len(value) != HASH_BYTES:
            raise MalformedHash(f"a hash has {HASH_BYTES} bytes, not {len(value)}")
