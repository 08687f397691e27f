"""Proofs out of the log, made from kept roots and checked by the verifier's own code.

That an entry is in the tree which the newest checkpoint signs; that one checkpoint's tree begins with
another's. Whoever reads one can repeat it with nothing but SHA-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from audit.checkpoint import Checkpoint, open_note
from audit.errors import AuditError, ProofError
from audit.merkle import (
    Step,
    consistency_ranges,
    inclusion_path,
    inclusion_ranges,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from audit.note import CheckpointVerifier
from gateway.store.queries import log_tree
from gateway.store.queries.log_checkpoints import Noted


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as stored. checkpoint: what it signs; None with the fault where its note is not ours."""

    size: int
    note: str
    made_at: datetime
    checkpoint: Checkpoint | None
    fault: str | None


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That a leaf stands at `index` in the tree of `checkpoint`, or why it does not.

    leaf: the hash of the entry's own text, 32 bytes. path: empty where no proof could be made.
    """

    index: int
    leaf: bytes
    checkpoint: Checkpoint
    path: tuple[Step, ...]
    fault: str | None


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the tree of `new` begins with the tree of `old`, or why it does not."""

    old: Checkpoint
    new: Checkpoint
    proof: tuple[bytes, ...]
    fault: str | None


def opened(noted: Noted, key: CheckpointVerifier) -> Signed:
    """A stored note, its signature verified, and its size held against where it is stored."""
    try:
        checkpoint = open_note(noted.note, key)
    except AuditError as exc:
        return Signed(noted.size, noted.note, noted.made_at, None, str(exc))
    if checkpoint.size != noted.size:
        fault = f"it signs {checkpoint.size} entries and is stored as one of {noted.size}"
        return Signed(noted.size, noted.note, noted.made_at, None, fault)
    return Signed(noted.size, noted.note, noted.made_at, checkpoint, None)


def inclusion(session: Session, index: int, text: str, checkpoint: Checkpoint) -> Inclusion:
    """checkpoint: of more than `index` entries, its signature verified. text: the entry's own, as stored."""
    leaf = leaf_hash(text.encode("utf-8", "surrogatepass"))
    try:
        proof = log_tree.roots(session, inclusion_ranges(index, checkpoint.size))
        path = tuple(inclusion_path(leaf, index, checkpoint.size, proof))
    except (log_tree.Incomplete, ProofError) as exc:
        return Inclusion(index, leaf, checkpoint, (), str(exc))
    try:
        verify_inclusion(leaf, index, checkpoint.size, proof, checkpoint.root)
    except ProofError as exc:
        return Inclusion(index, leaf, checkpoint, path, str(exc))
    return Inclusion(index, leaf, checkpoint, path, None)


def consistency(session: Session, old: Checkpoint, new: Checkpoint) -> Consistency:
    """Both signatures verified, the smaller one first."""
    proof: tuple[bytes, ...] = ()
    try:
        proof = tuple(log_tree.roots(session, consistency_ranges(old.size, new.size)))
        verify_consistency(old.size, new.size, old.root, new.root, proof)
    except (log_tree.Incomplete, ProofError) as exc:
        return Consistency(old, new, proof, str(exc))
    return Consistency(old, new, proof, None)
