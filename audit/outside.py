"""The file of checkpoints kept outside the database: signed notes, an empty line after each.

    <origin>
    <size>
    <root>

    — <origin> <signature>

Whoever can write to the database can set it back to an older state together with the checkpoints in it. The
copy here (better on another machine, in other hands) is what such a rollback is held against. The file is
only ever appended to. An append that a crash cut short leaves a fragment without a signature: the next append
closes it off, and a reader passes over it with a remark, since it vouches for nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audit.checkpoint import Checkpoint, open_note
from audit.errors import BadSignature, MalformedCheckpoint, NoteError, UnknownSigner, WrongOrigin
from audit.note import MAX_NOTE, CheckpointVerifier, split_note
from audit.report import Code, Findings

_SIGNATURE = "\u2014 "


@dataclass(frozen=True, slots=True)
class Fragment:
    """Lines that no signature follows, or too many to be a note. line: the first one's number, from 1."""

    line: int


@dataclass(frozen=True, slots=True)
class OutsideNote:
    """A signed note of the file, not yet verified. line: its first line's number, from 1."""

    line: int
    note: str


def append_note(path: Path, note: str) -> None:
    """Appends a signed note, durably: it is on the disk on return. Creates the file, readable by its owner.

    There is one writer, the sequencer. Raises MalformedNote before anything is written, OSError if the file
    cannot be written.
    """
    split_note(note)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 2))
        gap = _gap_after(file.read(2))
        # Append mode: whatever the position, the bytes go to the end, and in one write.
        file.write(gap + note.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if size == 0:
        _sync_folder(path.absolute().parent)


def read_notes(lines: Iterable[str]) -> Iterator[OutsideNote | Fragment]:
    """The notes of the file and the fragments between them, in order. No note is looked into here."""
    held: _Block | None = None
    for block in _blocks(lines):
        if held is not None and block.is_signature:
            yield OutsideNote(held.line, f"{held.text}\n{block.text}")
            held = None
            continue
        if held is not None:
            yield Fragment(held.line)
        if block.is_signature:
            yield Fragment(block.line)
        held = None if block.is_signature else block
    if held is not None:
        yield Fragment(held.line)


def load_outside(
    lines: Iterable[str], verifier: CheckpointVerifier, findings: Findings
) -> list[tuple[int, bytes]]:
    """Size and root of every checkpoint in the file signed by the key, each once; the rest are findings."""
    claims: dict[tuple[int, bytes], None] = {}
    roots: dict[int, bytes] = {}
    largest = 0
    for item in read_notes(lines):
        checkpoint = _opened(item, verifier, findings)
        if checkpoint is None:
            continue
        size = checkpoint.size
        if roots.setdefault(size, checkpoint.root) != checkpoint.root:
            text = f"outside file, line {item.line}: a second checkpoint of {size} entries, with another root"
            findings.fail(Code.SPLIT_VIEW, text, size=size, line=item.line)
        if size < largest:
            text = f"outside file, line {item.line}: a checkpoint of {size} entries follows one of {largest}"
            findings.fail(Code.OUTSIDE_ORDER, f"{text}: the log was set back", size=size, line=item.line)
        largest = max(largest, size)
        # A sequencer that crashed between file and database signs the same again: once is enough.
        claims[size, checkpoint.root] = None
    if not claims:
        findings.fail(Code.OUTSIDE_EMPTY, "the outside file holds no checkpoint of this log")
    return list(claims)


@dataclass(slots=True)
class _Block:
    """Lines without an empty one between them. text: each line ends in a newline, unless the file was cut."""

    line: int
    text: str = ""

    @property
    def is_signature(self) -> bool:
        return self.text.startswith(_SIGNATURE)


def _blocks(lines: Iterable[str]) -> Iterator[_Block]:
    block: _Block | None = None
    for number, line in enumerate(lines, start=1):
        if line.strip("\r\n"):
            block = block or _Block(number)
            if len(block.text) <= MAX_NOTE:  # a longer one is no note, and need not fill the memory
                block.text += line
        elif block is not None:
            yield block
            block = None
    if block is not None:
        yield block


def _opened(
    item: OutsideNote | Fragment, verifier: CheckpointVerifier, findings: Findings
) -> Checkpoint | None:
    where = f"outside file, line {item.line}"
    if isinstance(item, Fragment):
        findings.notice(Code.OUTSIDE_FRAGMENT, f"{where}: lines without a signature", line=item.line)
        return None
    try:
        return open_note(item.note, verifier)
    except (UnknownSigner, BadSignature) as exc:
        findings.fail(Code.OUTSIDE_SIGNATURE, f"{where}: {exc}", line=item.line)
    except WrongOrigin as exc:
        findings.fail(Code.OUTSIDE_ORIGIN, f"{where}: {exc}", line=item.line)
    except MalformedCheckpoint as exc:
        findings.fail(Code.OUTSIDE_MALFORMED, f"{where}: {exc}", line=item.line)
    except NoteError as exc:
        findings.notice(Code.OUTSIDE_FRAGMENT, f"{where}: {exc}", line=item.line)
    return None


def _gap_after(tail: bytes) -> bytes:
    """What to write before a note, after a file that ends in these (up to two) bytes."""
    if tail in (b"", b"\n\n"):
        return b""
    # An unfinished line gets one below it that is neither text nor signature, so that it passes for none.
    return b"\n" if tail.endswith(b"\n") else b"\n(cut short)\n\n"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
