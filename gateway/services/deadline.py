"""How long one image may keep a worker.

Between its stages a job looks at the clock by itself (`Deadline`). What sits in one stage for ever cannot be
interrupted: then whoever watches gives the image up and ends the process, which its supervisor starts again.
Jobs of one process wait for each other at the detectors (`waiting`): that is not the waiting image's time,
nor its fault when the other one does not end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from gateway.errors import DeadlineExceeded

Seconds = Callable[[], float]

JOB_SECONDS: Final = 300.0
"""From the decoding to the check. The largest images that are taken need some 30 s on two slow cores."""

STUCK_SECONDS: Final = 2 * JOB_SECONDS
"""No stage takes as long as a whole job may. Less than the sweep's 15 minutes."""


class Deadline:
    """A moment that is `seconds` ahead."""

    def __init__(self, seconds: float = JOB_SECONDS, clock: Seconds = time.monotonic) -> None:
        self._clock = clock
        self._until = clock() + seconds

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What the inside takes does not count."""
        began = self._clock()
        try:
            yield
        finally:
            self._until += self._clock() - began

    def check(self) -> None:
        """Raises DeadlineExceeded when it has passed."""
        if self._clock() > self._until:
            raise DeadlineExceeded(
                "the image took too long to anonymize",
                advice="send a smaller image, or one with less in it",
            )


class _Watch:
    """Gives up what lasts longer than `seconds` from `begin` on, unless it is ended."""

    def __init__(self, seconds: float, give_up: Callable[[], None]) -> None:
        self._seconds, self._give_up = seconds, give_up
        self.begin()

    def begin(self) -> None:
        self._timer = threading.Timer(self._seconds, self._give_up)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        self._timer.cancel()


_watch: ContextVar[_Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watched(seconds: float, give_up: Callable[[], None]) -> Iterator[None]:
    """What lasts longer is given up: `give_up` is called once, from another thread."""
    watch = _Watch(seconds, give_up)
    before = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(before)
        watch.end()


@contextmanager
def waiting() -> Iterator[None]:
    """Inside, the job waits for another: it is not watched, and afterwards from the beginning."""
    watch = _watch.get()
    if watch is None:
        yield
        return
    watch.end()
    try:
        yield
    finally:
        watch.begin()
