"""A photo that lies on its side is looked at upright, and what is seen there lands where it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection import DetectorSet
from gateway.detection.boxes import Boxes
from gateway.detection.passes import Pixels
from gateway.detection.turned import TURNS, best_turn, turned, turned_back
from policies.model import Kind, Region

FACE = Region(172, 60, 275, 178)
"""Where the astronaut's face is, in the photo of 512 x 512 pixels."""


@given(st.integers(0, 3), st.integers(0, 60), st.integers(0, 30), st.integers(1, 9), st.integers(1, 9))
def test_what_is_seen_in_a_turned_photo_lands_where_it_is(
    quarters: int, left: int, top: int, across: int, along: int
) -> None:
    photo = np.zeros((40, 70, 3), dtype=np.uint8)
    photo[top : top + along, left : left + across] = 255
    rows, columns = np.nonzero(turned(photo, quarters)[:, :, 0])
    seen = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, 0.5)
    back = turned_back(np.array([seen], dtype=np.float32), quarters, 70, 40)
    assert back.tolist() == [[left, top, left + across, top + along, 0.5]]


def scores(*values: float) -> Boxes:
    return np.array([[0, 0, 9, 9, value] for value in values], dtype=np.float32).reshape(-1, 5)


def test_the_turn_that_shows_more_faces_is_taken() -> None:
    looks = {1: scores(0.6), 2: scores(), 3: scores(0.9, 0.8)}
    assert best_turn(scores(0.9), looks) == 3


def test_a_photo_that_shows_as_much_upright_is_left_as_it_is() -> None:
    assert best_turn(scores(0.9), {quarters: scores(0.9) for quarters in TURNS}) is None


def test_doubtful_faces_turn_no_photo() -> None:
    assert best_turn(scores(), {1: scores(0.4, 0.4, 0.4), 2: scores(), 3: scores()}) is None


@pytest.mark.parametrize("quarters", TURNS)
def test_a_face_is_found_whichever_way_up_the_photo_is(
    detectors: DetectorSet, astronaut: Pixels, quarters: int
) -> None:
    for one in detectors.detect(turned(astronaut, quarters), [Kind.FACE]):
        region = one.region
        corners = (region.x0, region.y0, region.x1, region.y1, one.score)
        (box,) = turned_back(np.array([corners], dtype=np.float32), quarters, 512, 512).astype(int)
        place = Region(*box[:4].tolist())
        if place.overlap(FACE) > FACE.area * 2 / 3:
            assert one.score > 0.7
            return
    raise AssertionError("the face was not found")
