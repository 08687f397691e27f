"""The measure of utility: a perfect finder has all, a blind one nothing, and what is hidden costs nobody."""

from __future__ import annotations

import numpy as np
import pytest

from policies.model import Kind, RedactionMethod, Region
from tests.bench.attacks import methods as ways
from tests.bench.utility.__main__ import hidden, touches
from tests.bench.utility.classes import classes, lines
from tests.bench.utility.precision import average_precision, match, mean

HERE = np.array([[0, 0, 10, 10], [20, 0, 30, 10]], dtype=np.float64)
NONE = np.zeros((0, 4))


def scored(
    boxes: np.ndarray[tuple[int, ...], np.dtype[np.float64]], *scores: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.hstack([boxes, np.array(scores, dtype=np.float64)[:, None]])


def test_whoever_finds_all_and_nothing_else_has_a_precision_of_one() -> None:
    found = average_precision([match(scored(HERE, 0.9, 0.8), HERE, NONE)] * 3)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_whoever_finds_nothing_has_none() -> None:
    assert average_precision([match(np.zeros((0, 5)), HERE, NONE)] * 3).value == 0.0


def test_a_surer_false_box_halves_what_comes_after_it() -> None:
    boxes = np.array([[50, 50, 60, 60], [0, 0, 10, 10]], dtype=np.float64)
    assert average_precision([match(scored(boxes, 0.9, 0.8), HERE[:1], NONE)]).value == 0.5


def test_the_second_box_on_one_label_is_false() -> None:
    found = match(scored(HERE[[0, 0]], 0.9, 0.8), HERE[:1], NONE)
    assert found.right.tolist() == [True, False]


def test_what_is_found_where_something_was_hidden_does_not_count() -> None:
    found = match(scored(HERE, 0.9, 0.8), HERE[:1], HERE[1:])
    assert found.right.tolist() == [True]


def test_an_interval_of_the_same_values_is_a_point() -> None:
    assert str(mean([0.25] * 4)) == "25.0 (25.0–25.0)"
    assert mean([]).value is None


@pytest.mark.parametrize("method", [ways.fill(), ways.Method("blur", RedactionMethod.BLUR), ways.gaussian(3)])
def test_only_the_regions_change(method: ways.Method) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    shown = hidden(pixels, [Region(8, 8, 56, 40)], Kind.FACE, method)
    changed = (shown != pixels).any(axis=2)
    assert changed[8:40, 8:56].mean() > 0.9
    changed[8:40, 8:56] = False
    assert not changed.any()


def test_a_line_beside_what_is_hidden_is_told_from_one_that_reaches_into_it() -> None:
    line = np.array([0, 0, 10, 10, 0.9])
    assert touches(line, np.array([[30.0, 0, 40, 10], [9, 9, 12, 12]]))
    assert not touches(line, np.array([[10.0, 0, 40, 10]]))
    assert not touches(line, NONE)


def test_the_class_is_in_the_name_and_small_classes_are_left_out() -> None:
    names = [f"set/a_{number}.jpg" for number in range(12)] + ["set/b_1.jpg", "set/other.jpg"]
    kept, labels = classes([*names, *(f"set/c_{number}.jpg" for number in range(10))], r"/([abc])_")
    assert kept == [*range(12), *range(14, 24)]
    assert labels.tolist() == [0] * 12 + [1] * 10


def test_a_classifier_knows_what_copies_show_and_guesses_where_they_show_nothing() -> None:
    labels = np.repeat(np.arange(2), 15)
    seen = labels[:, None] + np.random.default_rng(1).normal(0, 0.05, (30, 3))
    originals, nothing = lines({"original": seen, "fill": np.zeros((30, 3))}, labels)
    assert originals.count("100.0 (100.0–100.0)") == 3
    assert "| 50.0 " in nothing
