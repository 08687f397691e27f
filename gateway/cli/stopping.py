"""Long commands that are asked to end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

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
