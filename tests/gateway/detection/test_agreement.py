"""Looks that agree: laws that hold for any looks."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.detection.agreement import agreed
from gateway.detection.boxes import Boxes, ious, suppressed
from tests.gateway.detection.test_boxes import some_boxes

OVERLAP = 0.4

looks = st.lists(some_boxes().map(lambda boxes: suppressed(boxes, OVERLAP)), min_size=1, max_size=4)


def _face(score: float, shift: float = 0.0) -> Boxes:
    return np.array([(shift, 0, shift + 20, 20, score)], dtype=np.float32)


@settings(deadline=None)
@given(looks)
def test_one_look_alone_is_left_as_it_is(several: list[Boxes]) -> None:
    assert np.allclose(agreed(several[:1], OVERLAP), several[0])


@settings(deadline=None)
@given(looks)
def test_every_box_that_any_look_saw_is_found_again_no_less_sure(several: list[Boxes]) -> None:
    joined = agreed(several, OVERLAP)
    for box in np.concatenate(several):
        same = joined[(ious(box, joined) > OVERLAP) | (joined[:, :4] == box[:4]).all(axis=1)]
        assert len(same)
        assert same[:, 4].max() >= box[4] - 1e-6


@settings(deadline=None)
@given(looks)
def test_no_score_leaves_its_scale(several: list[Boxes]) -> None:
    assert (agreed(several, OVERLAP)[:, 4] <= 1).all()


@settings(deadline=None)
@given(looks)
def test_the_order_of_the_looks_does_not_matter(several: list[Boxes]) -> None:
    one, other = agreed(several, OVERLAP), agreed(several[::-1], OVERLAP)
    assert np.allclose(np.sort(one[:, 4]), np.sort(other[:, 4]), atol=1e-5)


def test_two_doubtful_looks_at_one_face_are_surer_than_each() -> None:
    (joined,) = agreed([_face(0.4), _face(0.4, shift=1.0)], OVERLAP)
    assert np.isclose(joined[4], 1 - 0.6 * 0.8)


def test_two_boxes_of_one_look_are_no_agreement() -> None:
    twice = np.concatenate([_face(0.4), _face(0.3, shift=1.0)])
    (joined,) = agreed([twice], OVERLAP)
    assert np.isclose(joined[4], 0.4)
