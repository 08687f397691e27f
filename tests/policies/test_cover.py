"""How much several regions cover: the same as counting pixels one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from policies.cover import Nearby, area_covered, share_covered, union_iou
from policies.model import Region, Size
from tests.policies.strategies import regions

SIZE = Size(40, 30)
SOME = st.lists(regions(SIZE), max_size=8)


def painted(some: list[Region]) -> NDArray[np.bool_]:
    pixels = np.zeros((SIZE.height, SIZE.width), dtype=np.bool_)
    for region in some:
        pixels[region.y0 : region.y1, region.x0 : region.x1] = True
    return pixels


@given(SOME)
def test_the_area_is_the_number_of_pixels(some: list[Region]) -> None:
    assert area_covered(some) == painted(some).sum()


@given(regions(SIZE), SOME)
def test_the_share_is_that_of_the_regions_own_pixels(region: Region, others: list[Region]) -> None:
    both = painted([region]) & painted(others)
    assert share_covered(region, others) == both.sum() / region.area


@given(SOME, SOME)
def test_the_iou_of_two_sets_is_that_of_their_pixels(one: list[Region], other: list[Region]) -> None:
    either = (painted(one) | painted(other)).sum()
    both = (painted(one) & painted(other)).sum()
    assert union_iou(one, other) == (both / either if either else 1.0)
    assert union_iou(one, other) == union_iou(other, one)


def test_two_decisions_that_hide_nothing_agree() -> None:
    assert union_iou([], []) == 1.0
    assert union_iou([], [Region(0, 0, 1, 1)]) == 0.0


@given(regions(Size(4000, 3000)), st.lists(regions(Size(4000, 3000)), max_size=8))
def test_what_is_looked_for_by_place_misses_nothing_that_overlaps(
    region: Region, others: list[Region]
) -> None:
    near = Nearby(others).to(region)
    assert {each for each in others if region.overlap(each)} <= set(near) <= set(others)
    assert len(set(near)) == len(near)
