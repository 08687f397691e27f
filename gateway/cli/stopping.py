"""Long commands that are asked to end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import typer

STOPPED = 130  # 128 + SIGINT, as a shell would say


@contextmanager
def telling(left: str) -> Iterator[None]:
    """Ctrl-C within ends the command with one line, which says how things were left, and with STOPPED."""
    try:
        yield
    except KeyboardInterrupt:
        print(f"privgate: stopped; {left}", file=sys.stderr)
        raise typer.Exit(STOPPED) from None


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
