"""Outlines of what is hidden: ellipses and convex polygons, in whole pixels, exactly. Pure.

An outline is drawn on the corners of the pixels: the pixel (x, y) is the square [x, x + 1] x [y, y + 1]. What
is hidden is every pixel whose square the outline's inside touches: rounding errs toward hiding more. Both
outlines are convex, so in each row of pixels that is one span. All arithmetic is in whole numbers: the same
outline hides the same pixels on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from policies.errors import InvalidRegion

Point = tuple[int, int]
"""x and y, a corner of pixels."""

Span = tuple[int, int]
"""The half-open pixels [left, right) of one row; none where left equals right."""

MOST_POINTS: Final = 64
"""Corners of a polygon. A tilted line of text has four, a careful hand draws twenty."""

DRAWN_POINTS: Final = 48
"""By which an ellipse is drawn; what is hidden is the ellipse itself."""

LARGEST: Final = 1_000_000
"""How far from the origin a corner may lie, pixels."""


class Shape(StrEnum):
    """How a rule outlines what it hides."""

    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"


@dataclass(frozen=True, slots=True, order=True)
class Ellipse:
    """The ellipse that touches the four sides of the rectangle from (x0, y0) to (x1, y1).

    The rectangle may reach beyond the image: cut at the edge, the ellipse would uncover what it covers.
    """

    x0: int
    y0: int
    x1: int
    y1: int

    def __post_init__(self) -> None:
        _check((self.x0, self.y0), (self.x1, self.y1))
        if not (self.x0 < self.x1 and self.y0 < self.y1):
            raise InvalidRegion(f"an ellipse from ({self.x0}, {self.y0}) to ({self.x1}, {self.y1}) is empty")

    @classmethod
    def around(cls, x0: int, y0: int, x1: int, y1: int, grow: float) -> Ellipse:
        """The ellipse around a box: all of the box lies in it, and it reaches `grow` beyond each side.

        Through the four corners of a box goes the ellipse whose axes are the root of two times its sides, so
        that one sticks out by a fifth of the box on each side; a larger `grow` makes it larger still.
        """
        dx, dy = _reach(x1 - x0, grow), _reach(y1 - y0, grow)
        return cls(x0 - dx, y0 - dy, x1 + dx, y1 + dy)

    def span(self, y: int) -> Span:
        """The pixels of row y that the ellipse touches."""
        # In half pixels from the centre, where everything is a whole number.
        width, height = self.x1 - self.x0, self.y1 - self.y0
        across, down = self.x0 + self.x1, self.y0 + self.y1
        above, below = 2 * y - down, 2 * y + 2 - down
        nearest = 0 if above <= 0 <= below else min(abs(above), abs(below))
        if nearest >= height:
            return 0, 0
        # The greatest whole number below width * sqrt(height² - nearest²) / height.
        reach = math.isqrt((width * width * (height * height - nearest * nearest) - 1) // (height * height))
        return -((reach + 2 - across) // 2), (reach + across) // 2 + 1

    def spans(self, y0: int, y1: int) -> list[Span]:
        """Of the rows from y0 to y1."""
        return [self.span(y) for y in range(y0, y1)]

    @property
    def box(self) -> tuple[int, int, int, int]:
        return self.x0, self.y0, self.x1, self.y1

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """Points on the ellipse, for a drawing: x and y in pixels."""
        across, down = (self.x1 - self.x0) / 2, (self.y1 - self.y0) / 2
        turns = [2 * math.pi * step / DRAWN_POINTS for step in range(DRAWN_POINTS)]
        return tuple(
            (self.x0 + across * (1 + math.cos(turn)), self.y0 + down * (1 + math.sin(turn))) for turn in turns
        )

    def to_dict(self) -> dict[str, Any]:
        return {"ellipse": list(self.box)}


@dataclass(frozen=True, slots=True, order=True)
class Polygon:
    """A convex polygon, stretched from its middle.

    points: no three in a line, clockwise as seen, the least first; made by `hull`, so that every set of
    points gives one polygon. grow: by how much a side moves outwards, as a fraction of the polygon: a tilted
    box grows along its own sides. The stretched corners lie between pixels and are never rounded, so that a
    larger margin always hides more.
    """

    points: tuple[Point, ...]
    grow: float = 0.0

    def __post_init__(self) -> None:
        _check(*self.points)
        if not 3 <= len(self.points) <= MOST_POINTS:
            raise InvalidRegion(f"a polygon has 3 to {MOST_POINTS} corners, not {len(self.points)}")
        if _hull(self.points) != self.points:
            raise InvalidRegion("a polygon that is hidden is convex, its corners in order")
        if not 0.0 <= self.grow <= 1.0:
            raise InvalidRegion(f"a margin of {self.grow}; it lies between 0 and 1")

    @classmethod
    def hull(cls, points: Iterable[Point]) -> Polygon:
        """The smallest convex polygon around the points. Raises InvalidRegion where they lie in one line."""
        found = list(points)
        _check(*found)
        return cls(_hull(found))

    @classmethod
    def covering(cls, points: Iterable[tuple[float, float]]) -> Polygon:
        """A convex polygon in whole pixels around points that lie between them. Raises InvalidRegion."""
        return cls.hull(
            (x, y)
            for px, py in points
            for x in (math.floor(px), math.ceil(px))
            for y in (math.floor(py), math.ceil(py))
        )

    def span(self, y: int) -> Span:
        """The pixels of row y that the polygon touches."""
        return self.spans(y, y + 1)[0]

    def spans(self, y0: int, y1: int) -> list[Span]:
        """Of the rows from y0 to y1."""
        corners, unit = self._corners()
        edges = [(one, other) if one[1] <= other[1] else (other, one) for one, other in _edges(corners)]
        return [_across(edges, unit, y) for y in range(y0, y1)]

    @property
    def box(self) -> tuple[int, int, int, int]:
        corners, unit = self._corners()
        across, down = [x for x, _ in corners], [y for _, y in corners]
        return min(across) // unit, min(down) // unit, -(-max(across) // unit), -(-max(down) // unit)

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """The stretched corners, for a drawing: x and y in pixels."""
        corners, unit = self._corners()
        return tuple((x / unit, y / unit) for x, y in corners)

    @property
    def doubled_area(self) -> int:
        """Twice the area without the margin, in square pixels."""
        return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in _edges(self.points))

    def to_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {"polygon": [list(point) for point in self.points]}
        return {**told, "grow": self.grow} if self.grow else told

    def _corners(self) -> tuple[list[Point], int]:
        """The stretched corners, in parts of a pixel, and how many parts make one."""
        if not self.grow:
            return list(self.points), 1
        stretch = 1 + 2 * Fraction(str(self.grow))
        # The centre of gravity, in parts of the area's sixfold.
        sums, whole = [0, 0], 3 * self.doubled_area
        for (x0, y0), (x1, y1) in _edges(self.points):
            turn = x0 * y1 - x1 * y0
            sums = [sums[0] + (x0 + x1) * turn, sums[1] + (y0 + y1) * turn]
        more = stretch.numerator - stretch.denominator
        return [
            (x * whole * stretch.numerator - sums[0] * more, y * whole * stretch.numerator - sums[1] * more)
            for x, y in self.points
        ], whole * stretch.denominator


Outline = Ellipse | Polygon


def parse_outline(stored: Mapping[str, Any]) -> Outline:
    """The inverse of to_dict. Raises InvalidRegion for anything else."""
    match stored:
        case {"ellipse": [x0, y0, x1, y1]} if len(stored) == 1 and _whole(x0, y0, x1, y1):
            return Ellipse(x0, y0, x1, y1)
        case {"polygon": list(points)} if len(stored) == 1:
            return Polygon(parse_points(points))
        case {"polygon": list(points), "grow": float(grow)} if len(stored) == 2:
            return Polygon(parse_points(points), grow)
        case _:
            raise InvalidRegion(f"an outline is an ellipse or a polygon, not {dict(stored)!r}")


def parse_points(stored: object) -> tuple[Point, ...]:
    """From [[x, y], …]. Raises InvalidRegion for anything else."""
    if not isinstance(stored, Sequence) or isinstance(stored, str):
        raise InvalidRegion("a polygon is a list of corners [x, y]")
    found = []
    for point in stored:
        match point:
            case [x, y] if _whole(x, y):
                found.append((x, y))
            case _:
                raise InvalidRegion(f"a corner is two whole numbers, not {point!r}")
    return tuple(found)


@lru_cache(maxsize=256)  # of a hundred megapixels each may hold a megabyte
def spans_within(outline: Outline, x0: int, y0: int, x1: int, y1: int) -> tuple[Span, ...]:
    """Of each row of the rectangle from (x0, y0) to (x1, y1) the pixels in it that the outline touches."""
    cut = ((max(left, x0), min(right, x1)) for left, right in outline.spans(y0, y1))
    return tuple((left, right) if left < right else (x0, x0) for left, right in cut)


def _whole(*values: object) -> bool:
    return all(type(value) is int for value in values)


def _check(*points: Point) -> None:
    if any(abs(value) > LARGEST for point in points for value in point):
        raise InvalidRegion(f"a corner lies at most {LARGEST} pixels from the origin")


def _reach(side: int, grow: float) -> int:
    """By how much the ellipse around a box sticks out on each side, rounded up."""
    root_two_sides = math.isqrt(2 * side * side - 1) + 1
    return max(-((side - root_two_sides) // 2), math.ceil(side * grow))


def _hull(points: Iterable[Point]) -> tuple[Point, ...]:
    """The corners of the convex hull, clockwise as seen (y runs down), from the least on (monotone chain)."""
    ordered = sorted(set(points))

    def half(sequence: Iterable[Point]) -> list[Point]:
        kept: list[Point] = []
        for x, y in sequence:
            while len(kept) > 1:
                (ax, ay), (bx, by) = kept[-2:]
                if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                    break
                kept.pop()
            kept.append((x, y))
        return kept[:-1]

    return tuple(half(ordered) + half(reversed(ordered)))


def _edges(points: Sequence[Point]) -> Iterable[tuple[Point, Point]]:
    return zip(points, [*points[1:], *points[:1]], strict=True)


def _across(edges: Iterable[tuple[Point, Point]], unit: int, y: int) -> Span:
    """The pixels of row y between these edges of a convex polygon, upper ends first, in parts of a pixel."""
    top, bottom = y * unit, (y + 1) * unit
    least, most, inside = 0, 0, False
    for (xa, ya), (xb, yb) in edges:
        low, high = max(ya, top), min(yb, bottom)
        if low > high or ya == yb:  # a level edge ends where its neighbours do
            continue
        for at in (low, high):
            # Rounded outwards: the least whole pixel's edge, and the greatest.
            run, rise = xa * (yb - ya) + (at - ya) * (xb - xa), (yb - ya) * unit
            left, right = run // rise, -(-run // rise)
            least, most = (min(least, left), max(most, right)) if inside else (left, right)
            inside = True
    touching = all(yb <= top or ya >= bottom for (_, ya), (_, yb) in edges)
    return (0, 0) if touching or not inside else (least, most)
