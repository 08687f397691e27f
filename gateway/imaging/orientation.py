"""How an image that lies in its file becomes upright: EXIF's eight ways, which are all that there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

UPRIGHT: Final = 1

Scalar = TypeVar("Scalar", bound=np.generic)
Turn = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""One quarter turn, half turn or mirror of an array of shape (height, width, …)."""


def of_exif(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 where it is absent, damaged or out of range, as viewers take it.

    Of the block that is the format's own place for EXIF. XMP and a PNG's texts, where Pillow would look too,
    are not asked: browsers do not either.
    """
    block = image.info.get("exif")
    if not isinstance(block, bytes):
        return UPRIGHT
    exif = Image.Exif()
    try:
        exif.load(block)
        value = exif.get(ExifTags.Base.Orientation, UPRIGHT)
    except Exception:  # damaged EXIF: see decode_into on what codecs raise
        return UPRIGHT
    return value if isinstance(value, int) and 1 <= value <= 8 else UPRIGHT


def laid_out(result: NDArray[Scalar], orientation: int) -> NDArray[Scalar]:
    """The view of an upright image that is laid out as the file is: what is written into it lands upright.

    Source of the eight: EXIF 2.32, tag 0x0112.
    """
    views: tuple[NDArray[Scalar], ...] = (
        result,
        result[:, ::-1],
        result[::-1, ::-1],
        result[::-1],
        result.swapaxes(0, 1),
        np.rot90(result, 1),
        result.swapaxes(0, 1)[::-1, ::-1],
        np.rot90(result, -1),
    )
    return views[orientation - 1]


def of_turns(turns: Sequence[Turn]) -> int:
    """The one of the eight that is all of these, one after the other."""
    in_file = np.arange(6, dtype=np.uint8).reshape(2, 3)
    upright = in_file
    for turn in turns:
        upright = turn(upright)
    return next(each for each in range(1, 9) if np.array_equal(laid_out(upright, each), in_file))
