"""Hostile bytes to bare pixels. Runs inside the confined decoder process; callers use `sandbox.Sandbox`.

The order: bytes counted, format sniffed, header read, size checked, and only then pixels decoded; orientation
and colour are applied on the way into the result, so nothing but upright sRGB ever leaves this module, and
the header's words in which a person may be named.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from gateway.imaging import animated_webp
from gateway.imaging.colour import Rendering, rgb_strips
from gateway.imaging.formats import sniff
from gateway.imaging.header_words import header_words, joined
from gateway.imaging.image import (
    MAX_MILLISECONDS,
    MAX_PLAY,
    DecodedImage,
    FileFacts,
    ImageFormat,
    Limits,
    Pixels,
    Timing,
)
from gateway.imaging.nesting import check_nesting
from gateway.imaging.opening import Opened, check_shape, check_size, open_header
from gateway.imaging.orientation import laid_out, of_exif
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
        facts = decode_into(data, limits, allocate)
    except Refused as refused:
        raise refused.to_error() from None
    return DecodedImage.of(results[0], facts)


def decode_into(data: bytes, limits: Limits, allocate: Allocate) -> FileFacts:
    """Decodes into the array that `allocate` hands out once the size is known and allowed: all frames, one
    below the other. Raises Refused.
    """
    check_bytes(data, limits)
    image_format = sniff(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # codecs warn of damaged metadata, which is dropped anyhow
            return _decode(data, image_format, limits, allocate)
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


def _decode(data: bytes, image_format: ImageFormat, limits: Limits, allocate: Allocate) -> FileFacts:
    check_nesting(data, image_format, limits)
    opened = open_header(data, image_format, limits)
    check_size(*opened.size, limits, len(opened.frames))
    check_shape(*opened.size, len(data), limits, len(opened.frames))
    if opened.plays is not None and max(opened.size) > animated_webp.MAX_SIDE:
        raise Refused("limit.side", *opened.size, animated_webp.MAX_SIDE)
    words: dict[str, None] = {}
    milliseconds: list[int] = []
    rows: list[Pixels] = []
    for number, image in enumerate(_loaded(opened)):
        orientation = of_exif(image) if opened.orientation is None else opened.orientation
        # (width, height) upright: the last four orientations lie on their side.
        width, height = image.size[::-1] if orientation >= 5 else image.size
        if number == 0:
            check_size(width, height, limits, len(opened.frames))  # the pixels may contradict the header
            tall = allocate(height * len(opened.frames), width)
            rows = [tall[height * n : height * (n + 1)] for n in range(len(opened.frames))]
        elif rows[number].shape[:2] != (height, width):
            raise Refused("frames.sizes")
        _render(image, laid_out(rows[number], orientation), opened.rendering(number, image, data))
        said = opened.texts if number == 0 else ()
        words.update(dict.fromkeys(header_words(image, said).split()))
        milliseconds.append(min(_duration(image), MAX_PLAY // len(opened.frames)))
    timing = None if opened.plays is None else Timing(tuple(milliseconds), opened.plays)
    return FileFacts(image_format, opened.lossless, joined(words), len(rows), timing)


def _loaded(opened: Opened) -> Iterator[Image.Image]:
    """The frames, decoded. Raises whatever the codec raises for damaged or cut-off data."""
    if not isinstance(opened.image, Image.Image):
        yield opened.image.to_pillow()
        return
    for place in opened.frames:
        if place:
            opened.image.seek(place)
        if len(opened.frames) > 1 and not opened.pages and opened.image.size != opened.size:
            raise Refused("image.malformed")  # an animation whose canvas grows
        opened.image.load()
        yield opened.image.crop(opened.crop) if opened.crop else opened.image


def _render(image: Image.Image, as_in_file: Pixels, rendering: Rendering) -> None:
    for top, strip in rgb_strips(image, rendering):
        as_in_file[top : top + strip.shape[0]] = strip


def _duration(image: Image.Image) -> int:
    """Milliseconds that a frame is shown; 0 where the file says nothing, or nonsense."""
    told = image.info.get("duration", 0)
    return round(min(max(told, 0), MAX_MILLISECONDS)) if isinstance(told, int | float) else 0
