"""What is done to pixels: fill, blur, mosaic. Pure; regions are final, nothing grows here.

Strict wins. The order does not depend on how the redactions were listed:
(1) every fill is painted, so that no cell is ever computed from what a fill hides;
(2) blurs and mosaics in canonical order, each from the pixels as they are by then: where two overlap, the
    second reads what the first has left, so no pixel is read twice and the rest stays within the sum of
    their bounds;
(3) every fill once more, since a blur may have been painted over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, assert_never

import numpy as np

from gateway.imaging import cells
from gateway.imaging.image import Pixels, check_pixels
from policies.model import Kind, Redaction, RedactionMethod, Region, Size

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
    """A new array with every region hidden; outside of them not one pixel differs.

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


def visible_strokes(redactions: Iterable[Redaction]) -> list[Redaction]:
    """The strokes that end up on top, each once, later ones over earlier ones."""
    distinct = {Redaction(each.region, each.kind, method_for(each)) for each in redactions}
    return sorted(
        distinct,
        key=lambda each: (each.method is RedactionMethod.FILL, each.region, each.kind, each.method),
    )


def method_for(redaction: Redaction) -> RedactionMethod:
    """Text and codes are filled whatever was asked: their alphabet is small, so any rest can be guessed."""
    match redaction.kind:
        case Kind.TEXT | Kind.CODE:
            return RedactionMethod.FILL
        case Kind.FACE | Kind.LICENSE_PLATE:
            return redaction.method
        case _:
            assert_never(redaction.kind)


def view(pixels: Pixels, region: Region) -> Pixels:
    """The pixels of a region, not copied."""
    return pixels[region.y0 : region.y1, region.x0 : region.x1]


def _paint(pixels: Pixels, redaction: Redaction) -> None:
    target = view(pixels, redaction.region)
    height, width = target.shape[:2]
    match redaction.method:
        case RedactionMethod.FILL:
            target[:] = FILL_COLOURS[redaction.kind]
        case RedactionMethod.BLUR:
            grid = cells.grid_for(redaction.kind, height, width)
            target[:] = cells.paint_smooth(cells.read(target, grid), height, width)
        case RedactionMethod.MOSAIC:
            grid = cells.grid_for(redaction.kind, height, width)
            target[:] = cells.paint_flat(cells.read(target, grid), height, width)
        case _:
            assert_never(redaction.method)


def is_bounded(region: Pixels, kind: Kind, method: RedactionMethod) -> bool:
    """Whether a region shows nothing but a grid of quantised cells of its kind's bound.

    Proven on the pixels: the grid is read back from the cells' middles and painted again. Raises ValueError
    for kinds and methods without cells.
    """
    height, width = region.shape[:2]
    grid = cells.grid_for(kind, height, width)
    shown = cells.recover(region, grid)
    if not cells.are_quantised(shown):
        return False
    match method:
        case RedactionMethod.BLUR:
            again = cells.paint_smooth(shown, height, width)
        case RedactionMethod.MOSAIC:
            again = cells.paint_flat(shown, height, width)
        case RedactionMethod.FILL:
            raise ValueError("a fill has no cells")
        case _:
            assert_never(method)
    return bool(np.array_equal(region, again))
