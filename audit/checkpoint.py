"""Checkpoints: what the log signs, as C2SP tlog-checkpoint defines them.

A checkpoint says: the log of this origin had this many entries and this root. Its text is three lines,

    <origin>
    <size in decimal>
    <base64 of the 32-byte root>

and it is published as a signed note (see `note`) by the key that bears the origin's name. Further lines,
which the specification allows, are refused: this log writes none, and what is not
understood is not vouched for.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from audit.errors import MalformedCheckpoint, WrongOrigin
from audit.merkle import HASH_BYTES
from audit.note import CheckpointSigner, CheckpointVerifier, decode_base64, sign_note, verify_note

__all__ = ["Checkpoint", "CheckpointSigner", "CheckpointVerifier", "open_note", "sign"]

MAX_SIZE = 2**64 - 1  # entries; no bound in C2SP tlog-checkpoint, 64 bits is what readers keep

_SIZE = re.compile(r"0|[1-9][0-9]{0,19}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """origin: the log's name.  size: number of entries.  root: 32 bytes. Raises MalformedCheckpoint."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or not self.origin.isprintable():
            raise MalformedCheckpoint("an origin is one line of printable characters")
        if not 0 <= self.size <= MAX_SIZE:
            raise MalformedCheckpoint("the size is not a number of entries")
        if len(self.root) != HASH_BYTES:
            raise MalformedCheckpoint(f"a root has {HASH_BYTES} bytes")

    def to_text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The inverse of `to_text`. Raises MalformedCheckpoint for any other spelling."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise MalformedCheckpoint("not the three lines origin, size and root")
        if not _SIZE.fullmatch(lines[1]):
            raise MalformedCheckpoint("the size is not a decimal number")
        try:
            root = decode_base64(lines[2])
        except ValueError as exc:
            raise MalformedCheckpoint("the root is not base64") from exc
        return cls(lines[0], int(lines[1]), root)


def sign(checkpoint: Checkpoint, key: CheckpointSigner) -> str:
    """The signed note. Ed25519 is deterministic: signing the same checkpoint again gives the same note.

    Raises WrongOrigin if the key is another log's.
    """
    _check_origin(checkpoint, key.name)
    return sign_note(checkpoint.to_text(), key)


def open_note(note: str, verifier: CheckpointVerifier) -> Checkpoint:
    """The checkpoint in a note that the log's key has signed.

    Raises NoteError (MalformedNote, UnknownSigner, BadSignature), MalformedCheckpoint or WrongOrigin.
    """
    checkpoint = Checkpoint.parse(verify_note(note, verifier))
    _check_origin(checkpoint, verifier.name)
    return checkpoint


def _check_origin(checkpoint: Checkpoint, name: str) -> None:
    if checkpoint.origin != name:
        raise WrongOrigin("the checkpoint's origin is not the name of the key")
