"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PIECE_BYTES: Final = 1 << 18
"""Read and sent at a time."""


def from_byte(path: Path, start: int) -> Iterator[bytes]:
    """A file's bytes from one on, in pieces."""
    with path.open("rb") as file:
        file.seek(start)
        while piece := file.read(PIECE_BYTES):
            yield piece


class Landing:
    """A file being received: beside its place, under a name of its own, readable by its owner only."""

    def __init__(self, into: Path) -> None:
        self._into = into
        descriptor, name = tempfile.mkstemp(prefix=f".{into.name}.", suffix=".part", dir=into.parent)
        self._file = os.fdopen(descriptor, "wb")
        self._part = Path(name)

    def write(self, piece: bytes) -> None:
        self._file.write(piece)

    def keep(self) -> None:
        """All is there: the file gets its name, over whatever had it."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._into)

    def drop(self) -> None:
        """Leaves nothing behind; does nothing once kept."""
        self._file.close()
        self._part.unlink(missing_ok=True)
