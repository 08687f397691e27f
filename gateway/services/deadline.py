"""How long one image may keep a worker.

Between its stages a job looks at the clock by itself (`Deadline`). What sits in one stage for ever cannot be
interrupted: then whoever watches gives the image up and ends the process, which its supervisor starts again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

    def check(self) -> None:
        """Raises DeadlineExceeded when it has passed."""
        if self._clock() > self._until:
            raise DeadlineExceeded(
                "the image took too long to anonymize",
                advice="send a smaller image, or one with less in it",
            )


@contextmanager
def watched(seconds: float, give_up: Callable[[], None]) -> Iterator[None]:
    """What lasts longer is given up: `give_up` is called once, from another thread."""
    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
