"""Boxes as arrays, and the arithmetic on them. Pure.

A `Boxes` is float32 of shape (n, 5): x0, y0, x1, y1 in pixels of the image it belongs to, then a score. Lines
of text may have more columns, the corners of a tilted rectangle, x and y in turn (see `tilted`). After those,
four columns more may tell a box's reach (see `with_reach`): whatever takes boxes with it gives them with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.float32]


MOST: Final = 3_000
"""Things of one kind in an image. The largest crowd of the development photos has 1,968 faces. Some of what
is done with them takes the square of their number, so that an image made for it would keep a worker for
hours.
"""

MOST_RAW: Final = 200_000
"""Boxes of one look before those that overlap are joined: a crowd gives some ten for each face."""


_WITH_REACH: Final = (9, 17)
"""The numbers of columns of boxes whose last four are their reach."""


class Crowded(Exception):
    """More things than can be told apart, or what cannot be told at all.

    Whoever asked must take the whole image for one of them.
    """


def no_boxes() -> Boxes:
    return np.zeros((0, 5), dtype=np.float32)


def stacked(parts: Sequence[Boxes]) -> Boxes:
    """All the boxes of the parts, in order. An empty part may have fewer columns than the others."""
    some = [part for part in parts if len(part)] or parts[:1]
    return np.concatenate(some) if some else no_boxes()


def with_reach(boxes: Boxes) -> Boxes:
    """The boxes with four columns more: x0, y0, x1, y1 around each and all that were dropped in its favour.

    Of two faces that overlap one may be dropped for the other: that somebody is there too, only this tells.
    """
    return boxes if has_reach(boxes) else np.column_stack([boxes, boxes[:, :4]])


def has_reach(boxes: Boxes) -> bool:
    return boxes.shape[1] in _WITH_REACH


def reaching(best: NDArray[np.float32], others: Boxes) -> NDArray[np.float32]:
    """`best`, a row with its reach, standing for the others too. What is no number widens nothing."""
    result = best.copy()
    for column, widened in zip((-4, -3, -2, -1), (np.fmin, np.fmin, np.fmax, np.fmax), strict=True):
        result[column] = widened.reduce(others[:, column], initial=best[column])
    return result


def ordered(boxes: Boxes) -> Boxes:
    """Best score first; ties by position, so that the order depends on nothing but the boxes."""
    keys = (boxes[:, 3], boxes[:, 2], boxes[:, 0], boxes[:, 1], -boxes[:, 4])
    return np.ascontiguousarray(boxes[np.lexsort(keys)])


def areas(boxes: Boxes) -> NDArray[np.float32]:
    sides = np.maximum(boxes[:, 2:4] - boxes[:, :2], 0)
    return np.asarray(sides[:, 0] * sides[:, 1], dtype=np.float32)


def overlaps(one: NDArray[np.float32], many: Boxes) -> NDArray[np.float32]:
    """The area that `one` (5,) shares with each of `many`, in square pixels: shape (n,)."""
    low = np.maximum(many[:, :2], one[:2])
    high = np.minimum(many[:, 2:4], one[2:4])
    sides = np.maximum(high - low, 0)
    return np.asarray(sides[:, 0] * sides[:, 1], dtype=np.float32)


def ious(one: NDArray[np.float32], many: Boxes) -> NDArray[np.float32]:
    """Intersection over union of `one` (5,) with each of `many`; 0 where both are empty."""
    both = overlaps(one, many)
    either = areas(one[None])[0] + areas(many) - both
    return np.asarray(np.divide(both, either, out=np.zeros_like(both), where=either > 0), dtype=np.float32)


def suppressed(boxes: Boxes, iou: float, least: float = 0.0) -> Boxes:
    """Greedy non-maximum suppression: of boxes that overlap by more than `iou` the best stays.

    least: the score from which one that is dropped widens the reach of the one that stays.
    Raises Crowded for more than MOST that stay, or more than MOST_RAW to begin with.
    """
    if len(boxes) > MOST_RAW:
        raise Crowded
    rest = ordered(boxes)
    kept: list[Boxes] = []
    while len(rest):
        if len(kept) == MOST:
            raise Crowded
        best, others = rest[0], rest[1:]
        apart = ious(best, others) <= iou
        if has_reach(boxes):
            best = reaching(best, others[~apart & (others[:, 4] >= least)])
        kept.append(best[None])
        rest = others[apart]
    return stacked(kept) if kept else boxes


def moved(boxes: Boxes, *, scale: tuple[float, float], offset: tuple[float, float]) -> Boxes:
    """From a resized tile's pixels to the image's: divided by the scales, then shifted (x, y each)."""
    result = boxes.copy()
    result[:, 0:4:2] = result[:, 0:4:2] / scale[0] + offset[0]
    result[:, 1:4:2] = result[:, 1:4:2] / scale[1] + offset[1]
    result[:, 5::2] = result[:, 5::2] / scale[0] + offset[0]
    result[:, 6::2] = result[:, 6::2] / scale[1] + offset[1]
    return result


def mirrored(boxes: Boxes, width: float) -> Boxes:
    """Seen in a mirror that stands upright: left is right, in pixels of something `width` wide."""
    result = boxes.copy()
    result[:, 0], result[:, 2] = width - boxes[:, 2], width - boxes[:, 0]
    if has_reach(boxes):
        result[:, -4], result[:, -2] = width - boxes[:, -2], width - boxes[:, -4]
    return result


def clipped(boxes: Boxes, width: int, height: int) -> Boxes:
    """Cut at the image's edges; boxes that hold less than a pixel afterwards are dropped."""
    result = boxes.copy()
    result[:, 0:4:2] = np.clip(result[:, 0:4:2], 0, width)
    result[:, 1:4:2] = np.clip(result[:, 1:4:2], 0, height)
    if has_reach(boxes):
        result[:, [-4, -2]] = np.clip(result[:, [-4, -2]], 0, width)
        result[:, [-3, -1]] = np.clip(result[:, [-3, -1]], 0, height)
    whole = np.isfinite(result).all(axis=1) & (areas(result) >= 1)
    return result[whole]


def grown(boxes: Boxes, across: float, along: float) -> Boxes:
    """`across` of the width added left and right, `along` of the height above and below."""
    result = boxes.copy()
    dx, dy = (boxes[:, 2] - boxes[:, 0]) * across, (boxes[:, 3] - boxes[:, 1]) * along
    result[:, 0] -= dx
    result[:, 2] += dx
    result[:, 1] -= dy
    result[:, 3] += dy
    if has_reach(boxes):
        result[:, -4:] += np.stack([-dx, -dy, dx, dy], axis=1)
    return result


def normalised(scores: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scores on the common scale, on which 0.5 is the operating point: linear below it and above it.

    points: the operating point of each score, between 0 and 1.
    """
    below = 0.5 * scores / points
    above = 0.5 + 0.5 * (scores - points) / (1 - points)
    return np.clip(np.where(scores < points, below, above), 0, 1).astype(np.float32)
