"""Another picture that gives the same sanitized copy: what a redaction hides, replaced by noise.

If the copy made of the twin is the file made of the original, byte for byte, then nothing in it depends on
what was beneath, but for the bounded rest of a blur: the noise keeps the sums of each cell, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gateway.imaging import cells
from gateway.imaging.image import Pixels, check_pixels
from gateway.imaging.redact import painting_order
from policies.model import Redaction, RedactionMethod, Region


def twin(pixels: Pixels, redactions: Sequence[Redaction], chance: np.random.Generator) -> Pixels:
    """A copy of `pixels` in which every hidden pixel is noise; outside the regions not one differs.

    Beneath a fill the noise is free: three bytes a pixel, drawn evenly. Beneath a blur or a mosaic the pixels
    of each cell are shuffled and moved in pairs, one up and one down, so that the cell's mean stays what it
    was. Each pixel is read by one stroke at most (see `redact`), so each is replaced once.
    """
    check_pixels(pixels)
    result = pixels.copy()
    strokes = painting_order(redactions)
    open_to_reading = np.ones(pixels.shape[:2], dtype=bool)
    for stroke in strokes:
        if stroke.method is RedactionMethod.FILL:
            area = _slices(stroke.region)
            result[area] = chance.integers(0, 256, result[area].shape, dtype=np.uint8)
            open_to_reading[area] = False
    for stroke in strokes:
        if stroke.method is not RedactionMethod.FILL:
            for area in _cells(stroke):
                _stir(result[area], open_to_reading[area], chance)
            open_to_reading[_slices(stroke.region)] = False
    return result


def bits_left(redactions: Sequence[Redaction]) -> int:
    """At most so many bits of what was beneath are in the copy: three a channel and cell, none of a fill."""
    left = 0
    for stroke in painting_order(redactions):
        if stroke.method is not RedactionMethod.FILL:
            grid = cells.grid_for(stroke.kind, stroke.region.height, stroke.region.width)
            left += grid.rows * grid.columns * 3 * cells.CELL_BITS
    return left


def _slices(region: Region) -> tuple[slice, slice]:
    return slice(region.y0, region.y1), slice(region.x0, region.x1)


def _cells(stroke: Redaction) -> Iterator[tuple[slice, slice]]:
    """Where the cells of a blur or mosaic lie in the image."""
    region = stroke.region
    grid = cells.grid_for(stroke.kind, region.height, region.width)
    for top, bottom in pairwise(cells.edges(region.height, grid.rows)):
        for left, right in pairwise(cells.edges(region.width, grid.columns)):
            yield (
                slice(region.y0 + top, region.y0 + bottom),
                slice(region.x0 + left, region.x0 + right),
            )


def _stir(cell: Pixels, readable: NDArray[np.bool_], chance: np.random.Generator) -> None:
    """Replaces the readable pixels of a cell by others with the same sum a channel."""
    stirred = cell[readable].astype(np.int16)  # (pixels, 3)
    for channel in range(3):
        values = stirred[:, channel]
        chance.shuffle(values)
        half = len(values) // 2
        up, down = values[:half], values[half : 2 * half]
        room = np.minimum(255 - up, down)
        moved = (chance.random(half) * (room + 1)).astype(np.int16)
        up += moved
        down -= moved
    cell[readable] = stirred.astype(np.uint8)
