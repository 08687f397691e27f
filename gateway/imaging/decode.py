"""Hostile bytes to bare pixels. Runs inside the confined decoder process; callers use `sandbox.Sandbox`.

The order: bytes counted, format sniffed, header read, size checked, and only then pixels decoded; orientation
and colour are applied on the way into the result, so nothing but upright sRGB ever leaves this module, and
the header's words in which a person may be named.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from gateway.imaging.colour import Rendering, profile_transform, rgb_strips
from gateway.imaging.formats import sniff
from gateway.imaging.header_words import header_words
from gateway.imaging.image import DecodedImage, ImageFormat, Limits, Pixels
from gateway.imaging.nesting import check_nesting
from gateway.imaging.opening import Opened, check_shape, check_size, colour_key, open_header
from gateway.imaging.refusals import Refused

__all__ = ["DecodedImage", "ImageFormat", "Limits", "decode", "decode_into", "sniff"]

Allocate = Callable[[int, int], Pixels]
"""(height, width) -> a writable, C-contiguous uint8 array of shape (height, width, 3)."""


def decode(data: bytes, limits: Limits) -> DecodedImage:
    """Decodes in this very process: for tests, measurements and files of our own making.

    Raises InputRefused (UnsupportedFormat, MalformedImage, LimitExceeded).
    """
    results: list[Pixels] = []

    def allocate(height: int, width: int) -> Pixels:
        results.append(np.empty((height, width, 3), dtype=np.uint8))
        return results[0]

    try:
        image_format, lossless, words = decode_into(data, limits, allocate)
    except Refused as refused:
        raise refused.to_error() from None
    return DecodedImage(results[0], image_format, lossless, frozenset(words.split()))


def decode_into(data: bytes, limits: Limits, allocate: Allocate) -> tuple[ImageFormat, bool, str]:
    """Decodes into the array that `allocate` hands out once the size is known and allowed.

    Returns the format, whether the file held the pixels without loss, and its header's words. Raises Refused.
    """
    check_bytes(data, limits)
    image_format = sniff(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # codecs warn of damaged metadata, which is dropped anyhow
            return image_format, *_decode(data, image_format, limits, allocate)
    except Refused:
        raise
    except MemoryError:
        raise Refused("limit.memory", limits.memory) from None
    except Exception:
        # Codecs answer damaged files with almost any exception (OSError, SyntaxError, struct.error, EOFError,
        # IndexError, RuntimeError, …). Its text is not passed on: it may quote the file.
        raise Refused("image.malformed") from None


def check_bytes(data: bytes, limits: Limits) -> None:
    if len(data) > limits.max_bytes:
        raise Refused("limit.bytes", len(data), limits.max_bytes)


def _decode(data: bytes, image_format: ImageFormat, limits: Limits, allocate: Allocate) -> tuple[bool, str]:
    check_nesting(data, image_format, limits)
    opened = open_header(data, image_format, limits)
    check_size(*opened.size, limits)
    check_shape(*opened.size, len(data), limits)
    image = _load(opened)
    if image.size != opened.size:  # a file whose pixels contradict its header
        check_size(*image.size, limits)
    orientation = 1 if opened.upright else _orientation(image)
    # (height, width) of the result: the last four orientations lie on their side.
    result = allocate(*(image.size if orientation >= 5 else image.size[::-1]))
    as_in_file = _unoriented(result, orientation)
    rendering = Rendering(
        colour_key(image, image_format, data),
        profile_transform(image.info.get("icc_profile"), image.mode),
        opened.bits,
        opened.negative,
    )
    for top, strip in rgb_strips(image, rendering):
        as_in_file[top : top + strip.shape[0]] = strip
    return opened.lossless, header_words(image)


def _load(opened: Opened) -> Image.Image:
    """Decodes the pixels. Raises whatever the codec raises for damaged or cut-off data."""
    if isinstance(opened.image, Image.Image):
        opened.image.load()
        return opened.image
    image: Image.Image = opened.image.to_pillow()
    return image


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 where it is absent, damaged or out of range, as viewers take it.

    Not asked of HEIC: there the container's own rotation rules (ISO/IEC 23008-12) and libheif has applied it;
    nor of TIFF, where Pillow has.
    """
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged EXIF: see decode_into on what codecs raise
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _unoriented(result: Pixels, orientation: int) -> Pixels:
    """The view of an upright image that is laid out as the file is: what is written into it lands upright.

    Source of the eight: EXIF 2.32, tag 0x0112.
    """
    views: tuple[NDArray[np.uint8], ...] = (
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
