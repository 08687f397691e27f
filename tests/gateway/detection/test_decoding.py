"""What the networks put out, turned into boxes: each decoder inverts the encoding it is for."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gateway.detection import centerface, clp, ppocr
from gateway.detection.boxes import ious
from gateway.detection.plate_text import plate_like


@settings(deadline=None)
@given(st.integers(0, 15), st.integers(0, 15), st.floats(4, 60), st.floats(4, 60))
def test_centerface_decodes_a_peak(row: int, column: int, width: float, height: float) -> None:
    heat = np.zeros((1, 16, 16), dtype=np.float32)
    extent, offset = np.zeros((2, 16, 16), dtype=np.float32), np.zeros((2, 16, 16), dtype=np.float32)
    heat[0, row, column] = 0.8
    extent[:, row, column] = math.log(height / 4), math.log(width / 4)
    offset[:, row, column] = 0.25, -0.25
    ((x0, y0, x1, y1, score),) = centerface.decode(heat, extent, offset, 0.5).tolist()
    assert (x1 - x0, y1 - y0) == (pytest.approx(width, abs=0.01), pytest.approx(height, abs=0.01))
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == (
        pytest.approx((column + 0.25) * 4, abs=0.01),
        pytest.approx((row + 0.75) * 4, abs=0.01),
    )
    assert score == pytest.approx(0.8)


def test_centerface_finds_nothing_in_a_cold_map() -> None:
    cold, flat = np.zeros((1, 8, 8), dtype=np.float32), np.zeros((2, 8, 8), dtype=np.float32)
    assert centerface.decode(cold, flat, flat, 0.1).shape == (0, 5)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.floats(10, 150), st.floats(10, 60), st.floats(20, 200), st.floats(20, 200))
def test_clp_decodes_what_was_encoded_on_any_prior(
    index: int, width: float, height: float, x: float, y: float
) -> None:
    priors = clp.priors(192, 256)
    chosen = index % len(priors)
    prior_x, prior_y, side = priors[chosen].tolist()
    shifts, scores = np.zeros((len(priors), 4), np.float32), np.zeros((len(priors), 2), np.float32)
    shifts[chosen] = (
        (x - prior_x) / side / 0.1,
        (y - prior_y) / side / 0.1,
        math.log(width / side) / 0.2,
        math.log(height / side) / 0.2,
    )
    scores[chosen, 1] = 0.9
    ((x0, y0, x1, y1, _),) = clp.decode(shifts, scores, 192, 256, 0.5).tolist()
    truth = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
    assert np.allclose([x0, y0, x1, y1], truth, atol=0.1)


def test_clp_has_two_priors_a_cell_of_each_stride() -> None:
    assert len(clp.priors(64, 96)) == 2 * (8 * 12 + 4 * 6 + 2 * 3)


def logits(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    kept = np.clip(probability, 0.001, 0.999)
    return np.asarray(np.log(kept / (1 - kept)), dtype=np.float32)


def test_ppocr_pushes_the_core_of_a_line_outwards() -> None:
    probability = np.zeros((100, 200), dtype=np.float32)
    probability[40:52, 50:150] = 0.9
    ((x0, y0, x1, y1, score),) = ppocr.decode(logits(probability), 0.5).tolist()
    margin = 1.6 * (100 * 12) / (2 * (100 + 12))
    assert np.allclose([x0, y0, x1, y1], [50 - margin, 40 - margin, 150 + margin, 52 + margin], atol=2)
    assert score > 0.8


def test_ppocr_holds_a_tilted_line_whole() -> None:
    canvas = np.zeros((200, 200), dtype=np.uint8)
    corners = cv2.boxPoints(((100.0, 100.0), (120.0, 14.0), 30.0))
    cv2.fillPoly(canvas, [np.round(corners).astype(np.int32)], 1)
    (line,) = ppocr.decode(logits(canvas.astype(np.float32) * 0.9), 0.5)
    truth = np.array([*corners.min(axis=0), *corners.max(axis=0), 1], dtype=np.float32)
    assert (line[:2] <= truth[:2]).all()
    assert (line[2:4] >= truth[2:4]).all()
    assert ious(truth, line[None])[0] > 0.5


def test_ppocr_leaves_out_specks_and_weak_cores() -> None:
    probability = np.zeros((100, 100), dtype=np.float32)
    probability[10, 10] = 0.9
    probability[50:60, 20:80] = 0.35
    assert len(ppocr.decode(logits(probability), 0.5)) == 0


def test_of_the_lines_only_those_of_a_plates_shape_are_plates() -> None:
    sentence, plate, poster = [0, 0, 400, 20, 0.9], [50, 50, 150, 90, 0.9], [200, 200, 900, 500, 0.8]
    found = plate_like(np.array([sentence, plate, poster], dtype=np.float32), 1000, 800)
    assert [box[4] >= 0.5 for box in found.tolist()] == [True, False]
    assert found[0, 0] < 50 < 150 < found[0, 2]
