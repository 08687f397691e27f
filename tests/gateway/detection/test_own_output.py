"""What an operator's network gives becomes the same boxes in every layout."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gateway.detection.boxes import Boxes, Crowded, ordered
from gateway.detection.own_output import decode, fault
from gateway.own_models.entry import Output, OutputFormat

Rows = list[tuple[float, float, float, float, float, int]]

# Halves and quarters, which float32 holds exactly: the layouts can then be compared bit by bit.
places = st.integers(0, 400).map(float)
sides = st.integers(2, 200).map(float)
scores = st.sampled_from([0.0, 0.125, 0.25, 0.5, 0.75, 1.0])
rows = st.lists(st.tuples(places, places, sides, sides, scores, st.integers(0, 2)), min_size=1, max_size=12)
meant = st.sets(st.integers(0, 2), min_size=1).map(lambda ids: tuple(sorted(ids)))


def spec(layout: OutputFormat, of_kind: tuple[int, ...] = (0,), classes: int = 3) -> Output:
    return Output(format=layout, classes=classes, of_kind=of_kind)


def one_hot(given: Rows, rest: float = 0.0) -> NDArray[np.float32]:
    """The score of each row in the column of its class, (n, 3)."""
    table = np.full((len(given), 3), rest, dtype=np.float32)
    for row, one in enumerate(given):
        table[row, one[5]] = one[4]
    return table


def centred(given: Rows) -> NDArray[np.float32]:
    return np.array([[x + w / 2, y + h / 2, w, h] for x, y, w, h, _, _ in given], dtype=np.float32)


def by_columns(given: Rows) -> NDArray[np.float32]:
    return np.ascontiguousarray(np.hstack([centred(given), one_hot(given)]).T[None])


def by_rows(given: Rows) -> NDArray[np.float32]:
    """Objectness 0.5 and classes doubled, halved scores: the product is the same."""
    half = np.full((len(given), 1), 0.5, dtype=np.float32)
    return np.hstack([centred(given), half, 2 * one_hot(given)])[None]


def listed(given: Rows) -> NDArray[np.float32]:
    return np.array([[x, y, x + w, y + h, s, c] for x, y, w, h, s, c in given], dtype=np.float32)


def expected(given: Rows, of_kind: tuple[int, ...], least: float) -> Boxes:
    table = listed(given)
    return ordered(table[np.isin(table[:, 5], of_kind) & (table[:, 4] >= least), :5])


@settings(deadline=None)
@given(rows, meant, st.sampled_from([0.125, 0.25, 0.5]))
def test_every_layout_gives_the_same_boxes(given: Rows, of_kind: tuple[int, ...], least: float) -> None:
    wanted = expected(given, of_kind, least)
    for output, layout in (
        (by_columns(given), OutputFormat.YOLO_V8),
        (by_rows(given), OutputFormat.YOLO_V5),
        (listed(given), OutputFormat.BOXES),
        (listed(given)[None], OutputFormat.BOXES),
    ):
        assert np.array_equal(ordered(decode(output, spec(layout, of_kind), least)), wanted)


SOME: Rows = [(10.0, 20.0, 30.0, 40.0, 0.75, 0), (50.0, 60.0, 70.0, 80.0, 0.5, 1)]


@pytest.mark.parametrize("place", [(0, 0), (0, 4), (1, 2)])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_taken_for_everything(place: tuple[int, int], value: float) -> None:
    output = listed(SOME)
    output[place] = value
    with pytest.raises(Crowded):
        decode(output, spec(OutputFormat.BOXES, (0, 1)), 0.25)


def test_places_that_are_shares_are_taken_for_everything() -> None:
    """They would be specks in the corner, and what they mean would be shown."""
    output = listed(SOME)
    output[:, :4] /= 640
    with pytest.raises(Crowded):
        decode(output, spec(OutputFormat.BOXES), 0.25)


def test_a_network_that_sees_nothing_gives_no_boxes() -> None:
    assert decode(np.zeros((0, 6), dtype=np.float32), spec(OutputFormat.BOXES), 0.25).shape == (0, 5)
    assert fault(np.zeros((1, 0, 6), dtype=np.float32), spec(OutputFormat.BOXES)) is None


def test_an_output_that_fits_has_no_fault() -> None:
    assert fault(by_columns(SOME), spec(OutputFormat.YOLO_V8)) is None
    assert fault(by_rows(SOME), spec(OutputFormat.YOLO_V5)) is None
    assert fault(listed(SOME), spec(OutputFormat.BOXES)) is None


def test_another_layout_is_named() -> None:
    told = fault(by_rows(SOME), spec(OutputFormat.YOLO_V8))
    assert told is not None
    assert "yolo-v8 with 3 classes is (1, 7, N); that is yolo-v5: mend output.format" in told


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (np.zeros((1, 99, 11), dtype=np.float32), "mend output.format or output.classes"),
        (np.full((1, 7, 5), np.nan, dtype=np.float32), "no number"),
        (by_columns([(10.0, 10.0, 9.0, 9.0, 4.5, 0)]), "its scores lie between 4.5 and 4.5"),
        (by_columns(SOME) / 640, "its places are shares of the image"),
    ],
)
def test_what_does_not_fit_is_told(output: NDArray[np.float32], said: str) -> None:
    told = fault(output, spec(OutputFormat.YOLO_V8))
    assert told is not None
    assert said in told
