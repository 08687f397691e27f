"""Tables as plain lines: nothing is cut off at a terminal's edge, for ids are there to be copied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gateway.cli.shown import shown


def columns(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The header and the rows, each column as wide as its widest word, two spaces between."""
    lines = [tuple(header), *(tuple(map(shown, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
