"""What a network says is believed only where it is a number: nothing found is never what cannot be told."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.detection.boxes import Crowded
from gateway.detection.runtime import Precision, Preparation, open_session
from tests.support.onnx_writer import Graph

SIDE = 32
AS_IT_IS = Preparation(bgr=False, mean=(0.0, 0.0, 0.0), scale=1.0, outputs=1)


def times(factor: float) -> bytes:
    """A network that multiplies the pixels by a number, or by what is none."""
    graph = Graph()
    pixels = graph.input("images", (1, 3, "height", "width"))
    graph.node("Mul", [pixels, graph.constant("factor", np.array(factor, dtype=np.float32))], "product")
    graph.output("product", (1, 3, "height", "width"))
    return graph.to_bytes()


@pytest.mark.parametrize("factor", [float("nan"), float("inf"), float("-inf")])
def test_an_output_that_is_no_number_is_never_an_image_without_anything(factor: float) -> None:
    session = open_session(times(factor), AS_IT_IS, threads=1, precision=Precision.F32)
    with pytest.raises(Crowded):
        session.run(np.full((SIDE, SIDE, 3), 7, dtype=np.uint8))


def test_numbers_are_given_as_they_are() -> None:
    session = open_session(times(2.0), AS_IT_IS, threads=1, precision=Precision.F32)
    (output,) = session.run(np.full((SIDE, SIDE, 3), 7, dtype=np.uint8))
    assert np.array_equal(output, np.full((3, SIDE, SIDE), 14.0, dtype=np.float32))
