"""Bare pixels to a fresh file. No EXIF, profile, comment, date, nor anything else of the input.

Same pixels, same library versions: same bytes. Settings measured on 2 cores, Pillow 13, on 5 photos of the
bench and on one of 12 megapixels (bench_decode repeats the 12 megapixel row):

    JPEG 95, 4:4:4   48 to 53 dB; optimised tables 5 to 17 % smaller for 79 -> 188 ms at 12 MP: on, since a
                     copy is written once and stored and sent many times
    PNG              level 1 1.1 s, level 6 2.8 s at 12 MP for 9 to 13 % less: level 1
    WebP lossless    method 0 0.5 s, 1 1.5 s, 4 3.7 s at 12 MP for 10 to 17 % less: method 0
    WebP lossy       42 to 46 dB at 95, 44 to 47 at 100 for 1.8 times the bytes, 40 to 43 at 90: 95
"""

from __future__ import annotations

import io
from typing import Final, NamedTuple, assert_never

import numpy as np
from PIL import Image

from gateway.imaging.image import EncodedImage, ImageFormat, Pixels, check_pixels

JPEG_QUALITY: Final = 95
WEBP_QUALITY: Final = 95


class _Recipe(NamedTuple):
    """The format written, its media type and suffix, and the options given to Pillow."""

    format: ImageFormat
    media_type: str
    suffix: str
    options: dict[str, int | bool]


# subsampling 0 is 4:4:4: with halved chroma the colour of a block would be mixed with its neighbours'.
_JPEG: Final = _Recipe(
    ImageFormat.JPEG, "image/jpeg", ".jpg", {"quality": JPEG_QUALITY, "subsampling": 0, "optimize": True}
)
_PNG: Final = _Recipe(ImageFormat.PNG, "image/png", ".png", {"compress_level": 1})
_WEBP: Final = _Recipe(ImageFormat.WEBP, "image/webp", ".webp", {"quality": WEBP_QUALITY, "method": 2})
_WEBP_LOSSLESS: Final = _Recipe(
    ImageFormat.WEBP, "image/webp", ".webp", {"lossless": True, "quality": 20, "method": 0}
)


def encode(pixels: Pixels, image_format: ImageFormat, *, lossless: bool) -> EncodedImage:
    """Writes pixels (height, width, 3) in the format of the input where every browser and annotation tool
    shows it: JPEG, PNG, WebP. What came from HEIC or AVIF becomes JPEG, from TIFF, GIF or BMP PNG.

    lossless: of WebP only; PNG is never lossy and JPEG always is. Raises ValueError for other arrays
    than uint8 RGB.
    """
    check_pixels(pixels)
    recipe = _recipe(image_format, lossless)
    # An image made from an array carries no info that Pillow could write along.
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return EncodedImage(_written(image, recipe), recipe.media_type, recipe.suffix, recipe.format)


def _written(image: Image.Image, recipe: _Recipe) -> bytes:
    file = io.BytesIO()
    try:
        image.save(file, format=recipe.format.value, **recipe.options)
    except OSError:
        # Optimised tables want the whole file in one buffer, for which Pillow takes two bytes a pixel: noise
        # of black and white needs more. With the usual tables it is written piece by piece.
        if not recipe.options.get("optimize"):
            raise
        file = io.BytesIO()
        image.save(file, format=recipe.format.value, **(recipe.options | {"optimize": False}))
    return file.getvalue()


def _recipe(image_format: ImageFormat, lossless: bool) -> _Recipe:
    match image_format:
        case ImageFormat.JPEG | ImageFormat.HEIC | ImageFormat.AVIF:
            return _JPEG
        case ImageFormat.PNG | ImageFormat.TIFF | ImageFormat.GIF | ImageFormat.BMP:
            return _PNG
        case ImageFormat.WEBP:
            return _WEBP_LOSSLESS if lossless else _WEBP
        case _:
            assert_never(image_format)
