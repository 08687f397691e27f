"""Runs of the real `privgate anonymize`, and the pictures they are given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

COMMAND = Path(sys.executable).with_name("privgate")
HEIC = Path(__file__).parents[1] / "imaging" / "data" / "turned.heic"
TIMEOUT = 120.0


@dataclass(frozen=True)
class Run:
    """A finished run: what it said, and its report where it was asked for one."""

    status: int
    out: str
    err: str
    lines: tuple[dict[str, Any], ...] = ()

    def line(self, name: str) -> dict[str, Any]:
        """The report's line of the input with this last part of its name."""
        (found,) = [line for line in self.lines if Path(line["input"]).name == name]
        return found


def environment(**more: str) -> dict[str, str]:
    """more: wins over what every run gets.

    COLUMNS is narrow on purpose, so that rich wraps where it would wrap for anybody. In f32, what is a near
    thing comes out alike on every CPU.
    """
    same = {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color", "COLUMNS": "100", "PRIVGATE_PRECISION": "f32"}
    return os.environ | same | more


def arguments(*given: str | Path) -> list[str]:
    return [str(COMMAND), "anonymize", *map(str, given)]


def anonymize(*given: str | Path, report: Path | None = None, **more: str) -> Run:
    """Runs the command to its end; `more`: environment variables."""
    asked = (*given, "--report", report) if report else given
    done = subprocess.run(
        arguments(*asked), env=environment(**more), capture_output=True, text=True, timeout=TIMEOUT
    )
    lines = read_report(report) if report and report.exists() else ()
    return Run(done.returncode, done.stdout, done.stderr, lines)


def read_report(path: Path) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(line) for line in path.read_text("utf-8").splitlines())


def without_times(lines: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key != "milliseconds"} for line in lines]


def astronaut(models: Path) -> Image.Image:
    """512x512: Eileen Collins' official portrait, NASA, public domain; one face."""
    with Image.open(models / "astronaut.png") as image:
        return image.convert("RGB")


def changed(before: Image.Image, after: Image.Image) -> tuple[int, int, int, int]:
    """The box (x0, y0, x1, y1) outside which no pixel differs."""
    rows, columns = np.nonzero((np.asarray(before) != np.asarray(after)).any(axis=2))
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
