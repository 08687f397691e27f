"""Outlines hide every pixel that they touch, and no other; by exact geometry done in another way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.errors import InvalidRegion
from policies.model import Detection, Kind, Redaction, RedactionMethod, Region, Size
from policies.shapes import MOST_POINTS, Ellipse, Polygon, parse_outline, parse_points
from tests.policies.strategies import ellipses, grown_polygons, polygons, redactions, regions

SIZE = Size(18, 13)
Corners = list[tuple[Fraction, Fraction]]


def touched(outline: Ellipse | Polygon, x: int, y: int) -> bool:
    """Whether the inside of the outline and the pixel (x, y) have an area in common."""
    if isinstance(outline, Ellipse):
        return _nearest(x, outline.x0, outline.x1) + _nearest(y, outline.y0, outline.y1) < 1
    corners = stretched(outline)
    for axis, limit, sign in ((0, x, 1), (0, x + 1, -1), (1, y, 1), (1, y + 1, -1)):
        corners = _cut(corners, axis, limit, sign)
    return _area(corners) > 0


def stretched(polygon: Polygon) -> Corners:
    corners: Corners = [(Fraction(px), Fraction(py)) for px, py in polygon.points]
    turns = [a * d - b * c for (a, b), (c, d) in zip(corners, corners[1:] + corners[:1], strict=True)]
    sums = [sum((one[i] + other[i]) * turn for one, other, turn in _around(corners, turns)) for i in (0, 1)]
    middle = [total / (3 * sum(turns)) for total in sums]
    stretch = 1 + 2 * Fraction(str(polygon.grow))
    return [
        (middle[0] + (x - middle[0]) * stretch, middle[1] + (y - middle[1]) * stretch) for x, y in corners
    ]


def _around(corners: Corners, turns: list[Fraction]) -> Iterable[tuple[Any, Any, Fraction]]:
    return zip(corners, corners[1:] + corners[:1], turns, strict=True)


def _nearest(at: int, low: int, high: int) -> Fraction:
    """The square of the distance from the centre to the pixel along one axis, in half axes."""
    centre = Fraction(low + high, 2)
    nearest = Fraction(min(max(centre, Fraction(at)), Fraction(at + 1)))
    return ((nearest - centre) / Fraction(high - low, 2)) ** 2


def _cut(corners: Corners, axis: int, limit: int, sign: int) -> Corners:
    """What of a convex polygon lies on one side of a line (Sutherland and Hodgman)."""
    kept: Corners = []
    for one, other in zip(corners, corners[1:] + corners[:1], strict=True):
        here, there = (one[axis] - limit) * sign, (other[axis] - limit) * sign
        if here >= 0:
            kept.append(one)
        if here * there < 0:
            share = here / (here - there)
            kept.append((one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share))
    return kept


def _area(corners: Corners) -> Fraction:
    pairs = zip(corners, corners[1:] + corners[:1], strict=True)
    return abs(sum((a * d - b * c for (a, b), (c, d) in pairs), Fraction(0)))


def hidden(redaction: Redaction) -> set[tuple[int, int]]:
    return {
        (x, y)
        for y, (left, right) in enumerate(redaction.spans, redaction.region.y0)
        for x in range(left, right)
    }


@settings(max_examples=60)
@given(st.one_of(ellipses(SIZE, margin=6), grown_polygons(SIZE, margin=6)))
def test_every_pixel_that_is_touched_is_hidden_and_no_other(outline: Ellipse | Polygon) -> None:
    whole = Region(0, 0, SIZE.width, SIZE.height)
    expected = {(x, y) for x in range(SIZE.width) for y in range(SIZE.height) if touched(outline, x, y)}
    if not expected:
        with pytest.raises(InvalidRegion, match="hides nothing"):
            Redaction(whole, Kind.FACE, RedactionMethod.FILL, outline)
        return
    assert hidden(Redaction(whole, Kind.FACE, RedactionMethod.FILL, outline)) == expected


@given(redactions(SIZE))
def test_a_redaction_counts_its_pixels_and_says_what_it_covers(redaction: Redaction) -> None:
    pixels = hidden(redaction)
    assert redaction.pixels == len(pixels)
    for region in (redaction.region, Region(7, 4, 11, 8), Region(9, 6, 10, 7)):
        every = {(x, y) for x in range(region.x0, region.x1) for y in range(region.y0, region.y1)}
        assert redaction.covers(region) == (every <= pixels)


@given(redactions(SIZE))
def test_a_report_gives_the_redaction_back(redaction: Redaction) -> None:
    assert Redaction.parse(redaction.to_dict()) == redaction
    assert ("outline" in redaction.to_dict()) == (redaction.outline is not None)


def test_what_was_stored_before_there_were_outlines_is_a_rectangle() -> None:
    stored = {"kind": "face", "region": {"x0": 1, "y0": 2, "x1": 3, "y1": 4}, "method": "blur"}
    region = Region(1, 2, 3, 4)
    assert Redaction.parse(stored) == Redaction(region, Kind.FACE, RedactionMethod.BLUR)
    detected = {"kind": "face", "region": region.to_dict(), "score": 0.5, "source": "x"}
    assert Detection.parse(detected) == Detection(Kind.FACE, region, 0.5, "x")


# -- ellipses


@given(regions(), st.floats(0.0, 1.0))
def test_an_ellipse_covers_all_of_its_box_and_reaches_beyond_each_side(region: Region, grow: float) -> None:
    around = Ellipse.around(region.x0, region.y0, region.x1, region.y1, grow)
    room = Region(0, 0, 1200, 1200)
    assert Redaction(room, Kind.FACE, RedactionMethod.FILL, around).covers(region)
    assert around.x0 <= region.x0 - grow * region.width
    assert around.y1 >= region.y1 + grow * region.height


def test_an_ellipse_that_the_image_cuts_covers_its_box_still() -> None:
    """One drawn into the part that is left would leave the corners at the edge."""
    face, size = Region(0, 10, 40, 60), Size(100, 100)
    around = Ellipse.around(0, 10, 40, 60, 0.1)
    part = Region.covering(*around.box, size)
    assert part is not None
    assert Redaction(part, Kind.FACE, RedactionMethod.FILL, around).covers(face)


# -- polygons


@given(polygons(SIZE), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_larger_margin_hides_all_that_a_smaller_one_does(
    polygon: Polygon, one: float, other: float
) -> None:
    smaller, larger = (replace(polygon, grow=grow) for grow in sorted((one, other)))
    room = Region(0, 0, 80, 80)
    outer = Redaction(room, Kind.FACE, RedactionMethod.FILL, larger)
    inner = Redaction(room, Kind.FACE, RedactionMethod.FILL, smaller)
    bare = Redaction(room, Kind.FACE, RedactionMethod.FILL, polygon)
    assert hidden(bare) <= hidden(inner) <= hidden(outer)


def _holds(polygon: Polygon, point: tuple[int, int]) -> bool:
    pairs = zip(polygon.points, polygon.points[1:] + polygon.points[:1], strict=True)
    return all((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax) >= 0 for (ax, ay), (bx, by) in pairs)


def test_an_upright_box_grows_as_a_rectangle_does_and_a_tilted_one_along_its_sides() -> None:
    upright = Polygon(Polygon.hull([(100, 100), (200, 100), (200, 140), (100, 140)]).points, 0.1)
    assert upright.box == (90, 96, 210, 144)
    assert Redaction(Region(90, 96, 210, 144), Kind.TEXT, RedactionMethod.FILL, upright).pixels == 120 * 48
    tilted = Polygon.hull([(100, 100), (200, 200), (190, 210), (90, 110)])
    grown = replace(tilted, grow=0.1)
    around = Redaction(Region(*grown.box), Kind.TEXT, RedactionMethod.FILL, grown)
    assert tilted.doubled_area / 2 * 1.2**2 < around.pixels < tilted.doubled_area / 2 * 1.2**2 + 500


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 50)), min_size=1, max_size=6))
def test_points_between_pixels_are_covered(points: list[tuple[float, float]]) -> None:
    try:
        polygon = Polygon.covering(points)
    except InvalidRegion:
        return  # all of them whole, and in one line
    pairs = list(zip(polygon.points, polygon.points[1:] + polygon.points[:1], strict=True))
    for x, y in points:
        assert all((bx - ax) * (y - ay) - (by - ay) * (x - ax) >= -1e-9 for (ax, ay), (bx, by) in pairs)


@given(polygons())
def test_a_polygon_is_known_by_its_corners_whatever_their_order(polygon: Polygon) -> None:
    x0, y0, x1, y1 = polygon.box
    middle = ((x0 + x1) // 2, (y0 + y1) // 2)
    assert Polygon.hull(reversed(polygon.points)) == polygon
    if _holds(polygon, middle):
        assert Polygon.hull([middle, *polygon.points]) == polygon


@pytest.mark.parametrize(
    ("stored", "word"),
    [
        ({"circle": [1, 2, 3, 4]}, "ellipse or a polygon"),
        ({"ellipse": [1, 2, 3]}, "ellipse or a polygon"),
        ({"ellipse": [1, 2, 3, 4.0]}, "ellipse or a polygon"),
        ({"ellipse": [5, 2, 3, 4]}, "empty"),
        ({"polygon": [[0, 0], [1, 0]]}, "corners"),
        ({"polygon": [[0, 0], [9, 0], [1, 1], [0, 9]]}, "convex"),
        ({"polygon": [[0, 0], [0, 9], [9, 0]]}, "order"),
        ({"polygon": [[0, 0], [True, 0], [0, 1]]}, "whole numbers"),
        ({"polygon": [[0, 0], [9, 0], [0, 9]], "grow": 2.0}, "margin"),
        ({"polygon": [[0, 0], [2_000_000, 0], [0, 1]]}, "from the origin"),
    ],
)
def test_anything_else_is_refused(stored: dict[str, object], word: str) -> None:
    with pytest.raises(InvalidRegion, match=word):
        parse_outline(stored)


def test_more_corners_than_a_hand_draws_are_refused() -> None:
    """Points on a parabola all stay in the hull."""
    with pytest.raises(InvalidRegion, match=f"3 to {MOST_POINTS}"):
        Polygon.hull((x, x * x) for x in range(MOST_POINTS + 1))
    with pytest.raises(InvalidRegion, match="list of corners"):
        parse_points("0,0")


def test_a_detection_holds_its_polygon() -> None:
    inside = Polygon.hull([(10, 10), (30, 20), (12, 30)])
    found = Detection(Kind.TEXT, Region(10, 10, 30, 30), 0.9, "x", polygon=inside)
    assert Detection.parse(found.to_dict()) == found
