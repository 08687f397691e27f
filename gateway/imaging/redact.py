"""What is done to pixels: fill, blur, mosaic. Pure; regions and outlines are final, nothing grows here.

Strict wins. The order does not depend on how the redactions were listed:
(1) every fill is painted, so that no cell is ever computed from what a fill hides;
(2) blurs and mosaics in canonical order, each from the pixels as they are by then: where two overlap, the
    second reads what the first has left, so no pixel is read twice and the rest stays within the sum of
    their bounds;
(3) every fill once more, since a blur may have been painted over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar, assert_never

import numpy as np
from numpy.typing import NDArray

from gateway.imaging import cells, shaped_cells
from gateway.imaging.image import Pixels, check_pixels
from gateway.imaging.shaped_cells import Mask
from gateway.imaging.strokes import visible_strokes
from policies.model import Kind, Redaction, RedactionMethod, Region, Size

Number = TypeVar("Number", bound=np.generic)

BLOCK: Final = 8
"""Pixels a side of JPEG's block: differences are averaged over it, and no cell of a blur is smaller."""

# RGB, constant whatever lies beneath. Darker shades of the hues that stand for the kinds everywhere else; far
# from any grey (the channels lie at least 144 apart), so that nobody takes a fill for hair, ink or shadow.
FILL_COLOURS: Final = {
    Kind.FACE: (176, 120, 0),
    Kind.LICENSE_PLATE: (0, 104, 176),
    Kind.TEXT: (176, 24, 136),
    Kind.CODE: (64, 152, 0),
}


def apply(pixels: Pixels, redactions: Sequence[Redaction]) -> Pixels:
    """A new array with every region, or what its outline touches, hidden; elsewhere not one pixel differs.

    pixels: uint8 (height, width, 3). Raises ValueError for another array or a region outside the image.
    """
    check_pixels(pixels)
    size = Size(pixels.shape[1], pixels.shape[0])
    for redaction in redactions:
        if not redaction.region.within(size):
            raise ValueError(
                f"a region ends at ({redaction.region.x1}, {redaction.region.y1}), outside {size}"
            )
    result = pixels.copy()
    for redaction in painting_order(redactions):
        _paint(result, redaction)
    return result


def painting_order(redactions: Iterable[Redaction]) -> list[Redaction]:
    """The strokes that `apply` makes, with the method that really applies; fills come first and last."""
    strokes = visible_strokes(redactions)
    fills = [each for each in strokes if each.method is RedactionMethod.FILL]
    return strokes if len(fills) == len(strokes) else fills + strokes


def view(pixels: NDArray[Number], region: Region) -> NDArray[Number]:
    """The pixels of a region, not copied."""
    return pixels[region.y0 : region.y1, region.x0 : region.x1]


def mask_of(redaction: Redaction) -> Mask:
    """The pixels of its region that a redaction hides, shape (height, width)."""
    region = redaction.region
    if redaction.outline is None:
        return np.ones((region.height, region.width), dtype=np.bool_)
    spans = np.array(redaction.spans, dtype=np.int64) - region.x0
    across = np.arange(region.width)
    return np.asarray((spans[:, :1] <= across) & (across < spans[:, 1:]), dtype=np.bool_)


def bits_of(stroke: Redaction) -> int:
    """At most so many bits of what was beneath does a stroke of `painting_order` show."""
    if stroke.method is RedactionMethod.FILL:
        return 0
    if stroke.outline is None:
        grid = cells.grid_for(stroke.kind, stroke.region.height, stroke.region.width)
        count = grid.rows * grid.columns
    else:
        count = shaped_cells.shaped_grid(stroke.kind, mask_of(stroke)).count
    return count * 3 * cells.CELL_BITS


def _paint(pixels: Pixels, redaction: Redaction) -> None:
    target = view(pixels, redaction.region)
    if redaction.outline is None:
        target[:] = _painted(target, redaction)
        return
    mask = mask_of(redaction)
    target[mask] = _painted_within(target, mask, redaction)[mask]


def _painted(target: Pixels, redaction: Redaction) -> Pixels:
    height, width = target.shape[:2]
    if redaction.method is RedactionMethod.FILL:
        return np.array(FILL_COLOURS[redaction.kind], dtype=np.uint8)
    grid = cells.grid_for(redaction.kind, height, width)
    return _shown(cells.read(target, grid), redaction.method, height, width)


def _painted_within(target: Pixels, mask: Mask, redaction: Redaction) -> Pixels:
    height, width = target.shape[:2]
    if redaction.method is RedactionMethod.FILL:
        return np.full_like(target, FILL_COLOURS[redaction.kind])
    shaped = shaped_cells.shaped_grid(redaction.kind, mask)
    means = shaped_cells.read(target, mask, shaped)
    return _shown(shaped_cells.spread(means, shaped), redaction.method, height, width)


def _shown(grid: Pixels, method: RedactionMethod, height: int, width: int) -> Pixels:
    """A region of this size, made of a grid of cells and nothing else. Raises ValueError for a fill."""
    match method:
        case RedactionMethod.BLUR:
            return cells.paint_smooth(grid, height, width)
        case RedactionMethod.MOSAIC:
            return cells.paint_flat(grid, height, width)
        case RedactionMethod.FILL:
            raise ValueError("a fill has no cells")
        case _:
            assert_never(method)


def is_bounded(region: Pixels, kind: Kind, method: RedactionMethod, mask: Mask | None = None) -> bool:
    """Whether a region shows nothing but a grid of quantised cells of its kind's bound.

    Proven on the pixels: the grid is read back from the cells' middles and painted again. mask: only these
    pixels of the region are asked about. Raises ValueError for kinds and methods without cells.
    """
    height, width = region.shape[:2]
    if mask is None:
        grid = cells.grid_for(kind, height, width)
        shown = cells.recover(region, grid)
        again = _shown(shown, method, height, width)
        return cells.are_quantised(shown) and bool(np.array_equal(region, again))
    shaped = shaped_cells.shaped_grid(kind, mask)
    shown = shaped_cells.recover(region, shaped)
    again = _shown(shaped_cells.spread(shown, shaped), method, height, width)
    return cells.are_quantised(shown) and bool(np.array_equal(region[mask], again[mask]))
