"""Several looks at one object become one detection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.detection.boxes import MOST
from gateway.detection.fuse import CERTAIN, FLOOR, fuse
from policies.model import TOO_MANY, Detection, Kind, Region, Size

SIZE = Size(2000, 2000)
FACE, PLATE = Kind.FACE, Kind.LICENSE_PLATE


def fused_of(detections: Sequence[Detection]) -> tuple[Detection, ...]:
    return fuse(detections, SIZE)


def seen(kind: Kind, x: int, y: int, width: int, height: int, score: float, source: str = "one") -> Detection:
    return Detection(kind, Region(x, y, x + width, y + height), score, source)


some = st.lists(
    st.builds(
        seen,
        st.sampled_from([FACE, PLATE]),
        st.integers(0, 80),
        st.integers(0, 80),
        st.integers(1, 60),
        st.integers(1, 60),
        st.sampled_from([0.2, 0.3, 0.49, 0.5, 0.7, 1.0]),
        st.sampled_from(["one", "two"]),
    ),
    max_size=10,
)


@settings(deadline=None)
@given(some)
def test_the_order_of_the_input_does_not_matter(detections: list[Detection]) -> None:
    assert fused_of(detections) == fused_of(detections[::-1])


@settings(deadline=None)
@given(some)
def test_what_was_certain_stays_certain_and_hidden(detections: list[Detection]) -> None:
    fused = fused_of(detections)
    for one in detections:
        if one.score >= 0.5:
            assert any(other.kind is one.kind and other.region.overlap(one.region) for other in fused)


@settings(deadline=None)
@given(some)
def test_scores_stay_between_the_floor_and_one(detections: list[Detection]) -> None:
    assert all(FLOOR <= one.score <= 1 for one in fused_of(detections))


def test_one_source_alone_never_lifts_a_doubt() -> None:
    (one,) = fused_of([seen(FACE, 0, 0, 60, 60, 0.4), seen(FACE, 1, 1, 60, 60, 0.4)])
    assert one.score == 0.4


def test_two_sources_that_agree_lift_a_doubt() -> None:
    (one,) = fused_of([seen(FACE, 0, 0, 60, 60, 0.4), seen(FACE, 1, 1, 60, 60, 0.4, "two")])
    assert one.score == pytest.approx(0.52)
    assert one.source == "one+two"


def test_kinds_are_not_mixed() -> None:
    assert len(fused_of([seen(FACE, 0, 0, 60, 60, 0.9), seen(PLATE, 0, 0, 60, 60, 0.9)])) == 2


def test_confident_sources_widen_a_plate_to_their_union() -> None:
    (one,) = fused_of([seen(PLATE, 0, 0, 100, 30, 0.9), seen(PLATE, 10, 0, 100, 34, 0.8, "two")])
    assert one.region == Region(0, 0, 110, 34)


def test_a_doubtful_source_does_not_move_a_plate() -> None:
    (one,) = fused_of([seen(PLATE, 0, 0, 100, 30, 0.9), seen(PLATE, 10, 0, 100, 34, 0.4, "two")])
    assert one.region == Region(0, 0, 100, 30)


def test_a_doubt_is_reported_only_where_a_person_can_judge_it() -> None:
    assert fused_of([seen(FACE, 0, 0, 20, 20, 0.45)]) == ()
    assert len(fused_of([seen(FACE, 0, 0, 40, 40, 0.45)])) == 1
    assert len(fused_of([seen(FACE, 0, 0, 8, 8, 0.5)])) == 1


@pytest.mark.parametrize("kind", list(Kind))
def test_a_small_thing_in_front_of_a_large_one_hides_nothing_of_it(kind: Kind) -> None:
    large = seen(kind, 100, 100, 400, 500, 0.92)
    small = seen(kind, 280, 300, 40, 50, 0.95)
    assert {one.region for one in fused_of([large, small])} == {large.region, small.region}


def test_nothing_is_nothing() -> None:
    assert fused_of([]) == ()


def apart(count: int, kind: Kind = FACE) -> list[Detection]:
    """So many things that have nothing to do with each other."""
    return [seen(kind, 20 * (i % 100), 20 * (i // 100), 9, 9, 0.9) for i in range(count)]


def test_more_things_than_can_be_told_apart_are_the_whole_image() -> None:
    """What is done with them takes the square of their number: an image made for it must not keep a
    worker.
    """
    assert len(fused_of(apart(MOST))) == MOST
    crowd = fused_of([*apart(MOST + 1), seen(PLATE, 0, 0, 60, 20, 0.9)])
    whole = Detection(FACE, Region(0, 0, SIZE.width, SIZE.height), 1.0, TOO_MANY)
    assert crowd == (whole, seen(PLATE, 0, 0, 60, 20, 0.9))


def test_who_says_that_there_are_too_many_is_believed() -> None:
    whole = Detection(FACE, Region(0, 0, SIZE.width, SIZE.height), 1.0, TOO_MANY)
    assert fused_of([*apart(3), whole]) == (whole,)


def test_what_was_taken_for_another_thing_is_still_known_by_the_extent() -> None:
    bust, passer_by = seen(FACE, 105, 105, 90, 90, 0.95), seen(FACE, 125, 105, 90, 90, 0.9)
    for second in (passer_by, replace(passer_by, source="two")):
        (fused,) = fused_of([bust, second])
        assert (fused.region, fused.extent) == (bust.region, Region(105, 105, 215, 195))
    assert fused_of([bust]) == (bust,)
    assert fused_of([bust, seen(FACE, 110, 110, 80, 80, 0.9)]) == (bust,)


@settings(deadline=None)
@given(some)
def test_every_certain_box_lies_within_the_reach_of_one_that_is_told(detections: list[Detection]) -> None:
    fused = fused_of(detections)
    for one in detections:
        if one.score >= CERTAIN:
            assert any(other.kind is one.kind and other.reach.contains(one.region) for other in fused)
