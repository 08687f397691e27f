"""The file of checkpoints kept outside the database, asked about a size at a time.

It grows by a few hundred bytes with each checkpoint, for ever. Read once, and then only what was appended: a
page that lists fifty checkpoints must not read a file of megabytes. What is kept is where a note stands; it
is read, and its signature verified, when it is asked for.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from audit.checkpoint import Checkpoint, open_note
from audit.errors import AuditError
from audit.note import CheckpointVerifier
from audit.outside import OutsideNote, read_notes

MAX_NOTES = 64
"""Notes of one size that are looked at: a sequencer that crashed signs one twice; more is somebody's play."""


class Agreement(StrEnum):
    """What the outside file says of a checkpoint."""

    AGREES = "agrees"
    """It holds one of this size, signed, with the same root."""

    DIFFERS = "differs"
    """It holds one of this size, signed, with another root: two histories."""

    ABSENT = "absent"
    """It holds none of this size."""

    NO_FILE = "no_file"
    """This server was given no such file, or it is not there."""


@dataclass
class _Read:
    """What was read of the file so far: how many bytes, and where notes of a size begin and end."""

    inode: int = 0
    upto: int = 0
    places: dict[int, list[tuple[int, int]]] = field(default_factory=dict)


class OutsideFile:
    """path: None where this process was given none."""

    def __init__(self, path: Path | None, key: CheckpointVerifier) -> None:
        self._path = path
        self._key = key
        self._lock = threading.Lock()
        self._read = _Read()

    def agrees(self, checkpoint: Checkpoint) -> Agreement:
        """What the file says of a checkpoint whose signature is verified."""
        if self._path is None or not self._path.is_file():
            return Agreement.NO_FILE
        with self._lock:
            self._catch_up(self._path)
            places = self._read.places.get(checkpoint.size, [])[:MAX_NOTES]
        roots = {root for place in places if (root := self._root(self._path, place)) is not None}
        if roots - {checkpoint.root}:
            return Agreement.DIFFERS
        return Agreement.AGREES if roots else Agreement.ABSENT

    def _catch_up(self, path: Path) -> None:
        """Reads what was appended; all of it where the file is another one, or shorter than it was."""
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_ino != self._read.inode or status.st_size < self._read.upto:
                self._read = _Read(status.st_ino)
            file.seek(self._read.upto)
            data = file.read()
        # Up to the last empty line: what stands behind it may still be being written.
        whole = data.rfind(b"\n\n") + 2
        if whole < 2:
            return
        offset = self._read.upto
        for block in data[:whole].split(b"\n\n"):
            self._note(block, offset)
            offset += len(block) + 2
        self._read.upto += whole

    def _note(self, block: bytes, offset: int) -> None:
        """A note's text, whose second line is its size. Its signature is the next block."""
        lines = block.split(b"\n")
        if len(lines) == 3 and lines[1].isdigit() and len(lines[1]) <= 20:
            self._read.places.setdefault(int(lines[1]), []).append((offset, len(block)))

    def _root(self, path: Path, place: tuple[int, int]) -> bytes | None:
        """The root that a note at this place signs; None for one that the log's key did not sign."""
        with path.open("rb") as file:
            file.seek(place[0])
            # The text, the empty line, and a signature of one line.
            text = file.read(place[1] + 2 + 1024).decode("utf-8", "replace")
        for item in read_notes(text.splitlines(keepends=True)):
            if not isinstance(item, OutsideNote):
                return None
            try:
                return open_note(item.note, self._key).root
            except AuditError:
                return None
        return None
