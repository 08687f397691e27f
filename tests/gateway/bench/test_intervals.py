"""Intervals hold what they say, and say less where boxes come together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.bench.intervals import mean_of_images, share_of_boxes, share_of_images, sign_test

clusters = st.lists(
    st.integers(0, 30).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))), max_size=30
)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(part: int, whole: int, low: float, high: float) -> None:
    found = share_of_images(part, whole)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(clusters)
def test_an_interval_holds_its_value_and_stays_within_0_and_1(found: list[tuple[int, int]]) -> None:
    share = share_of_boxes(found)
    assert 0 <= share.low <= share.high <= 1
    if share.value is None:
        assert share.whole == 0
    else:
        assert share.low <= share.value <= share.high


@given(clusters)
def test_boxes_that_come_by_image_never_say_more_than_independent_ones(found: list[tuple[int, int]]) -> None:
    together = share_of_boxes(found)
    apart = share_of_images(together.part, together.whole)
    assert together.low <= apart.low + 1e-12
    assert together.high >= apart.high - 1e-12


def test_images_that_are_missed_or_hidden_whole_count_as_about_one_box_each() -> None:
    found, hundred = share_of_boxes([(100, 100)] * 80 + [(0, 100)] * 20), share_of_images(80, 100)
    assert (found.low, found.high) == pytest.approx((hundred.low, hundred.high), abs=0.015)


def test_one_box_an_image_is_one_trial_each() -> None:
    found = share_of_boxes([(1, 1)] * 18 + [(0, 1)] * 2)
    assert found == share_of_images(18, 20)


@pytest.mark.parametrize("each", [1, 2, 9, 40])
@pytest.mark.parametrize("images", [2, 12, 150])
def test_one_miss_does_not_make_a_run_look_surer_of_itself(images: int, each: int) -> None:
    """Nothing missed says nothing of how misses scatter; the interval must not jump at the first one."""
    without, one = [(each, each)] * images, [(each, each)] * (images - 1) + [(each - 1, each)]
    assert share_of_boxes(one).low < share_of_boxes(without).low + 0.02
    assert share_of_images(images, images).low <= share_of_boxes(without).low


def test_clustered_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """1,000 sets of 60 images whose own rates scatter about 0.9: at least 90 of 100 intervals hold it."""
    chance = np.random.default_rng(7)
    held = 0
    for _ in range(1000):
        rates = chance.beta(9, 1, 60)
        boxes = chance.integers(1, 40, 60)
        drawn = chance.binomial(boxes, rates)
        found = share_of_boxes(list(zip(drawn.tolist(), boxes.tolist(), strict=True)))
        held += found.low <= 0.9 <= found.high
    assert held >= 900


@given(st.lists(st.floats(0, 1, allow_nan=False), min_size=1, max_size=40))
def test_a_mean_lies_in_its_interval_and_comes_out_alike_again(values: list[float]) -> None:
    found = mean_of_images(values)
    assert found == mean_of_images(values)
    assert found.value is not None
    assert found.low <= found.value <= found.high
    assert min(values) - 1e-9 <= found.low
    assert found.high <= max(values) + 1e-9


def test_nothing_has_no_mean() -> None:
    assert mean_of_images([]).value is None


@pytest.mark.parametrize(
    ("won", "lost", "chance"), [(0, 0, 1.0), (5, 5, 1.0), (8, 1, 0.0390625), (10, 0, 2 / 1024)]
)
def test_the_sign_test_counts_all_splits_as_uneven(won: int, lost: int, chance: float) -> None:
    assert sign_test(won, lost) == sign_test(lost, won) == pytest.approx(chance)


def test_the_sign_test_takes_many_images() -> None:
    assert sign_test(5200, 4800) == pytest.approx(6.6e-5, rel=0.05)
