"""Another picture that gives the same sanitized copy: what a redaction hides, replaced by noise.

If the copy made of the twin is the file made of the original, byte for byte, then nothing in it depends on
what was beneath, but for the bounded rest of a blur: the noise keeps the sums of each cell, and no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gateway.imaging import cells, shaped_cells
from gateway.imaging.image import Pixels, check_pixels
from gateway.imaging.redact import bits_of, mask_of, painting_order, view
from policies.model import Redaction, RedactionMethod


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
            hidden = mask_of(stroke)
            free = chance.integers(0, 256, (stroke.region.height, stroke.region.width, 3), dtype=np.uint8)
            view(result, stroke.region)[hidden] = free[hidden]
            view(open_to_reading, stroke.region)[hidden] = False
    for stroke in strokes:
        if stroke.method is not RedactionMethod.FILL:
            target, readable = view(result, stroke.region), view(open_to_reading, stroke.region)
            for area, within in _cells(stroke):
                _stir(target[area], readable[area] & within, chance)
            readable[mask_of(stroke)] = False
    return result


def bits_left(redactions: Sequence[Redaction]) -> int:
    """At most so many bits of what was beneath are in the copy: three a channel and cell, none of a fill."""
    return sum(map(bits_of, painting_order(redactions)))


def _cells(stroke: Redaction) -> Iterator[tuple[tuple[slice, slice], NDArray[np.bool_]]]:
    """Where the cells of a blur or mosaic lie in its region, and which pixels there belong to each."""
    region = stroke.region
    if stroke.outline is not None:
        mask, everywhere = mask_of(stroke), (slice(None), slice(None))
        for part in shaped_cells.members(mask, shaped_cells.shaped_grid(stroke.kind, mask)):
            yield everywhere, part
        return
    grid = cells.grid_for(stroke.kind, region.height, region.width)
    for top, bottom in pairwise(cells.edges(region.height, grid.rows)):
        for left, right in pairwise(cells.edges(region.width, grid.columns)):
            whole = np.ones((bottom - top, right - left), dtype=np.bool_)
            yield (slice(top, bottom), slice(left, right)), whole


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
