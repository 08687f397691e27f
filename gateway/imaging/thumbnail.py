"""A small picture of a large one, for pages that people compare images on."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def thumbnail(pixels: NDArray[np.uint8], side: int) -> bytes:
    """A JPEG whose longer side is at most `side` pixels, from (height, width, 3) RGB; never enlarged."""
    image = Image.fromarray(pixels)
    image.thumbnail((side, side))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
