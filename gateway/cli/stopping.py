"""Long commands that are asked to end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection

STOPPED = 130  # 128 + SIGINT, as a shell would say


@contextmanager
def stop_on_sigterm() -> Iterator[None]:
    """Being asked to end is like Ctrl-C: what is done stays done and is told."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def bell_on_stop() -> Iterator[Connection]:
    """What becomes readable at Ctrl-C or SIGTERM, for good.

    Where an exception out of nowhere would cut a result from its record, this is looked at in between.
    """
    heard, rung = Pipe(duplex=False)
    os.set_blocking(rung.fileno(), False)

    def ring(*_: object) -> None:
        with suppress(BlockingIOError):  # rung more than enough
            os.write(rung.fileno(), b"!")

    before = {number: signal.signal(number, ring) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        heard.close()
        rung.close()
