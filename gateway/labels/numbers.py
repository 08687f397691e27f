"""Numbers as they come in JSON, where anything may stand in their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TOLERANCE: Final = 0.01
"""Pixels: tools round to two digits, so that much beyond the edge is taken as the edge."""

MAX_ID: Final = 2**53 - 1
"""The greatest whole number that every JSON reader keeps exactly (RFC 8259, section 6)."""

DIGITS: Final = 3
"""Decimals kept: a thousandth of a pixel."""


def is_id(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_ID


def names_id(found: object, member: str) -> bool:
    return isinstance(found, Mapping) and is_id(found.get(member))


def is_number(value: object) -> bool:
    # The comparison also turns away not-a-number, infinity and whole numbers beyond any float.
    return type(value) in (int, float) and -1e9 < value < 1e9  # type: ignore[operator]


def inside(value: object, limit: int) -> float | None:
    """The coordinate, put onto the edge where rounding took it a trifle beyond; None outside."""
    if not is_number(value):
        return None
    number = float(value)  # type: ignore[arg-type]
    if not -TOLERANCE <= number <= limit + TOLERANCE:
        return None
    return round(min(max(number, 0.0), float(limit)), DIGITS)
