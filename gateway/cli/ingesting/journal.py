"""What a run has done, file by file, beside the caller's data: JSON Lines, from which the next run goes on.

    {"privgate": "ingest", "v": 1, "dataset": "dataset-…"}
    {"batch": "batch-…"}
    {"path": "day 1/a.jpg", "mark": "81402:1733…", "key": "9f…", "state": "sending"}
    {"path": "day 1/a.jpg", "mark": "…", "key": "9f…", "state": "taken", "asset": "asset-…"}

A path's last line counts. The key is random and on the disk before the first byte is sent: whatever kills the
run, the file is sent again under the same key and stays one asset. It is no digest of the image.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

from gateway.errors import Misconfigured

VERSION = 1


class Standing(StrEnum):
    """Where a file stands. The last four are ends."""

    SENDING = "sending"
    TAKEN = "taken"
    RELEASED = "released"
    NEEDS_REVIEW = "needs_review"
    QUARANTINED = "quarantined"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Line:
    """One file. mark: by which a file that was replaced is known (size and time, say).

    reason: codes, where it was refused, quarantined or waits for a person.
    """

    path: str
    mark: str
    key: str
    state: Standing
    asset: str | None = None
    duplicate: bool = False
    reason: str | None = None

    @classmethod
    def fresh(cls, path: str, mark: str) -> Line:
        return cls(path, mark, secrets.token_hex(16), Standing.SENDING)

    def becomes(self, state: Standing, **changes: Any) -> Line:
        return replace(self, state=state, **changes)

    def to_json(self) -> bytes:
        told = {name: value for name, value in asdict(self).items() if value not in (None, False)}
        return json.dumps(told).encode("ascii") + b"\n"

    @classmethod
    def parse(cls, told: dict[str, Any]) -> Line:
        return cls(**(told | {"state": Standing(told["state"])}))


class Journal:
    """An open journal; used by any number of threads, and by one process at a time."""

    def __init__(self, file: BinaryIO, lines: dict[str, Line], batches: list[str]) -> None:
        self._file = file
        self._lock = threading.Lock()
        self.lines = lines
        self.batches = batches

    def write(self, line: Line) -> None:
        with self._lock:
            self.lines[line.path] = line
            self._append(line.to_json())

    def add_batch(self, batch: str) -> None:
        with self._lock:
            self.batches.append(batch)
            self._append(json.dumps({"batch": batch}).encode("ascii") + b"\n")

    def _append(self, data: bytes) -> None:
        try:
            # One write to the system, unbuffered: kill -9 takes nothing back.
            self._file.write(data)
        except OSError as exc:
            raise Misconfigured(
                f"the journal cannot be written ({exc.strerror}); make room, then run the same command again"
            ) from exc


@contextmanager
def open_journal(path: Path, dataset: str) -> Iterator[Journal]:
    """Raises Misconfigured where it cannot be used, belongs to another dataset, or another run has it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise Misconfigured(
            f"the journal {path} cannot be opened ({exc.strerror}); name a place for it with --journal"
        ) from exc
    with os.fdopen(descriptor, "r+b", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise Misconfigured(f"another run has the journal {path} open; wait for its end") from exc
        yield _read(file, path, dataset)
        os.fsync(file.fileno())


def _read(file: BinaryIO, path: Path, dataset: str) -> Journal:
    data = file.read()
    whole, _, torn = data.rpartition(b"\n")
    if torn:  # the line at which the last run was killed
        file.truncate(len(data) - len(torn))
    told = [_parse(line, path) for line in whole.splitlines()] if whole else []
    if not told:
        head = {"privgate": "ingest", "v": VERSION, "dataset": dataset}
        file.write(json.dumps(head).encode("ascii") + b"\n")
        return Journal(file, {}, [])
    head = told[0]
    if head.get("privgate") != "ingest" or head.get("v") != VERSION:
        raise Misconfigured(f"{path} is no journal of this command; name another place with --journal")
    if head.get("dataset") != dataset:
        raise Misconfigured(f"the journal {path} is of another dataset; name another place with --journal")
    batches = [entry["batch"] for entry in told[1:] if "batch" in entry]
    try:
        lines = [Line.parse(entry) for entry in told[1:] if "batch" not in entry]
    except (TypeError, KeyError, ValueError) as exc:
        raise _damaged(path) from exc
    return Journal(file, {line.path: line for line in lines}, batches)


def _parse(line: bytes, path: Path) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError as exc:
        raise _damaged(path) from exc
    if not isinstance(entry, dict):
        raise _damaged(path)
    return entry


def _damaged(path: Path) -> Misconfigured:
    return Misconfigured(
        f"the journal {path} is damaged; name another place with --journal: what was brought in already is "
        "recognised and not taken twice"
    )
