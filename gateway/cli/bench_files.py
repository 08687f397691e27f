"""What `privgate bench` writes: results as JSON, the report, and the sheet of misses for its owner alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.bench.annotations import LabelledImage
from gateway.bench.errors import BenchError
from gateway.bench.misses import write_sheet
from gateway.bench.page import report_page
from gateway.bench.results import Results, to_document
from gateway.cli.shown import shown


@dataclass(frozen=True, slots=True)
class Files:
    """Where each goes, None for those that were not asked for."""

    json: Path | None
    html: Path | None
    misses: Path | None

    @property
    def given(self) -> list[Path]:
        return [path for path in (self.json, self.html, self.misses) if path is not None]


def check_files(files: Files, keep: Path | None, data: Path) -> None:
    """Before the first image is worked on, rather than after the last. Raises BenchError."""
    for path in files.given:
        if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            raise BenchError(f"{path} cannot be written; name a file in a folder that is there")
    if len({path.resolve() for path in files.given}) < len(files.given):
        raise BenchError("two of --json, --html and --misses name the same file; give each its own")
    home = data.parent if data.is_file() else data
    for inside in [*files.given, *([keep] if keep else [])]:
        if inside.resolve().is_relative_to(home.resolve()):
            raise BenchError(f"{inside} lies in the data; choose a place outside {home}")


def write_files(files: Files, results: Results, images: Sequence[LabelledImage]) -> Iterator[str]:
    """Writes what was asked for; a line for each. Raises BenchError when there is no room."""
    try:
        if files.json is not None:
            files.json.write_text(json.dumps(to_document(results), indent=1, sort_keys=True) + "\n", "utf-8")
            yield f"results: {shown(files.json)}"
        if files.html is not None:
            files.html.write_text(report_page(results), "utf-8")
            yield f"report: {shown(files.html)}"
        if files.misses is not None:
            count = _write_misses(files.misses, results, images)
            yield f"misses: {shown(files.misses)}, {count} crops; it shows what must not be shown"
    except OSError as exc:
        raise BenchError(f"{exc.filename} cannot be written ({exc.strerror})") from exc


def _write_misses(path: Path, results: Results, images: Sequence[LabelledImage]) -> int:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)  # also where the file was there before
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  (a descriptor, not a path)
        return write_sheet(file, results.runs[0], images)
