"""How an image is looked at: tiles and windows cover it, bands choose the operating point."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.detection import focus, passes
from gateway.detection.boxes import Boxes
from gateway.detection.faces import close_scale, overview_scales
from gateway.detection.looks import Pass, banded, seen
from gateway.detection.plates import plate_passes


@settings(deadline=None)
@given(st.integers(1, 20_000), st.integers(200, 2000))
def test_spans_cover_the_length_with_overlap(length: int, side: int) -> None:
    spans = passes.spans(length, side, 96)
    assert spans[0][0] == 0
    assert spans[-1][1] == length
    assert all(end - start <= side for start, end in spans)
    assert all(one[1] - other[0] >= 95 for one, other in itertools.pairwise(spans))


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 500), st.integers(1, 500), st.floats(0.05, 3.0))
def test_a_box_found_in_a_tile_comes_back_to_its_place(width: int, height: int, scale: float) -> None:
    pixels = np.zeros((height, width, 3), dtype=np.uint8)

    def whole(tile: passes.Tile) -> Boxes:
        down, across = tile.pixels.shape[:2]
        assert down % 32 == across % 32 == 0
        return np.array([[0, 0, across, down, 0.9]], dtype=np.float32)

    expected = [0, 0, width, height, 0.9]
    assert seen(pixels, scale, whole).tolist() == [pytest.approx(expected, rel=1e-5)]


def test_a_huge_image_is_seen_in_bounded_tiles() -> None:
    pixels = np.zeros((10_000, 10_000, 3), dtype=np.uint8)
    scale = passes.bounded_scale(1.0, 10_000, 10_000)
    sizes = [tile.pixels.shape[:2] for tile in passes.tiles(pixels, scale)]
    assert max(max(size) for size in sizes) <= passes.TILE_SIDE
    assert sum(height * width for height, width in sizes) < 1.25 * passes.PASS_PIXELS


@settings(deadline=None)
@given(
    st.integers(1, 1500),
    st.integers(1, 1500),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=8),
)
def test_windows_hold_every_suspicion_once(
    width: int, height: int, places: list[tuple[float, float]]
) -> None:
    rows = [(x * width, y * height, x * width + 10, y * height + 10, 0.1) for x, y in places]
    marks = focus.suspicious(np.array(rows, dtype=np.float32).reshape(-1, 5), width, height)
    found = focus.windows(marks, width, height)
    held = np.zeros((height, width), dtype=np.uint8)
    for one in found:
        assert max(one.x1 - one.x0, one.y1 - one.y0) <= focus.CELLS * focus.CELL
        held[one.y0 : one.y1, one.x0 : one.x1] += 1
    marked = np.repeat(np.repeat(marks, focus.CELL, axis=0), focus.CELL, axis=1)[:height, :width]
    assert np.array_equal(held, marked.astype(np.uint8))


def test_a_box_belongs_to_the_window_its_centre_is_in() -> None:
    boxes = np.array([[150, 10, 168, 30, 0.5], [152, 10, 170, 30, 0.5]], dtype=np.float32)
    assert len(focus.centred_in(boxes, focus.Window(0, 0, 160, 160))) == 1
    assert len(focus.centred_in(boxes, focus.Window(160, 0, 320, 160))) == 1


def test_the_closer_look_is_bounded_and_left_out_where_it_would_not_pay() -> None:
    everything = [focus.Window(0, 0, 640, 640)]
    assert close_scale([], 1000, 1000) == 0
    assert close_scale(everything, 640, 640) == 2
    assert close_scale([focus.Window(0, 0, 12_000, 9000)], 12_000, 9000) == 0


def test_a_large_box_needs_a_higher_score_than_a_small_one() -> None:
    look = Pass(2.0, ((64.0, 0.2), (math.inf, 0.5)))
    boxes = np.array([[0, 0, 20, 20, 0.2], [0, 0, 100, 100, 0.2]], dtype=np.float32)
    small, large = banded(boxes, look).tolist()
    assert small == pytest.approx(0.5)
    assert large == pytest.approx(0.2)


@settings(deadline=None)
@given(st.integers(1, 100_000), st.integers(1, 100_000))
def test_every_size_of_image_has_looks(width: int, height: int) -> None:
    scales = [*(look.scale for look in plate_passes(width, height)), *overview_scales(width, height).values()]
    assert scales
    assert all(scale**2 * width * height <= passes.PASS_PIXELS * 1.01 for scale in scales)
