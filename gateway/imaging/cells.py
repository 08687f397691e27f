"""The bounded rest of a blurred region: two cells, each a mean of two bits a channel, and nothing else.

A Gaussian blur keeps enough to recognise faces and to read plates. Here the region is first reduced to a grid
of quantised means (`read`), and the picture is made from that grid alone (`paint`): whatever is shown is a
function of at most 2 * 3 * 2 = 12 bits. All arithmetic is in whole numbers, so the same pixels give the same
cells on every machine.

REDACTION.md has the curves by which grid and bits were chosen, and says how to draw them again.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple, assert_never

import cv2
import numpy as np
from numpy.typing import NDArray

from gateway.imaging.image import Pixels
from policies.model import Kind

# A channel. Whoever knows the code and has other photos of 96 people names the person of 1 x 2 cells of so
# many bits in 3 of 100 photos, by guessing in 2; of the 4 x 4 cells of 3 bits that were here first, in 26. A
# plate is found in a list of 100 in 3.5 of 100 cases, by chance in 1; of 2 x 4 cells of 3 bits in 58.
CELL_BITS: Final = 2
# Pixels a side: small regions get fewer cells. Of the 4 x 4 cells that were here first, small ones kept
# shades that hid a small face less than a fill does: of 1,231 faces on development photos a fill hid 1,157,
# cells of 8, 12, 16 and 24 pixels 1,132, 1,141, 1,145 and 1,148 (recall+: changed, or its detail gone);
# larger ones no more. Two cells of 24 or more, on 2,465 labelled faces, hid 99.8 % of them, a fill 100.0.
MIN_CELL: Final = 24

_STEP: Final = 256 >> CELL_BITS  # a cell shows the middle of its step: 32, 96, 160 or 224
_UNIT: Final = 128  # weights are in 1/128
_SHIFT: Final = 14  # of the two directions together: 128 * 128
_ROWS_AT_ONCE: Final = 64


class Grid(NamedTuple):
    """Rows and columns of cells."""

    rows: int
    columns: int


def grid_for(kind: Kind, height: int, width: int) -> Grid:
    """At most two cells: side by side of a face, along a plate. Raises ValueError for other kinds."""
    match kind:
        case Kind.FACE:
            most = Grid(1, 2)  # one above the other they tell more: hair, beard
        case Kind.LICENSE_PLATE:
            most = Grid(2, 1) if height > width else Grid(1, 2)
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
    down, across = edges(pixels.shape[0], grid.rows), edges(pixels.shape[1], grid.columns)
    means = [[_mean(pixels[y0:y1, x0:x1]) for x0, x1 in pairwise(across)] for y0, y1 in pairwise(down)]
    return quantised(np.array(means, dtype=np.uint8))


def quantised(means: Pixels) -> Pixels:
    """Each value in the middle of its step."""
    return (means // _STEP * _STEP + _STEP // 2).astype(np.uint8)


def paint_smooth(cells: Pixels, height: int, width: int) -> Pixels:
    """A region of this size that runs linearly from the middle of each cell to the next, shape (h, w, 3).

    The middle pixel of each cell shows the cell exactly, so `recover` can read the grid back.
    """
    rows, columns = cells.shape[:2]
    columns_first = cells.astype(np.int32).transpose(1, 0, 2).reshape(columns, rows * 3)
    across = _between(columns_first, *_steps(width, columns)).reshape(width, rows, 3)
    flat = across.transpose(1, 0, 2).reshape(rows, width * 3)
    lower, share = _steps(height, rows)
    painted = np.empty((height, width * 3), dtype=np.uint8)
    for top in range(0, height, _ROWS_AT_ONCE):  # bounds the scratch memory of a very large region
        strip = slice(top, top + _ROWS_AT_ONCE)
        exact = _between(flat, lower[strip], share[strip])
        exact += _UNIT * _UNIT // 2
        exact >>= _SHIFT
        painted[strip] = exact
    return painted.reshape(height, width, 3)


def paint_flat(cells: Pixels, height: int, width: int) -> Pixels:
    """A region of this size in which each cell is one colour, shape (height, width, 3)."""
    rows, columns = cells.shape[:2]
    tall = np.repeat(cells, np.diff(edges(height, rows)), axis=0)
    return np.repeat(tall, np.diff(edges(width, columns)), axis=1)


def recover(painted: Pixels, grid: Grid) -> Pixels:
    """The cells that a painted region shows in the middle of each: the inverse of both ways to paint."""
    middles = np.ix_(middles_of(painted.shape[0], grid.rows), middles_of(painted.shape[1], grid.columns))
    return painted[middles]


def are_quantised(cells: Pixels) -> bool:
    """Whether every value is one of the four that `read` gives."""
    return bool((cells % _STEP == _STEP // 2).all())


def edges(length: int, parts: int) -> list[int]:
    """Where the parts of a side begin and end, in pixels from its start."""
    return [length * part // parts for part in range(parts + 1)]


def middles_of(length: int, parts: int) -> list[int]:
    """The middle pixel of each part of a side."""
    return [(first + last - 1) // 2 for first, last in pairwise(edges(length, parts))]


def _mean(pixels: Pixels) -> list[int]:
    """The mean of each channel, rounded down. The sums are whole numbers below 2^53, so they are exact."""
    count = pixels.shape[0] * pixels.shape[1]
    return [int(total) // count for total in cv2.sumElems(pixels)[:3]]


@lru_cache(maxsize=128)
def _steps(length: int, parts: int) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Of each pixel along a side the cell before it, shape (length,), and how much of the next one it shows,
    in 1/_UNIT, shape (length, 1). Not to be written to: they are kept.
    """
    middles = middles_of(length, parts)
    lower, share = np.zeros(length, dtype=np.intp), np.zeros((length, 1), dtype=np.int32)
    for part, (first, last) in enumerate(pairwise(middles)):
        lower[first:last] = part
        share[first:last, 0] = np.arange(last - first) * _UNIT // (last - first)
    lower[middles[-1] :] = parts - 1
    return lower, share


def _between(
    cells: NDArray[np.int32], lower: NDArray[np.intp], share: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Shape (pixels, n) from cells of shape (parts, n), in 1/_UNIT of their unit; see `_steps`.

    Not by a product of matrices: the threads of BLAS made 256 x 256 pixels take 3.9 ms instead of 0.4.
    """
    low, high = cells[lower], cells[np.minimum(lower + 1, len(cells) - 1)]
    high -= low
    high *= share
    low *= _UNIT
    low += high
    return low
