"""Photos that lie on their side or stand on their head: which way up they are, by the faces in them. Pure.

Cameras say it in a tag, which the decoder has followed by then; scanners, screenshots and programs that drop
the tag say nothing. The network knows upright faces only: of those in photos turned by 90 degrees it finds
half as many. Turns are in quarters, to the left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from gateway.detection.boxes import Boxes, has_reach
from gateway.detection.passes import Pixels

TURNS: Final = (1, 2, 3)
"""The quarters by which a photo may be turned."""

CERTAIN: Final = 0.5
"""Normalised score from which a face speaks for a way up."""

MORE: Final = 1.3
LEAST: Final = 0.8
"""A turn must show so many times as much as the photo as it is, and so much at all: without, one false face
turned 16 of 98 upright photos; with 1.3 and 0.9 7, for four faces in a thousand in photos on their side."""


def turned(pixels: Pixels, quarters: int) -> Pixels:
    """The photo turned to the left; C-contiguous."""
    return np.ascontiguousarray(np.rot90(pixels, quarters))


def turned_back(boxes: Boxes, quarters: int, width: int, height: int) -> Boxes:
    """Boxes seen in the turned photo, in the pixels of the photo itself, which is `width` by `height`."""
    result = boxes.copy()
    result[:, :4] = _sides_back(boxes[:, :4], quarters, width, height)
    if has_reach(boxes):
        result[:, -4:] = _sides_back(boxes[:, -4:], quarters, width, height)
    return result


def _sides_back(sides: Boxes, quarters: int, width: int, height: int) -> Boxes:
    x0, y0, x1, y1 = sides.T
    match quarters % 4:
        case 1:
            back = (width - y1, x0, width - y0, x1)
        case 2:
            back = (width - x1, height - y1, width - x0, height - y0)
        case 3:
            back = (y0, height - x1, y1, height - x0)
        case _:
            back = (x0, y0, x1, y1)
    return np.stack(back, axis=1).astype(np.float32)


def best_turn(upright: Boxes, looks: Mapping[int, Boxes]) -> int | None:
    """The turn that shows more faces than the photo as it is, or None.

    upright, looks: what the same look saw in the photo as it is, and by quarters in the turned ones.
    """
    faces = {quarters: _faces(boxes) for quarters, boxes in looks.items()}
    best = max(faces, key=lambda quarters: faces[quarters], default=None)
    if best is None or faces[best] < LEAST:
        return None
    return best if faces[best] > MORE * _faces(upright) else None


def _faces(boxes: Boxes) -> float:
    """How much speaks for a way up: the scores of all faces that are certain, together."""
    scores = boxes[:, 4]
    return float(scores[scores >= CERTAIN].sum())
