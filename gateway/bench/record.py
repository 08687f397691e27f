"""What a run has done so far, a line an image, so that it can be gone on with after an interruption.

The first line says what the run is: the product's code and the policy's version. Under anything else the old
results would be passed off as new ones, so then the folder is refused.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from gateway.bench.code import code_digest
from gateway.bench.errors import BenchError
from gateway.bench.run import Made, State
from policies.model import Detection, Size

NAME = "bench.jsonl"


class Record:
    """The record of the run in `folder`. A context manager; raises BenchError when that is another's."""

    def __init__(self, folder: Path, policy_version: str) -> None:
        self._folder = folder
        self._first = {"bench": 1, "code": code_digest(), "policy": policy_version}
        self._file: TextIO | None = None
        self.done: dict[str, Made] = {}

    def __enter__(self) -> Self:
        path = self._folder / NAME
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        if lines:
            self._take_over(lines)
        elif any(self._folder.iterdir()):
            raise BenchError(f"{self._folder} is not empty and holds no bench run; name a new folder")
        # Written anew: a line that a power cut left half written would spoil the one after it.
        self._file = path.open("w", encoding="utf-8")
        self._write(self._first)
        for made in self.done.values():
            self._write(self._row(made))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, made: Made) -> None:
        """Raises OSError when there is no room."""
        self.done[made.name] = made
        self._write(self._row(made))

    def _take_over(self, lines: list[str]) -> None:
        rows = [row for line in lines if (row := _parsed(line)) is not None]
        if not rows or rows[0] != self._first:
            raise BenchError(
                f"{self._folder} holds a run of another policy, or of other code; name a new folder"
            )
        self.done = {row["name"]: self._made(row) for row in rows[1:]}

    def _write(self, row: dict[str, Any]) -> None:
        assert self._file is not None  # noqa: S101  (used as a context manager)
        self._file.write(json.dumps(row, sort_keys=True) + "\n")
        self._file.flush()

    def _row(self, made: Made) -> dict[str, Any]:
        return {
            "name": made.name,
            "output": None if made.output is None else os.path.relpath(made.output, self._folder),
            "state": made.state.value,
            "reason": made.reason,
            "seconds": made.seconds,
            "stages": dict(made.stages),
            "detectors": dict(made.detectors),
            "peaks": [made.worker_peak, made.decoder_peak],
            "size": None if made.size is None else [made.size.width, made.size.height],
            "detections": [found.to_dict() for found in made.detections],
        }

    def _made(self, row: dict[str, Any]) -> Made:
        return Made(
            name=row["name"],
            output=None if row["output"] is None else self._folder / row["output"],
            state=State(row["state"]),
            reason=row["reason"],
            seconds=row["seconds"],
            stages=row["stages"],
            detectors=row["detectors"],
            worker_peak=row["peaks"][0],
            decoder_peak=row["peaks"][1],
            size=None if row["size"] is None else Size(*row["size"]),
            detections=tuple(Detection.parse(found) for found in row["detections"]),
        )


def _parsed(line: str) -> dict[str, Any] | None:
    """None for a line that was not written to its end."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None
