"""The outlines of what lies askew: a tilted line of text, a turned code. Pure.

A detection's rectangle is what it always was; an outline says more exactly where the thing lies in it. It is
given only where much of the rectangle is something else, and never where something that was taken for the
same thing would be left out by it: then the rectangle speaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from gateway.detection.boxes import Boxes, ious
from policies.errors import InvalidRegion
from policies.model import Detection
from policies.shapes import Polygon

FILLS: Final = 0.8
"""Share of its rectangle from which an outline says nothing new."""

MOST_POINTS: Final = 32
"""Corners of a detection's outline."""

CORNERS: Final = slice(5, 13)
"""The columns of `Boxes` in which a line's corners stand, x and y in turn; NaN where there are none."""

NEAR: Final = 3.0
"""Pixels. Two looks at one line differ by less."""


def outline_of(points: Iterable[tuple[float, float]]) -> Polygon | None:
    """The polygon around these points, or None where a rectangle says as much."""
    try:
        polygon = Polygon.covering(points)
    except InvalidRegion:
        return None
    x0, y0, x1, y1 = polygon.box
    tilted = polygon.doubled_area < 2 * FILLS * (x1 - x0) * (y1 - y0)
    return polygon if tilted and len(polygon.points) <= MOST_POINTS else None


def corners_of(line: Sequence[float]) -> Polygon | None:
    """The outline of a row of `Boxes`, where it has one."""
    found = list(line[CORNERS])
    if len(found) < 8 or not np.isfinite(found).all():
        return None
    return outline_of(zip(found[0::2], found[1::2], strict=True))


def united(best: Detection, group: Sequence[Detection]) -> Polygon | None:
    """One outline around several detections that are one object; None where the best has none."""
    if best.polygon is None:
        return None
    points = [point for one in group for point in _points(one)]
    return outline_of(points)


def without_doubt(kept: Boxes, raw: Boxes, iou: float) -> Boxes:
    """The lines that stayed of all that were seen, without the corners of those that stand for another too.

    Two tilted lines beside each other share most of their rectangles, and one is dropped for the other: the
    rectangle of the one that stays hides both, its outline would not.
    """
    result = kept.copy()
    for row, line in enumerate(kept):
        others = raw[ious(line, raw) > iou]
        if any(_beyond(line[CORNERS], other[CORNERS]) for other in others):
            result[row, CORNERS] = np.nan
    return result


def _points(detection: Detection) -> Iterable[tuple[float, float]]:
    if detection.polygon is not None:
        return detection.polygon.points
    r = detection.region
    return (r.x0, r.y0), (r.x1, r.y0), (r.x1, r.y1), (r.x0, r.y1)


def _beyond(corners: Boxes, other: Boxes) -> bool:
    """Whether a corner of the other lies more than NEAR outside the convex outline of these."""
    x, y = corners[0::2], corners[1::2]
    dx, dy = np.roll(x, -1) - x, np.roll(y, -1) - y
    length = np.maximum(np.hypot(dx, dy), 1e-6)
    # The distance of each corner of the other from the line of each side; inside they have the turn's sign.
    right, down = other[0::2][None] - x[:, None], other[1::2][None] - y[:, None]
    away = (dx[:, None] * down - dy[:, None] * right) / length[:, None]
    turn = float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())
    return bool((away * (1 if turn >= 0 else -1) < -NEAR).any())
