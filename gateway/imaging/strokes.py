"""Which strokes end up on a copy, and by which revision of the methods. Pure, and without any pixels: whoever
only reads what a copy shows need not load what draws it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from policies.model import ALWAYS_FILLED, Kind, Redaction, RedactionMethod, Region

REVISION: Final = 2
"""Of what a blur or a mosaic leaves of a region; each copy's report names it. To be raised with every change
of that: copies of an earlier revision are then found, and made anew. The first, which no report names, had
4 x 4 cells of a face and 4 x 2 of a plate, of 3 bits."""

FIRST_REVISION: Final = 1
"""Of a report that names none."""


def visible_strokes(redactions: Iterable[Redaction]) -> list[Redaction]:
    """The strokes that end up on top, each once, later ones over earlier ones."""
    distinct = {replace(each, method=method_for(each)) for each in redactions}
    return sorted(distinct, key=_in_canonical_order)


def _in_canonical_order(each: Redaction) -> tuple[bool, Region, Kind, RedactionMethod, str]:
    return each.method is RedactionMethod.FILL, each.region, each.kind, each.method, each.order[-1]


def method_for(redaction: Redaction) -> RedactionMethod:
    """How it is hidden, which is not always as was asked."""
    return RedactionMethod.FILL if redaction.kind in ALWAYS_FILLED else redaction.method
