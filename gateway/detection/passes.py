"""How an image is looked at: passes at several scales, each cut into tiles that bound the memory. Pure.

A face of 12 pixels is found at twice the size, one that fills the photo at a quarter of it. A pass is a
scale; what a scale yields is cut into tiles, so that the largest array a model ever sees is
`TILE_SIDE` squared, whatever the image.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

# Longest side of what a model sees at once, in pixels: 2.6 megapixels, about half a gigabyte of a
# float32 network's activations.
TILE_SIDE = 1600
# Tiles share this many pixels with their neighbours, so that an object of up to this size is whole in one.
TILE_OVERLAP = 96
# Networks with strides up to 32 want sides that are a multiple of it. Beyond COARSE pixels a multiple of
# that: kernels are compiled for each new shape, which over photos of many sizes costs more than the black.
STRIDE = 32
COARSE = 128
# Above this many pixels a pass is made smaller rather than longer: 48 megapixels take some 3 s a pass.
PASS_PIXELS = 48_000_000


@dataclass(frozen=True, slots=True)
class Tile:
    """One input for a model: pixels uint8 (h, w, 3), sides a multiple of STRIDE, and where they come from.

    scale: (x, y) factors from image pixels to tile pixels; offset: (x, y) of its corner in image pixels.
    """

    pixels: Pixels
    scale: tuple[float, float]
    offset: tuple[float, float]


def bounded_scale(scale: float, width: int, height: int, most: int = PASS_PIXELS) -> float:
    """The scale, or the largest smaller one at which the image has at most `most` pixels."""
    return min(scale, math.sqrt(most / (width * height)))


def resized(pixels: Pixels, scale: float) -> Pixels:
    """The image at this scale, at least one pixel a side; averaging when it shrinks."""
    height, width = pixels.shape[:2]
    target = max(round(width * scale), 1), max(round(height * scale), 1)
    if target == (width, height):
        return pixels
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, target, interpolation=method), dtype=np.uint8)


def padded(pixels: Pixels) -> Pixels:
    """Black added right and below until both sides are among the few that networks see; C-contiguous."""
    height, width = pixels.shape[:2]
    down, right = (-side % (STRIDE if side <= COARSE else COARSE) for side in (height, width))
    if not down and not right:
        return np.ascontiguousarray(pixels)
    result = np.zeros((height + down, width + right, pixels.shape[2]), dtype=np.uint8)
    result[:height, :width] = pixels
    return result


def spans(length: int, side: int = TILE_SIDE, overlap: int = TILE_OVERLAP) -> list[tuple[int, int]]:
    """Half-open intervals of at most `side` that cover [0, length), neighbours sharing `overlap` or more."""
    if length <= side:
        return [(0, length)]
    count = math.ceil((length - overlap) / (side - overlap))
    # Equal tiles rather than full ones and a sliver: fewer pixels in all, and one shape to compile.
    size = min(side, math.ceil((length + (count - 1) * overlap) / count))
    starts = [math.floor(index * (length - size) / (count - 1)) for index in range(count)]
    return [(start, start + size) for start in starts]


def tiles(pixels: Pixels, scale: float) -> Iterator[Tile]:
    """The tiles of one pass over the image, row by row. `pixels`: uint8 (h, w, 3)."""
    height, width = pixels.shape[:2]
    whole = resized(pixels, scale)
    across, along = whole.shape[1] / width, whole.shape[0] / height
    for top, bottom in spans(whole.shape[0]):
        for left, right in spans(whole.shape[1]):
            yield Tile(
                pixels=padded(whole[top:bottom, left:right]),
                scale=(across, along),
                offset=(left / across, top / along),
            )
