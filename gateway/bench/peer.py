"""Another tool's command over the same images: once an image, or once for all, timed from outside.

    {input} {output}     the image and the file to write: the command runs once an image, start-up included
    {inputs} {outputs}   a folder of the images and one to write to: the command runs once

What it writes is found under the input's name, whatever its ending, and scored like our own.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from gateway.bench.annotations import LabelledImage
from gateway.bench.errors import PeerUnusable
from gateway.bench.run import Made, State
from gateway.services.file_plan import REWRITTEN_ENDINGS

SECONDS_AN_IMAGE = 600.0
"""After that long the tool is taken to hang."""

TITLE = 40
"""Characters."""

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif"})

_EACH, _ONCE = ("{input}", "{output}"), ("{inputs}", "{outputs}")


@dataclass(frozen=True, slots=True)
class Ran:
    """One call of the tool. peak: bytes resident at most, its children included. said: its last words."""

    status: int
    seconds: float
    peak: int
    said: str


@dataclass(frozen=True, slots=True)
class PeerBatch:
    """What came of the images, in their order, and the seconds on the clock for all."""

    made: tuple[Made, ...]
    elapsed: float


class Peer:
    """A command line. Raises PeerUnusable when it lacks its placeholders or cannot be found."""

    def __init__(self, command: str) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as exc:
            raise PeerUnusable(f"--against {command!r}: {exc}") from exc
        if not self._words:
            raise PeerUnusable("--against: an empty command")
        self.title = _title(self._words)
        self.command = command
        self._running: set[int] = set()
        self.once = all(any(place in word for word in self._words) for place in _ONCE)
        each = all(any(place in word for word in self._words) for place in _EACH)
        if self.once == each:
            raise PeerUnusable(
                "--against is a command with {input} and {output}, or with {inputs} and {outputs} for folders"
            )
        if shutil.which(self._words[0]) is None:
            raise PeerUnusable(f"--against: there is no command {self._words[0]}")

    def run_all(
        self, images: Sequence[LabelledImage], out: Path, jobs: int, tell: Callable[[], None]
    ) -> PeerBatch:
        """Raises PeerUnusable when nothing at all was written."""
        out.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        calls = self._once(images, out, tell) if self.once else self._each(images, out, jobs, tell)
        elapsed = calls[0].seconds * len(images) if self.once else time.perf_counter() - began
        found = written(out)
        made = tuple(
            _made(image, ran, found.get(str(number)))
            for number, (image, ran) in enumerate(zip(images, calls, strict=True))
        )
        if not any(one.output for one in made):
            words = next((ran.said for ran in calls if ran.said), "it said nothing")
            raise PeerUnusable(f"--against wrote no image, status {calls[0].status}: {words}")
        return PeerBatch(made, elapsed)

    def _each(
        self, images: Sequence[LabelledImage], out: Path, jobs: int, tell: Callable[[], None]
    ) -> list[Ran]:
        def one(numbered: tuple[int, LabelledImage]) -> Ran:
            number, image = numbered
            rewritten = image.path.suffix.lower() in REWRITTEN_ENDINGS[".jpg"]  # by us; a peer names its own
            output = out / f"{number}{'.jpg' if rewritten else image.path.suffix}"
            ran = call(self._filled(_EACH, image.path, output), SECONDS_AN_IMAGE, self._running)
            tell()
            return ran

        with ThreadPoolExecutor(jobs) as pool:
            try:
                return list(pool.map(one, enumerate(images)))
            except BaseException:  # Ctrl-C: their own sessions keep it from the tools
                pool.shutdown(wait=False, cancel_futures=True)
                self._end_all()
                raise

    def _end_all(self) -> None:
        for process in tuple(self._running):
            _end(process)

    def _once(self, images: Sequence[LabelledImage], out: Path, tell: Callable[[], None]) -> list[Ran]:
        inputs, outputs = out / "in", out / "out"
        inputs.mkdir()
        outputs.mkdir()
        try:
            for number, image in enumerate(images):
                shutil.copyfile(image.path, inputs / f"{number}{image.path.suffix}")
            command = self._filled(_ONCE, inputs, outputs)
            ran = call(command, SECONDS_AN_IMAGE * len(images), self._running)
        finally:
            shutil.rmtree(inputs)  # originals, which nobody asked to keep here
        share = Ran(ran.status, ran.seconds / len(images), ran.peak, ran.said)
        for _ in images:
            tell()
        return [share] * len(images)

    def _filled(self, places: tuple[str, str], source: Path, target: Path) -> list[str]:
        first, second = places
        return [
            word.replace(first, os.fspath(source)).replace(second, os.fspath(target)) for word in self._words
        ]


def _title(words: Sequence[str]) -> str:
    """The command without its folder, its places and their options; not too long to head a column."""
    named = [Path(words[0]).name]
    for word, following in pairwise([*words[1:], ""]):
        if not ("{" in word or ("{" in following and word.startswith("-"))):
            named.append(word)
    return shlex.join(named)[:TITLE]


def call(command: Sequence[str], seconds: float, running: set[int]) -> Ran:
    """Runs a command to its end, or ends it and what it started after so many seconds.

    running: holds its process id meanwhile.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        timer = threading.Timer(seconds, _end, (process.pid,))
        timer.start()
        running.add(process.pid)
        try:
            assert process.stderr is not None  # noqa: S101  (a pipe, see above)
            said = process.stderr.read()[-2000:].decode("utf-8", "replace").strip()
            # wait4 tells the memory of this child alone; Popen is then told that it has ended.
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:  # Ctrl-C while one command does all
            _end(process.pid)
            raise
        finally:
            timer.cancel()
            running.discard(process.pid)
    last = said.splitlines()[-1] if said else ""
    return Ran(process.returncode, time.perf_counter() - began, used.ru_maxrss * 1024, last[:300])


def _end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def written(out: Path) -> dict[str, Path]:
    """The pictures under a folder by the stem of their names; of two the first in order."""
    found: dict[str, Path] = {}
    for path in sorted(out.rglob("*")):
        if path.suffix.lower() in PICTURES and path.is_file():
            found.setdefault(path.stem, path)
    return found


def _made(image: LabelledImage, ran: Ran, output: Path | None) -> Made:
    reason = None if output else f"status {ran.status}: {ran.said}".rstrip(": ")
    state = State.RELEASED if output else State.REFUSED
    return Made(image.name, output, state, reason, ran.seconds, worker_peak=ran.peak)
