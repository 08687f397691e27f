"""What `privgate anonymize` tells of a run in files: the report and the before/after page."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from gateway.cli.before_after import BeforeAfterPage
from gateway.errors import Misconfigured
from gateway.services.file_orders import Done


def check_report_files(report: Path | None, html: Path | None, inputs: Iterable[Path]) -> None:
    """Raises Misconfigured when a file of ours would be written over or among the inputs, or over another."""
    given = [Path(os.path.realpath(path)) for path in inputs]
    places = [Path(os.path.realpath(path)) for path in (report, html) if path is not None]
    for place in places:
        if any(place.is_relative_to(path) for path in given):
            raise Misconfigured(f"{place} lies among the inputs; put --report and --html elsewhere")
    if len(set(places)) < len(places):
        raise Misconfigured("--report and --html name the same file; give each its own")


class RunReport:
    """Grows as the run goes on, whole lines at a time, so that what is done is told even after a power cut.

    A context manager. Raises Misconfigured when a file cannot be written.
    """

    def __init__(self, report: Path | None, html: Path | None, policy: dict[str, Any]) -> None:
        self._report, self._html, self._policy = report, html, policy
        self._lines: TextIO | None = None
        self._page: BeforeAfterPage | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self._report:
                self._lines = stack.enter_context(_opened(self._report, 0o666))
            if self._html:  # originals, small: for nobody else's eyes
                file = stack.enter_context(_opened(self._html, 0o600))
                self._page = stack.enter_context(BeforeAfterPage(file, self._policy))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._lines:
                with suppress(OSError):  # a pipe or a terminal
                    os.fsync(self._lines.fileno())
            self._stack.close()
        except OSError as exc:
            if value is None:
                raise _unwritable(exc) from exc

    def add(self, done: Done) -> None:
        try:
            if self._lines:
                self._lines.write(json.dumps(done.outcome.to_dict(), sort_keys=True) + "\n")
                self._lines.flush()
            if self._page:
                self._page.add(done.outcome, done.preview)
        except OSError as exc:
            raise _unwritable(exc) from exc


def _unwritable(exc: OSError) -> Misconfigured:
    return Misconfigured(
        f"the report or the page cannot be written on ({exc.strerror}); make room, or name other files"
    )


def _opened(path: Path, mode: int) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        if mode == 0o600:
            os.fchmod(descriptor, mode)  # also where the file was there before
    except OSError as exc:
        raise Misconfigured(f"{path} cannot be written ({exc.strerror}); name another file") from exc
    return open(descriptor, "w", encoding="utf-8")  # noqa: PTH123  (a descriptor, not a path)
