"""One network looking at an image in several passes, each with its own operating points.

A network does not mean the same by 0.2 at every scale and size: a small box in a doubled image is far more
often right than a large one. So each pass has an operating point for each band of box sizes, and scores are
put on the common scale pass by pass before anything is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.detection.boxes import (
    Boxes,
    areas,
    clipped,
    has_reach,
    moved,
    normalised,
    ordered,
    stacked,
    suppressed,
)
from gateway.detection.fuse import FLOOR
from gateway.detection.passes import Pixels, Tile, tiles
from gateway.detection.tilted import corners_of
from policies.model import Detection, Kind, Region, Size


@dataclass(frozen=True, slots=True)
class Pass:
    """One look: the scale at which the image is seen, and the operating points by box size in that look.

    bands: (side, operating point), sides ascending: the point holds for boxes whose side, the root of the
    area in pixels of the look, is below the first number. The last side is infinite.
    """

    scale: float
    bands: tuple[tuple[float, float], ...]


def seen(pixels: Pixels, scale: float, see: Callable[[Tile], Boxes]) -> Boxes:
    """The raw boxes of one look at the whole image, in image pixels; `see` answers for one tile."""
    height, width = pixels.shape[:2]
    return clipped(stacked([located(see(tile), tile) for tile in tiles(pixels, scale)]), width, height)


def scored(raw: Boxes, look: Pass, overlap: float) -> Boxes:
    """A look's boxes with normalised scores, FLOOR and better; of those that overlap more the best."""
    boxes = raw.copy()
    boxes[:, 4] = banded(raw, look)
    return suppressed(boxes[boxes[:, 4] >= FLOOR], overlap)


def located(boxes: Boxes, tile: Tile) -> Boxes:
    """From the tile's pixels to the image's."""
    return moved(boxes, scale=tile.scale, offset=tile.offset)


def banded(boxes: Boxes, look: Pass) -> NDArray[np.float32]:
    """The normalised scores of boxes (image pixels) that this pass saw."""
    sides = np.sqrt(areas(boxes)) * look.scale
    limits = np.array([limit for limit, _ in look.bands[:-1]], dtype=np.float32)
    points = np.array([point for _, point in look.bands], dtype=np.float32)
    return normalised(boxes[:, 4], points[np.searchsorted(limits, sides, side="right")])


def least_point(passes: Iterable[Pass]) -> float:
    """The lowest raw score that can reach the floor in any of the passes."""
    return min(point for look in passes for _, point in look.bands) * FLOOR / 0.5


def detections(boxes: Boxes, kind: Kind, source: str, pixels: Pixels) -> list[Detection]:
    """Boxes as detections, best first: regions rounded outwards, cut at the image's edges.

    Outlines, where there are any, are not cut: what lies beyond the edge is nowhere.
    """
    size = Size(width=pixels.shape[1], height=pixels.shape[0])
    found = []
    for line in ordered(boxes).tolist():
        x0, y0, x1, y1, score = line[:5]
        region = Region.covering(x0, y0, x1, y1, size)
        if region is not None:
            score = min(max(score, 0.0), 1.0)
            one = Detection(kind, region, score, source, polygon=corners_of(line))
            found.append(one.reaching(_reach(line[-4:], size)) if has_reach(boxes) else one)
    return found


def _reach(box: Sequence[float], size: Size) -> list[Region]:
    """What of the image a box reaches, however far it goes beyond."""
    limits = (size.width, size.height, size.width, size.height)
    x0, y0, x1, y1 = (min(max(side, 0), limit) for side, limit in zip(box, limits, strict=True))
    region = Region.covering(x0, y0, x1, y1, size)
    return [] if region is None else [region]
