"""CenterFace: a face is a peak of a heat map at a quarter of the resolution. Input RGB, 0 to 255."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gateway.detection.boxes import Boxes, no_boxes
from gateway.detection.runtime import Preparation

PREPARATION = Preparation(bgr=False, mean=(0.0, 0.0, 0.0), scale=1.0, outputs=3)
# Input pixels to one cell of the maps.
CELL = 4


def decode(
    heat: NDArray[np.float32],
    extent: NDArray[np.float32],
    offset: NDArray[np.float32],
    least: float,
) -> Boxes:
    """The boxes of all cells that score `least` or more, in input pixels.

    heat: (1, h, w) scores; extent: (2, h, w) logarithms of height and width in cells; offset: (2, h, w)
    shift of the centre, y then x, in cells.
    """
    rows, columns = np.nonzero(heat[0] >= least)
    if not len(rows):
        return no_boxes()
    half_height, half_width = np.exp(extent[:, rows, columns]) * (CELL / 2)
    down, right = offset[:, rows, columns]
    y, x = (rows + down + 0.5) * CELL, (columns + right + 0.5) * CELL
    sides = (x - half_width, y - half_height, x + half_width, y + half_height, heat[0, rows, columns])
    return np.stack(sides, axis=1).astype(np.float32)
