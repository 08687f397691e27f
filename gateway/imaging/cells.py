"""The bounded rest of a blurred region: a few cells, each a mean of three bits a channel, and nothing else.

A Gaussian blur keeps enough to recognise faces and to read plates. Here the region is first reduced to a grid
of quantised means (`read`), and the picture is made from that grid alone (`paint`): whatever is shown is a
function of at most 4 * 4 * 3 * 3 = 144 bits for a face, 4 * 2 * 3 * 3 = 72 for a plate. All arithmetic is in
whole numbers, so the same pixels give the same cells on every machine.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final, NamedTuple, assert_never

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.imaging.image import Pixels
from policies.model import Kind

CELL_BITS: Final = 3  # a channel
MIN_CELL: Final = 8  # pixels a side: small regions get fewer cells, never finer ones than a codec's block

_STEP: Final = 256 >> CELL_BITS  # a cell shows the middle of its step: 16, 48, …, 240
_UNIT: Final = 128  # weights are in 1/128: 255 * 128 * 128 stays exact in float32
_ROWS_AT_ONCE: Final = 256


class Grid(NamedTuple):
    """Rows and columns of cells."""

    rows: int
    columns: int


def grid_for(kind: Kind, height: int, width: int) -> Grid:
    """At most 4 x 4 cells for a face, 4 along and 2 across for a plate. Raises ValueError for other kinds."""
    match kind:
        case Kind.FACE:
            most = Grid(4, 4)
        case Kind.LICENSE_PLATE:
            most = Grid(4, 2) if height > width else Grid(2, 4)
        case Kind.TEXT | Kind.CODE:
            raise ValueError(f"{kind} is always filled: even coarse cells of it can be guessed")
        case _:
            assert_never(kind)
    return Grid(
        min(most.rows, max(1, height // MIN_CELL)),
        min(most.columns, max(1, width // MIN_CELL)),
    )


def read(pixels: Pixels, grid: Grid) -> Pixels:
    """The quantised cell means of a region, shape (rows, columns, 3)."""
    down, across = _edges(pixels.shape[0], grid.rows), _edges(pixels.shape[1], grid.columns)
    means = [[_mean(pixels[y0:y1, x0:x1]) for x0, x1 in pairwise(across)] for y0, y1 in pairwise(down)]
    return (np.array(means, dtype=np.uint8) // _STEP * _STEP + _STEP // 2).astype(np.uint8)


def paint_smooth(cells: Pixels, height: int, width: int) -> Pixels:
    """A region of this size that runs linearly from the middle of each cell to the next, shape (h, w, 3).

    The middle pixel of each cell shows the cell exactly, so `recover` can read the grid back.
    """
    rows, columns = cells.shape[:2]
    across = _weights(width, columns) @ cells.astype(np.float32)  # (rows, width, 3), in 1/_UNIT
    flat = across.reshape(rows, width * 3)
    down = _weights(height, rows)
    painted = np.empty((height, width * 3), dtype=np.uint8)
    for top in range(0, height, _ROWS_AT_ONCE):  # bounds the scratch memory of a very large region
        exact = down[top : top + _ROWS_AT_ONCE] @ flat
        painted[top : top + _ROWS_AT_ONCE] = (exact + _UNIT * _UNIT // 2) / (_UNIT * _UNIT)
    return painted.reshape(height, width, 3)


def paint_flat(cells: Pixels, height: int, width: int) -> Pixels:
    """A region of this size in which each cell is one colour, shape (height, width, 3)."""
    rows, columns = cells.shape[:2]
    tall = np.repeat(cells, np.diff(_edges(height, rows)), axis=0)
    return np.repeat(tall, np.diff(_edges(width, columns)), axis=1)


def recover(painted: Pixels, grid: Grid) -> Pixels:
    """The cells that a painted region shows in the middle of each: the inverse of both ways to paint."""
    middles = np.ix_(_middles(painted.shape[0], grid.rows), _middles(painted.shape[1], grid.columns))
    return painted[middles]


def are_quantised(cells: Pixels) -> bool:
    """Whether every value is one of the eight that `read` gives."""
    return bool((cells % _STEP == _STEP // 2).all())


def _edges(length: int, parts: int) -> list[int]:
    return [length * part // parts for part in range(parts + 1)]


def _middles(length: int, parts: int) -> list[int]:
    return [(first + last - 1) // 2 for first, last in pairwise(_edges(length, parts))]


def _mean(pixels: Pixels) -> list[int]:
    """The mean of each channel, rounded down. The sums are whole numbers below 2^53, so they are exact."""
    count = pixels.shape[0] * pixels.shape[1]
    return [int(total) // count for total in cv2.sumElems(pixels)[:3]]


def _weights(length: int, parts: int) -> NDArray[np.float32]:
    """Shape (length, parts): how much of each cell a pixel shows, in 1/_UNIT; never of more than two."""
    middles = _middles(length, parts)
    weights = np.zeros((length, parts), dtype=np.float32)
    weights[: middles[0] + 1, 0] = _UNIT
    weights[middles[-1] :, -1] = _UNIT
    for part, (first, last) in enumerate(pairwise(middles)):
        share = np.arange(last - first) * _UNIT // (last - first)
        weights[first:last, part] = _UNIT - share
        weights[first:last, part + 1] = share
    return weights
