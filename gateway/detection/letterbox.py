"""An image laid into the fixed input of a network: resized, cut into tiles, padded on all sides. Pure.

A pass as long as the network's input is the usual letterbox; a longer one is looked at tile by tile.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gateway.detection.passes import TILE_OVERLAP, Pixels, Tile, bounded_scale, resized, spans

# Small photos are at most doubled; the rest of the input is padding.
LARGEST_SCALE = 2.0
# The share of a tile's side that it may have in common with its neighbour, at most: small inputs would
# otherwise consist of overlap alone.
LARGEST_OVERLAP = 0.25


def scales(sides: tuple[int, ...], width: int, height: int) -> list[float]:
    """The scale of each pass at an image of this size, in the order of the longer sides; none twice."""
    wanted = (min(side / max(width, height), LARGEST_SCALE) for side in sides)
    return list(dict.fromkeys(bounded_scale(scale, width, height) for scale in wanted))


def letterboxes(pixels: Pixels, scale: float, size: tuple[int, int], pad: int) -> Iterator[Tile]:
    """The tiles of one pass, row by row: each uint8 (*size, 3), centred in a grey of `pad`.

    size: (height, width) of the network's input. A tile's offset is where the corner of the padding would lie
    in the image, so it may be negative.
    """
    height, width = pixels.shape[:2]
    whole = resized(pixels, scale)
    across, along = whole.shape[1] / width, whole.shape[0] / height
    for top, bottom in _spans(whole.shape[0], size[0]):
        for left, right in _spans(whole.shape[1], size[1]):
            down, over = (size[0] - (bottom - top)) // 2, (size[1] - (right - left)) // 2
            box = np.full((*size, 3), pad, dtype=np.uint8)
            box[down : down + bottom - top, over : over + right - left] = whole[top:bottom, left:right]
            offset = ((left - over) / across, (top - down) / along)
            yield Tile(pixels=box, scale=(across, along), offset=offset)


def _spans(length: int, side: int) -> list[tuple[int, int]]:
    return spans(length, side, min(TILE_OVERLAP, int(side * LARGEST_OVERLAP)))
