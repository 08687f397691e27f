"""Long commands that are asked to end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

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
