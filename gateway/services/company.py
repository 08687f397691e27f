"""Jobs side by side in one process, and the ones that must be alone there.

A job that takes its process down takes its neighbours along. An image that was begun before may be one that
does, so it has no neighbours: whoever falls with it falls once, and is not counted out in its place.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.services.deadline import waiting


class Company:
    """A room that many may be in together, or one alone. Who wants to be alone keeps newcomers out."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._hermits = 0

    @contextmanager
    def joined(self, *, alone: bool) -> Iterator[None]:
        with waiting(), self._changed:
            self._enter(alone)
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._hermits -= alone
                self._changed.notify_all()

    def _enter(self, alone: bool) -> None:
        if alone:
            self._hermits += 1
            self._changed.wait_for(lambda: self._inside == 0)
        else:
            self._changed.wait_for(lambda: self._hermits == 0)
        self._inside += 1
