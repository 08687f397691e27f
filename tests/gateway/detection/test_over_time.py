"""What was seen in single frames is hidden in the whole: nothing gets lost, and little is added."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.detection.boxes import MOST
from gateway.detection.over_time import GROWTH, united
from policies.model import TOO_MANY, Detection, Kind, Reading, Region, Size

SIZE = Size(400, 300)


def face(x0: int, y0: int, side: int = 20, score: float = 0.8, source: str = "a") -> Detection:
    return Detection(Kind.FACE, Region(x0, y0, x0 + side, y0 + side), score, source)


DETECTIONS = st.builds(
    lambda x, y, w, h, score, kind, reading, source: Detection(
        kind, Region(x, y, x + w, y + h), score, source, reading if kind is Kind.TEXT else None
    ),
    st.integers(0, 300),
    st.integers(0, 200),
    st.integers(1, 100),
    st.integers(1, 100),
    st.floats(0, 1),
    st.sampled_from(Kind),
    st.sampled_from([None, Reading.HARMLESS, Reading.NAME]),
    st.sampled_from(["a", "b"]),
)


@given(st.lists(st.lists(DETECTIONS, max_size=5), min_size=2, max_size=5))
def test_each_detection_lies_in_one_of_its_kind_with_no_lower_score(looks: list[list[Detection]]) -> None:
    found = united(looks, SIZE)
    for one in (each for look in looks for each in look):
        assert any(
            other.kind is one.kind
            and other.reading is one.reading
            and other.region.contains(one.region)
            and other.score >= one.score
            and one.source in other.source.split("+")
            for other in found
        )


@given(st.lists(st.lists(DETECTIONS, max_size=5), min_size=2, max_size=4))
def test_the_order_of_frames_and_in_them_does_not_matter(looks: list[list[Detection]]) -> None:
    assert united([look[::-1] for look in looks[::-1]], SIZE) == united(looks, SIZE)


def test_a_single_frame_keeps_what_was_seen_in_it() -> None:
    seen = (face(10, 10), face(11, 11))
    assert united([seen], SIZE) == seen


def test_a_face_that_hardly_moves_is_one() -> None:
    (found,) = united([[face(10 + step, 10)] for step in range(4)], SIZE)
    assert found.region == Region(10, 10, 33, 30)


def test_a_face_that_crosses_the_picture_stays_several() -> None:
    found = united([[face(40 * step, 10)] for step in range(5)], SIZE)
    assert len(found) == 5
    assert all(one.region.area <= GROWTH * 400 for one in found)


def test_what_was_doubtful_once_and_sure_once_is_sure() -> None:
    (found,) = united([[face(10, 10, score=0.3)], [face(10, 10, score=0.9, source="b")]], SIZE)
    assert (found.score, set(found.source.split("+"))) == (0.9, {"a", "b"})


def test_a_line_that_was_read_differently_stays_hidden_where_it_must_be() -> None:
    lines = [
        [Detection(Kind.TEXT, Region(0, 0, 50, 9), 0.9, "text", reading)]
        for reading in (Reading.HARMLESS, Reading.NAME, None)
    ]
    assert {one.reading for one in united(lines, SIZE)} == {Reading.HARMLESS, Reading.NAME, None}


def test_of_more_than_can_be_told_apart_one_covers_the_image() -> None:
    specks = [
        Detection(Kind.CODE, Region(4 * x, 7 * y, 4 * x + 1, 7 * y + 1), 0.9, "a")
        for x in range(100)
        for y in range(40)
    ]
    assert len(specks) > MOST
    (found,) = united([specks, []], SIZE)
    assert found.region == Region(0, 0, 400, 300)
    assert found.source == TOO_MANY


def test_what_one_frames_face_stood_for_is_not_forgotten_in_the_whole() -> None:
    looks = [face(10, 10), face(10, 10).reaching([Region(18, 10, 38, 30)])]
    for order in (looks, looks[::-1]):
        (found,) = united([[one] for one in order], SIZE)
        assert (found.region, found.extent) == (Region(10, 10, 30, 30), Region(10, 10, 38, 30))
