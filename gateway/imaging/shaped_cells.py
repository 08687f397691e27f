"""The cells of a blur or a mosaic whose outline is no rectangle.

The grid is that of the region around the outline, so there are at most as many cells. What is read are the
pixels within the outline only: the others are shown as they are. A cell counts when its middle pixel lies
within the outline, so that it can be read back from what is shown, and when enough of it does: no cell is the
mean of fewer pixels than the smallest cell of a rectangle has. The pixels of any other cell belong to the
nearest that counts. Where none counts, all of them are one cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gateway.imaging import cells
from gateway.imaging.image import Pixels
from policies.model import Kind

Mask = NDArray[np.bool_]
"""Shape (height, width): the pixels of a region that are hidden."""


@dataclass(frozen=True, slots=True)
class ShapedGrid:
    """Cells within an outline.

    grid: of the region. owners: shape (rows, columns), of each of its cells the number of the cell that it
    belongs to. shown_at: of each cell that counts a pixel (y, x) of the region that shows just its colour.
    """

    grid: cells.Grid
    owners: NDArray[np.intp]
    shown_at: tuple[tuple[int, int], ...]

    @property
    def count(self) -> int:
        return len(self.shown_at)


def shaped_grid(kind: Kind, mask: Mask) -> ShapedGrid:
    """The cells of a kind within a mask that holds a pixel. Raises ValueError for kinds without cells."""
    height, width = mask.shape
    grid = cells.grid_for(kind, height, width)
    down, across = cells.edges(height, grid.rows), cells.edges(width, grid.columns)
    middles = [
        (y, x) for y in cells.middles_of(height, grid.rows) for x in cells.middles_of(width, grid.columns)
    ]
    inside = [
        np.count_nonzero(mask[y0:y1, x0:x1]) for y0, y1 in pairwise(down) for x0, x1 in pairwise(across)
    ]
    least = cells.MIN_CELL**2
    counted = [number for number, middle in enumerate(middles) if mask[middle] and inside[number] >= least]
    if not counted:
        first = np.unravel_index(int(np.argmax(mask)), mask.shape)
        whole = (int(first[0]), int(first[1]))
        return ShapedGrid(cells.Grid(1, 1), np.zeros((1, 1), dtype=np.intp), (whole,))
    return ShapedGrid(grid, _owners(grid, counted), tuple(middles[number] for number in counted))


def read(pixels: Pixels, mask: Mask, shaped: ShapedGrid) -> Pixels:
    """The quantised means of the cells within the mask, shape (count, 3)."""
    owner, inside = _owner_of_each(mask.shape, shaped)[mask], pixels[mask]
    counts = np.bincount(owner, minlength=shaped.count)
    # The sums are whole numbers below 2^53, so they are exact.
    sums = [np.bincount(owner, weights=inside[:, each], minlength=shaped.count) for each in range(3)]
    means = np.stack(sums, axis=1).astype(np.int64) // counts[:, None]
    return cells.quantised(means.astype(np.uint8))


def recover(painted: Pixels, shaped: ShapedGrid) -> Pixels:
    """The cells that a painted region shows, shape (count, 3): the inverse of both ways to paint."""
    down, across = zip(*shaped.shown_at, strict=True)
    return painted[list(down), list(across)]


def spread(shown: Pixels, shaped: ShapedGrid) -> Pixels:
    """A colour for each cell of the whole grid, shape (rows, columns, 3), as `cells` paints it."""
    return shown[shaped.owners]


def members(mask: Mask, shaped: ShapedGrid) -> list[Mask]:
    """Of each cell that counts the pixels that belong to it; together they are the mask."""
    owner = _owner_of_each(mask.shape, shaped)
    return [mask & (owner == number) for number in range(shaped.count)]


def _owner_of_each(shape: tuple[int, ...], shaped: ShapedGrid) -> NDArray[np.intp]:
    """Of each pixel of a region, shape (height, width), the number of the cell that it belongs to."""
    height, width = shape
    tall = np.repeat(shaped.owners, np.diff(cells.edges(height, shaped.grid.rows)), axis=0)
    return np.repeat(tall, np.diff(cells.edges(width, shaped.grid.columns)), axis=1)


def _owners(grid: cells.Grid, counted: list[int]) -> NDArray[np.intp]:
    """Of each cell the nearest one that counts, by their places in the grid; of two the first."""
    places = [divmod(number, grid.columns) for number in counted]
    owners = np.empty((grid.rows, grid.columns), dtype=np.intp)
    for row in range(grid.rows):
        for column in range(grid.columns):
            away = [(row - y) ** 2 + (column - x) ** 2 for y, x in places]
            owners[row, column] = away.index(min(away))
    return owners
