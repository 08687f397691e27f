"""What services need of the outside, as protocols; the composition roots hand in the real ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Clock = Callable[[], datetime]

Enqueue = Callable[[str, int], None]
"""Asks for the anonymization of an asset, by its id and the times it was begun. Repeating it is harmless."""

EnqueueJob = Callable[[str, str, str], None]
"""Asks for a job: the workflow's name, the id that it is about, and which turn this is. Repeating it is
harmless: a turn has one job."""


@dataclass(frozen=True, slots=True)
class Still:
    """A picture of one frame. media_type: one that every browser shows."""

    data: bytes
    media_type: str


CutFrame = Callable[[bytes, int], Still]
"""Cuts a frame, or page, out of a copy of several, which authenticated; counted from 0. Raises VaultError
where the copy is not of the frames that it was written with."""


class CopyReader(Protocol):
    """Opens sanitized copies, and nothing else."""

    def read(self, copy_id: str, blob: str, wrapped_key: bytes) -> bytes:
        """The whole copy, after its last byte has authenticated. Raises VaultError."""
        ...
