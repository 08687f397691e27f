"""Hostile bytes to bare pixels. Runs inside the confined decoder process; callers use `sandbox.Sandbox`.

The order: bytes counted, format sniffed, header read, size checked, and only then pixels decoded; orientation
and colour are applied on the way into the result, so nothing but upright sRGB ever leaves this module, and
the header's words in which a person may be named.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import pi_heif
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from gateway.imaging.colour import ColourKey, Rendering, profile_transform, rgb_strips
from gateway.imaging.containers import MalformedContainer, jpeg_precision, webp_header
from gateway.imaging.formats import sniff
from gateway.imaging.header_words import header_words
from gateway.imaging.image import DecodedImage, ImageFormat, Limits, Pixels
from gateway.imaging.refusals import Refused

__all__ = ["DecodedImage", "ImageFormat", "Limits", "decode", "decode_into", "sniff"]

Allocate = Callable[[int, int], Pixels]
"""(height, width) -> a writable, C-contiguous uint8 array of shape (height, width, 3)."""

_PNG_BIT_DEPTH: Final = 24  # offset of IHDR's bit depth: signature 8, length 4, name 4, width 4, height 4

# Only the primary image of a HEIF file is wanted: thumbnails, depth maps and auxiliary images stay unread.
pi_heif.options.THUMBNAILS = False
pi_heif.options.DEPTH_IMAGES = False
pi_heif.options.AUX_IMAGES = False


class _Opened(NamedTuple):
    """A file whose header has been read: the image, its size in the file, whether it is lossless."""

    image: Image.Image | pi_heif.HeifFile
    size: tuple[int, int]
    lossless: bool


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


def check_size(width: int, height: int, limits: Limits) -> None:
    if width < 1 or height < 1:
        raise Refused("image.malformed")
    if max(width, height) > limits.max_side:
        raise Refused("limit.side", width, height, limits.max_side)
    if width * height > limits.max_pixels:
        raise Refused("limit.pixels", width, height, limits.max_pixels)


def _decode(data: bytes, image_format: ImageFormat, limits: Limits, allocate: Allocate) -> tuple[bool, str]:
    opened = _open(data, image_format, limits)
    check_size(*opened.size, limits)
    image = _load(opened)
    if image.size != opened.size:  # a file whose pixels contradict its header
        check_size(*image.size, limits)
    orientation = _orientation(image) if image_format is not ImageFormat.HEIC else 1
    # (height, width) of the result: the last four orientations lie on their side.
    result = allocate(*(image.size if orientation >= 5 else image.size[::-1]))
    as_in_file = _unoriented(result, orientation)
    key = _colour_key(image, data) if image_format is ImageFormat.PNG else None
    rendering = Rendering(key, profile_transform(image.info.get("icc_profile"), image.mode))
    for top, strip in rgb_strips(image, rendering):
        as_in_file[top : top + strip.shape[0]] = strip
    return opened.lossless, header_words(image)


def _open(data: bytes, image_format: ImageFormat, limits: Limits) -> _Opened:
    """Reads the header only. The codecs are called by name, so no other codec is ever in reach."""
    match image_format:
        case ImageFormat.JPEG:
            # JpegImageFile reads the first image of a multi-picture file (MPO): the primary one.
            if (bits := jpeg_precision(data)) not in (None, 8):
                raise Refused("format.jpeg_precision", bits or 0)
            jpeg = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
            return _Opened(jpeg, jpeg.size, lossless=False)
        case ImageFormat.PNG:
            png = PngImagePlugin.PngImageFile(io.BytesIO(data))
            _single_frame(png)
            return _Opened(png, png.size, lossless=True)
        case ImageFormat.WEBP:
            return _open_webp(data, limits)
        case ImageFormat.HEIC:
            heif = pi_heif.HeifFile(io.BytesIO(data), convert_hdr_to_8bit=True)
            return _Opened(heif, heif.size, lossless=False)


def _open_webp(data: bytes, limits: Limits) -> _Opened:
    try:
        header = webp_header(data)
    except MalformedContainer:
        raise Refused("image.malformed") from None
    # Before the codec sees it: it allocates the whole canvas when it is opened.
    check_size(header.width, header.height, limits)
    webp = WebPImagePlugin.WebPImageFile(io.BytesIO(data))
    _single_frame(webp)
    return _Opened(webp, webp.size, header.lossless)


def _single_frame(image: ImageFile.ImageFile) -> None:
    if getattr(image, "n_frames", 1) > 1:
        raise Refused("frames.multiple")


def _load(opened: _Opened) -> Image.Image:
    """Decodes the pixels. Raises whatever the codec raises for damaged or cut-off data."""
    if isinstance(opened.image, Image.Image):
        opened.image.load()
        return opened.image
    image: Image.Image = opened.image.to_pillow()
    return image


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; 1 where it is absent, damaged or out of range, as viewers take it.

    Not asked of HEIC: there the container's own rotation rules (ISO/IEC 23008-12) and libheif has applied it.
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


def _colour_key(image: Image.Image, data: bytes) -> ColourKey | None:
    """The colour that a PNG's tRNS chunk declares transparent, in the scale of Pillow's samples.

    Pillow leaves the key at the file's bit depth but widens 2- and 4-bit grey to 8 bits and cuts 16-bit RGB
    to 8. Of 16-bit RGB the upper bytes are compared: that may clear a few pixels more, never one fewer.
    """
    key = image.info.get("transparency")
    depth = data[_PNG_BIT_DEPTH]
    if isinstance(key, int) and image.mode != "P":
        return key * 255 // ((1 << depth) - 1) if image.mode == "L" and depth < 8 else key
    if isinstance(key, tuple):
        red, green, blue = (int(value) >> (8 if depth == 16 else 0) for value in key)
        return red, green, blue
    return None
