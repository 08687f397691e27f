"""The tree is RFC 9162's: by its own definition, the known roots, and a vector for each mutated proof."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import errors, merkle

VECTORS = sorted((Path(__file__).parents[1] / "vectors").glob("audit-proof-*.json"))
MOST = 40  # leaves; past 32, so that every shape of the upper levels occurs

# The eight leaves and the roots over the first 1 to 8 of them that Certificate Transparency's tests use.
KNOWN_LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
KNOWN_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def defined_root(data: Sequence[bytes]) -> bytes:
    """MTH as RFC 9162, section 2.1.1 writes it down: recursive, over the data itself."""
    if not data:
        return hashlib.sha256().digest()
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = 1
    while 2 * k < len(data):
        k *= 2
    return hashlib.sha256(b"\x01" + defined_root(data[:k]) + defined_root(data[k:])).digest()


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(b"%d" % i) for i in range(count)]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_known_roots_come_out(size: int) -> None:
    hashes = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in KNOWN_LEAVES]
    assert merkle.root(hashes[:size]).hex() == KNOWN_ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root([]).hex() == merkle.CompactTree().root().hex() == known


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_root_and_compact_tree_follow_the_definition(data: list[bytes]) -> None:
    tree = merkle.CompactTree()
    for item in data:
        tree.append(merkle.leaf_hash(item))
    assert tree.size == len(data)
    assert tree.root() == merkle.root([merkle.leaf_hash(item) for item in data]) == defined_root(data)


@given(st.integers(0, 200), st.integers(0, 60))
def test_a_stored_frontier_goes_on_where_it_stopped(before: int, after: int) -> None:
    hashes = leaves(before + after)
    tree = merkle.CompactTree()
    for leaf in hashes[:before]:
        tree.append(leaf)
    resumed = merkle.CompactTree(tree.size, tree.frontier)
    for leaf in hashes[before:]:
        resumed.append(leaf)
    assert resumed.root() == merkle.root(hashes)


@pytest.mark.parametrize(("size", "count"), [(-1, 0), (0, 1), (3, 1), (4, 2)])
def test_a_frontier_that_does_not_fit_the_size_is_refused(size: int, count: int) -> None:
    with pytest.raises(errors.ProofOutOfRange):
        merkle.CompactTree(size, leaves(count))


def test_a_leaf_that_is_no_hash_is_refused() -> None:
    with pytest.raises(errors.MalformedHash):
        merkle.CompactTree().append(b"short")


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_inclusion_proof_verifies(size: int) -> None:
    hashes = leaves(MOST)
    root = merkle.root(hashes[:size])
    for index in range(size):
        proof = merkle.inclusion_proof(hashes, index, size)
        merkle.verify_inclusion(hashes[index], index, size, proof, root)


@pytest.mark.parametrize("new", range(MOST + 1))
def test_every_consistency_proof_verifies(new: int) -> None:
    hashes = leaves(MOST)
    for old in range(new + 1):
        proof = merkle.consistency_proof(hashes, old, new)
        merkle.verify_consistency(old, new, merkle.root(hashes[:old]), merkle.root(hashes[:new]), proof)


@pytest.mark.parametrize("size", range(2, 18))
def test_a_leaf_is_not_proven_at_another_place(size: int) -> None:
    hashes = leaves(size)
    root = merkle.root(hashes)
    for index, other in itertools.permutations(range(size), 2):
        proof = merkle.inclusion_proof(hashes, index, size)
        with pytest.raises(errors.ProofError):
            merkle.verify_inclusion(hashes[index], other, size, proof, root)


@given(st.integers(1, MOST), st.data())
def test_a_changed_bit_in_an_inclusion_proof_is_a_root_mismatch(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    parts = [hashes[index], merkle.root(hashes), *merkle.inclusion_proof(hashes, index, size)]
    place, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
    parts[place] = (int.from_bytes(parts[place], "big") ^ (1 << bit)).to_bytes(32, "big")
    with pytest.raises(errors.RootMismatch):
        merkle.verify_inclusion(parts[0], index, size, parts[2:], parts[1])


@given(st.integers(1, MOST), st.data())
def test_a_changed_leaf_breaks_consistency(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    place = data.draw(st.integers(0, old - 1))
    hashes = leaves(new)
    rewritten = [*hashes[:place], merkle.leaf_hash(b"forged"), *hashes[place + 1 :]]
    proof = merkle.consistency_proof(rewritten, old, new)
    with pytest.raises(errors.RootMismatch):
        merkle.verify_consistency(old, new, merkle.root(hashes[:old]), merkle.root(rewritten), proof)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (0, 5)])
def test_no_inclusion_proof_is_made_out_of_range(index: int, size: int) -> None:
    with pytest.raises(errors.ProofOutOfRange):
        merkle.inclusion_proof(leaves(4), index, size)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3), (1, 5)])
def test_no_consistency_proof_is_made_out_of_range(old: int, new: int) -> None:
    with pytest.raises(errors.ProofOutOfRange):
        merkle.consistency_proof(leaves(4), old, new)


def verify_vector(vector: dict[str, object]) -> None:
    """Hands a vector's fields to the verifier that it is for."""
    fields = json.loads(json.dumps(vector))
    proof = [bytes.fromhex(value) for value in fields["proof"]]
    if fields["verifier"] == "inclusion":
        leaf, root = bytes.fromhex(fields["leaf"]), bytes.fromhex(fields["root"])
        merkle.verify_inclusion(leaf, fields["index"], fields["size"], proof, root)
    else:
        roots = bytes.fromhex(fields["old_root"]), bytes.fromhex(fields["new_root"])
        merkle.verify_consistency(fields["old"], fields["new"], *roots, proof)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_each_vector_ends_as_it_states(path: Path) -> None:
    vector = json.loads(path.read_text())
    if vector["error"] is None:
        verify_vector(vector)
        return
    with pytest.raises(errors.ProofError) as failure:
        verify_vector(vector)
    assert type(failure.value).__name__ == vector["error"]


def test_the_vectors_cover_every_kind_of_error() -> None:
    stated = {json.loads(path.read_text())["error"] for path in VECTORS}
    assert stated == {None, *(kind.__name__ for kind in errors.ProofError.__subclasses__())}
