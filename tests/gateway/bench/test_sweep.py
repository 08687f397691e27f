"""Thresholds: what each would hide, and which is chosen."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.bench.annotations import LabelledImage
from gateway.bench.change import LOOSE
from gateway.bench.intervals import share_of_images
from gateway.bench.run import Made, State
from gateway.bench.sweep import FLOOR, GRID, Point, Swept, choose, floored, sweep, with_hide
from policies.model import Detection, Kind, Region, Size
from policies.policy import Policy, load_policy
from tests.gateway.bench.labelled import box, image

BARS = {Kind.FACE: LOOSE}
SIZE = Size(160, 80)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy("street").narrowed(kinds=[Kind.FACE])


def seen(name: str, *scores: tuple[float, int]) -> Made:
    """Detections of 32x32 by their scores, each at a left edge."""
    found = tuple(Detection(Kind.FACE, Region(x, 16, x + 32, 48), score, "test") for score, x in scores)
    return Made(name, Path(name), State.RELEASED, None, 1.0, size=SIZE, detections=found)


def swept(policy: Policy, ceiling: float) -> Swept:
    """One face that is seen clearly, one that is seen at 0.35, and something else that is seen at 0.45."""
    labels: list[LabelledImage] = [
        image("s/a", box(16, 16, 32, 32)),
        image("s/b", box(16, 16, 32, 32)),
    ]
    made = [seen("s/a", (0.9, 16), (0.45, 104)), seen("s/b", (0.35, 16))]
    (found,) = sweep(labels, made, policy, BARS, ceiling=ceiling)
    return found


def test_lower_thresholds_never_hide_less(policy: Policy) -> None:
    points = swept(policy, 1.0).points
    assert [point.hide for point in points] == sorted({*GRID, 0.5})
    for low, high in pairwise(points):
        assert low.recall.part >= high.recall.part
        assert low.over >= high.over


def test_the_ceiling_decides(policy: Policy) -> None:
    free, bound = swept(policy, 1.0), swept(policy, 0.001)
    at = {point.hide: point for point in free.points}
    assert at[free.chosen].recall.part == 2
    assert at[bound.chosen].recall.part == 1
    assert at[bound.chosen].over <= 0.001 < at[free.chosen].over
    assert (free.own, bound.own) == (0.5, 0.5)


def test_what_lies_in_the_band_is_hidden_and_makes_a_person_look(policy: Policy) -> None:
    at = {point.hide: point for point in swept(policy, 1.0).points}
    # Under `street` the band is 0.03 wide: at a threshold of 0.375 what was seen at 0.35 lies in it.
    assert (at[0.375].recall.part, at[0.375].clear) == (2, 0.5)
    assert (at[0.35].recall.part, at[0.35].clear) == (2, 1.0)


points = st.lists(
    st.builds(
        lambda hide, part, over, clear: Point(hide, share_of_images(part, 10), over, clear),
        st.sampled_from(GRID),
        st.integers(0, 10),
        st.floats(0, 0.1, allow_nan=False),
        st.sampled_from((0.5, 0.9, 1.0)),
    ),
    unique_by=lambda point: point.hide,
)


@given(points, st.floats(0, 0.1, allow_nan=False))
def test_the_chosen_threshold_has_the_most_recall_under_the_ceiling(
    found: list[Point], ceiling: float
) -> None:
    chosen = choose(found, ceiling, own=0.123)
    within = [point for point in found if point.over <= ceiling]
    if not within:
        assert chosen == 0.123
        return
    best = max(point.recall.part for point in within)
    equals = [point for point in within if point.recall.part == best]
    clearest = max(point.clear for point in equals)
    assert chosen == min(point.hide for point in equals if point.clear == clearest)


@pytest.mark.parametrize("hide", GRID)
def test_the_band_moves_along_and_stops_at_the_floor(policy: Policy, hide: float) -> None:
    (rule,), (was,) = with_hide(policy, {Kind.FACE: hide}).rules, policy.rules
    assert rule.hide == hide
    assert rule.review == pytest.approx(max(hide - (was.hide - was.review), FLOOR))


def test_the_policys_own_threshold_leaves_it_the_policy_that_it_is(policy: Policy) -> None:
    assert with_hide(policy, {Kind.FACE: 0.5}).version == policy.version


def test_at_the_floor_everything_is_hidden_and_nobody_is_asked(policy: Policy) -> None:
    lowest = floored(policy)
    assert [(rule.hide, rule.review) for rule in lowest.rules] == [(FLOOR, FLOOR)]
    assert lowest.release.kinds == frozenset()


def test_images_that_were_refused_are_left_out(policy: Policy) -> None:
    labels = [image("s/a", box(16, 16, 32, 32)), image("s/b", box(16, 16, 32, 32))]
    made = [seen("s/a", (0.9, 16)), replace(seen("s/b"), size=None, output=None)]
    (found,) = sweep(labels, made, policy, BARS, ceiling=1.0)
    assert found.points[0].recall.whole == 1
    assert sweep(labels[1:], made[1:], policy, BARS, ceiling=1.0) == []
