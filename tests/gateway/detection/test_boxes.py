"""The arithmetic on boxes: laws that hold for any boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.detection import boxes as b
from gateway.detection.agreement import agreed
from gateway.detection.boxes import Boxes
from gateway.detection.looks import detections
from gateway.detection.turned import turned_back
from policies.model import Kind, Region


@st.composite
def some_boxes(draw: st.DrawFn, most: int = 12) -> Boxes:
    number = st.integers(0, 60)
    rows = [
        (
            x,
            y,
            x + draw(st.integers(1, 40)),
            y + draw(st.integers(1, 40)),
            draw(st.integers(1, 99)) / 100,
        )
        for x, y in draw(st.lists(st.tuples(number, number), max_size=most))
    ]
    return np.array(rows, dtype=np.float32).reshape(-1, 5)


@settings(deadline=None)
@given(some_boxes())
def test_order_of_the_input_does_not_matter(boxes: Boxes) -> None:
    shuffled = boxes[np.random.default_rng(0).permutation(len(boxes))]
    assert np.array_equal(b.suppressed(boxes, 0.4), b.suppressed(shuffled, 0.4))


@settings(deadline=None)
@given(some_boxes())
def test_what_suppression_keeps_does_not_overlap(boxes: Boxes) -> None:
    kept = b.suppressed(boxes, 0.4)
    for index, box in enumerate(kept):
        assert (b.ious(box, np.delete(kept, index, axis=0)) <= 0.4).all()


@settings(deadline=None)
@given(some_boxes())
def test_every_box_is_kept_or_overlaps_a_better_one(boxes: Boxes) -> None:
    kept = b.suppressed(boxes, 0.4)
    for box in boxes:
        rivals = b.ious(box, kept)
        assert ((rivals > 0.4) & (kept[:, 4] >= box[4])).any() or (kept == box).all(axis=1).any()


@settings(deadline=None)
@given(some_boxes())
def test_moving_there_and_back_changes_nothing(boxes: Boxes) -> None:
    there = b.moved(boxes, scale=(2.0, 4.0), offset=(8.0, 16.0))
    shifted = there.copy()
    shifted[:, :4] -= np.array([8, 16, 8, 16], dtype=np.float32)
    back = b.moved(shifted, scale=(0.5, 0.25), offset=(0.0, 0.0))
    assert np.allclose(back, boxes, atol=1e-3)


@settings(deadline=None)
@given(some_boxes(), st.integers(1, 60), st.integers(1, 60))
def test_clipped_boxes_lie_in_the_image(boxes: Boxes, width: int, height: int) -> None:
    cut = b.clipped(boxes, width, height)
    assert (cut[:, :4] >= 0).all()
    assert (cut[:, [0, 2]] <= width).all()
    assert (cut[:, [1, 3]] <= height).all()


def test_clipping_drops_what_is_no_number() -> None:
    boxes = np.array([[0, 0, np.nan, 5, 0.5], [0, 0, 5, 5, 0.5]], dtype=np.float32)
    assert len(b.clipped(boxes, 10, 10)) == 1


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.05, 0.95))
def test_normalising_keeps_the_order_and_centres_the_point(one: float, two: float, point: float) -> None:
    points = np.full(3, point, dtype=np.float32)
    scores = np.array([min(one, two), max(one, two), point], dtype=np.float32)
    low, high, middle = b.normalised(scores, points)
    assert 0 <= low <= high <= 1
    assert middle == pytest.approx(0.5, abs=1e-6)


def test_growing_adds_the_fraction_on_every_side() -> None:
    grown = b.grown(np.array([[10, 10, 30, 20, 0.5]], dtype=np.float32), 0.1, 0.5)
    assert grown.tolist() == [[8.0, 5.0, 32.0, 25.0, 0.5]]


def test_more_boxes_than_can_be_told_apart_are_no_answer() -> None:
    apart = np.array([(9 * i, 0, 9 * i + 4, 4, 0.9) for i in range(b.MOST + 1)], dtype=np.float32)
    assert len(b.suppressed(apart[:-1], 0.4)) == b.MOST
    with pytest.raises(b.Crowded):
        b.suppressed(apart, 0.4)
    with pytest.raises(b.Crowded):
        b.suppressed(np.zeros((b.MOST_RAW + 1, 5), dtype=np.float32), 0.4)


BUST = np.array([[105, 105, 195, 195, 0.95]], dtype=np.float32)
PASSER_BY = np.array([[125, 105, 215, 195, 0.9]], dtype=np.float32)
BOTH = (105, 105, 215, 195)


def test_a_box_that_is_dropped_is_still_known_by_the_reach_of_the_one_that_stays() -> None:
    raw = b.with_reach(np.concatenate([BUST, PASSER_BY]))
    (stays,) = b.suppressed(raw, 0.4)
    assert (*stays[:4], *stays[-4:]) == (*BUST[0, :4], *BOTH)
    (alone,) = b.suppressed(raw, 0.4, least=0.92)
    assert (alone[-4:] == BUST[0, :4]).all()


def test_the_reach_goes_with_its_box_to_the_detection() -> None:
    look = b.suppressed(b.with_reach(np.concatenate([BUST, PASSER_BY])), 0.4)
    (joined,) = agreed([look, b.no_boxes(), b.with_reach(BUST)], 0.4)
    mirrored = b.mirrored(b.mirrored(joined[None], 400), 400)
    turned = [turned_back(mirrored, 4 - quarters, 400, 400) for quarters in (1, 2, 3)]
    back = [turned_back(boxes, quarters, 400, 400) for quarters, boxes in enumerate(turned, start=1)]
    for boxes in (mirrored, *back, b.clipped(b.stacked([b.no_boxes(), mirrored]), 400, 400)):
        (found,) = detections(boxes, Kind.FACE, "one", np.zeros((400, 400, 3), dtype=np.uint8))
        assert (found.region, found.extent) == (Region(105, 105, 195, 195), Region(*BOTH))


def test_a_box_without_numbers_takes_nothing_from_the_one_that_stays() -> None:
    odd = np.array([[np.nan, 105, np.nan, 195, 0.9]], dtype=np.float32)
    stays = b.suppressed(b.with_reach(np.concatenate([BUST, odd])), 0.4)
    assert np.array_equal(b.clipped(stays, 400, 400), b.with_reach(BUST))
