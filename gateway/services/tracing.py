"""Spans, where traces were asked for; nothing at all where not.

What a span carries is ids, codes and counts: the same as the log. OpenTelemetry (the extra `otel`) is
imported only by `cli.traces`, so that an installation without it lacks nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

Attributes = dict[str, str | int | float | bool]

OpenSpan = Callable[[str, Attributes], AbstractContextManager[None]]
"""Opens a span of this name; its attributes are read when it ends. An exception passes, by its type only."""

_open: OpenSpan | None = None


def send_spans_to(open_span: OpenSpan | None) -> None:
    """From now on, in this process; None: nowhere. For composition roots."""
    global _open
    _open = open_span


@contextmanager
def span(name: str, **attributes: str | int | float | bool) -> Iterator[Attributes]:
    """A span around what is inside, which may add attributes to the dictionary that it is given."""
    if _open is None:
        yield attributes
        return
    with _open(name, attributes):
        yield attributes
