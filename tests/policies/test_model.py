"""Regions and the other words: rounding errs toward hiding more, and nothing leaves the image."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.errors import InvalidRegion
from policies.model import Detection, Kind, Region, Size
from tests.policies.strategies import images, regions, sizes

FRACTIONS = st.floats(0.0, 3.0)
BLOCKS = st.integers(1, 64)


@given(regions())
def test_parse_inverts_to_dict(region: Region) -> None:
    assert Region.parse(region.to_dict()) == region


@given(regions(), regions())
def test_a_detection_is_kept_whole_and_says_what_it_stood_for_only_where_that_reaches_out(
    region: Region, other: Region
) -> None:
    alone = Detection(Kind.FACE, region, 0.5, "centerface")
    found = alone.reaching([other])
    assert Detection.parse(found.to_dict()) == found
    assert ("extent" in found.to_dict()) is not region.contains(other)
    assert found.reach == region.united(other)


@given(images(), FRACTIONS)
def test_grown_hides_at_least_the_margin_and_stays_in_the_image(
    case: tuple[Size, Region, Region], fraction: float
) -> None:
    size, region, _ = case
    grown = region.grown(fraction, size)
    assert grown.contains(region)
    assert grown.within(size)
    for edge, inner, margin in [
        (grown.x0, region.x0, region.width * fraction),
        (grown.y0, region.y0, region.height * fraction),
    ]:
        assert edge == 0 or inner - edge >= margin
    for edge, inner, margin, limit in [
        (grown.x1, region.x1, region.width * fraction, size.width),
        (grown.y1, region.y1, region.height * fraction, size.height),
    ]:
        assert edge == limit or edge - inner >= margin


@given(images(), BLOCKS)
def test_aligned_ends_on_blocks_or_the_edge_and_is_the_least_that_does(
    case: tuple[Size, Region, Region], block: int
) -> None:
    size, region, _ = case
    aligned = region.aligned(block, size)
    assert aligned.contains(region)
    assert aligned.within(size)
    assert aligned.x0 % block == aligned.y0 % block == 0
    assert aligned.x1 % block == 0 or aligned.x1 == size.width
    assert aligned.y1 % block == 0 or aligned.y1 == size.height
    assert max(region.x0 - aligned.x0, region.y0 - aligned.y0) < block
    assert max(aligned.x1 - region.x1, aligned.y1 - region.y1) < block
    assert aligned.aligned(block, size) == aligned


@given(images())
def test_united_is_the_smallest_region_that_contains_both(case: tuple[Size, Region, Region]) -> None:
    size, one, other = case
    both = one.united(other)
    assert both == other.united(one)
    assert both.contains(one)
    assert both.contains(other)
    assert both.within(size)
    for smaller in [
        (both.x0 + 1, both.y0, both.x1, both.y1),
        (both.x0, both.y0 + 1, both.x1, both.y1),
        (both.x0, both.y0, both.x1 - 1, both.y1),
        (both.x0, both.y0, both.x1, both.y1 - 1),
    ]:
        if smaller[0] < smaller[2] and smaller[1] < smaller[3]:
            inner = Region(*smaller)
            assert not (inner.contains(one) and inner.contains(other))


def pixels(region: Region) -> set[tuple[int, int]]:
    return {(x, y) for x in range(region.x0, region.x1) for y in range(region.y0, region.y1)}


@given(regions(Size(12, 12)), regions(Size(12, 12)))
def test_overlap_contains_and_iou_count_pixels(one: Region, other: Region) -> None:
    both, either = pixels(one) & pixels(other), pixels(one) | pixels(other)
    assert one.area == len(pixels(one)) == one.width * one.height
    assert one.overlap(other) == other.overlap(one) == len(both)
    assert one.iou(other) == other.iou(one) == len(both) / len(either)
    assert one.contains(other) == (pixels(other) <= pixels(one))


COORDINATES = st.floats(-500, 900)


@given(sizes(), COORDINATES, COORDINATES, COORDINATES, COORDINATES)
def test_covering_holds_every_pixel_that_the_box_touches(
    size: Size, x0: float, y0: float, x1: float, y1: float
) -> None:
    region = Region.covering(x0, y0, x1, y1, size)
    columns = [x for x in range(size.width) if x < x1 and x + 1 > x0 and x0 < x1]
    rows = [y for y in range(size.height) if y < y1 and y + 1 > y0 and y0 < y1]
    if region is None:
        assert not (columns and rows)
        return
    assert region.within(size)
    if columns and rows:
        assert region == Region(columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", range(4))
def test_a_box_with_a_corner_that_is_no_number_is_refused(bad: float, place: int) -> None:
    box: list[float] = [1, 2, 3, 4]
    box[place] = bad
    with pytest.raises(InvalidRegion, match="no number"):
        Region.covering(box[0], box[1], box[2], box[3], Size(10, 10))


@pytest.mark.parametrize(
    "corners", [(0, 0, 0, 1), (0, 0, 1, 0), (2, 0, 1, 1), (0, 2, 1, 1), (-1, 0, 1, 1), (0, -1, 1, 1)]
)
def test_a_region_without_a_pixel_of_an_image_is_refused(corners: tuple[int, int, int, int]) -> None:
    with pytest.raises(InvalidRegion, match="holds no pixel"):
        Region(*corners)


GOOD = {"x0": 1, "y0": 2, "x1": 3, "y1": 4}


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"x0": 1, "y0": 2, "x1": 3},
        GOOD | {"kind": "face"},
        GOOD | {"x0": 1.0},
        GOOD | {"x0": "1"},
        GOOD | {"x0": True},
        GOOD | {"x0": None},
        GOOD | {"x1": 1},
        GOOD | {"y0": -1},
    ],
)
def test_parse_takes_four_whole_numbers_and_nothing_else(payload: dict[str, Any]) -> None:
    with pytest.raises(InvalidRegion):
        Region.parse(payload)


def test_a_margin_that_would_uncover_pixels_is_refused() -> None:
    with pytest.raises(InvalidRegion, match="uncover"):
        Region(0, 0, 10, 10).grown(-0.1, Size(10, 10))


@pytest.mark.parametrize(("width", "height"), [(0, 1), (1, 0), (-1, 5)])
def test_an_image_without_pixels_does_not_exist(width: int, height: int) -> None:
    with pytest.raises(InvalidRegion, match="does not exist"):
        Size(width, height)


@pytest.mark.parametrize("score", [-0.01, 1.01, math.nan, math.inf])
def test_a_score_lies_between_0_and_1(score: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Detection(Kind.FACE, Region(0, 0, 1, 1), score, "centerface")
