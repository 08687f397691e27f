"""A file's header, read by the one codec that is for its format; no pixel is decoded here.

Runs inside the confined decoder process. The codecs are called by name, so no other codec is ever in reach.
"""

from __future__ import annotations

import io
import itertools
from typing import Final, NamedTuple, assert_never

import pi_heif
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from gateway.imaging import tiff
from gateway.imaging.colour import ColourKey
from gateway.imaging.containers import MalformedContainer, jpeg_precision, webp_header
from gateway.imaging.image import RATIO_FROM, ImageFormat, Limits
from gateway.imaging.refusals import Refused

_PNG_BIT_DEPTH: Final = 24  # offset of IHDR's bit depth: signature 8, length 4, name 4, width 4, height 4
_THREADS: Final = 4  # of one decoder; see decoder_process on the processor time that they may spend

# Only the primary image of a HEIF file is wanted: thumbnails, depth maps and auxiliary images stay unread.
pi_heif.options.THUMBNAILS = False
pi_heif.options.DEPTH_IMAGES = False
pi_heif.options.AUX_IMAGES = False
AvifImagePlugin.DEFAULT_MAX_THREADS = _THREADS


class Opened(NamedTuple):
    """A file whose header has been read.

    size: width and height in the file. lossless: whether the file holds its pixels exactly. upright: the
    codec itself turns the pixels. bits, negative: of samples of more than 8 bits, see colour.Rendering.
    """

    image: Image.Image | pi_heif.HeifFile
    size: tuple[int, int]
    lossless: bool
    upright: bool = False
    bits: int = 16
    negative: bool = False


def check_size(width: int, height: int, limits: Limits) -> None:
    """Raises Refused for a size that no image may have here."""
    if width < 1 or height < 1:
        raise Refused("image.malformed")
    if max(width, height) > limits.max_side:
        raise Refused("limit.side", width, height, limits.max_side)
    if width * height > limits.max_pixels:
        raise Refused("limit.pixels", width, height, limits.max_pixels)


def check_shape(width: int, height: int, size: int, limits: Limits, frames: int = 1) -> None:
    """Raises Refused for what is too narrow, or too large for a file of `size` bytes; after check_size."""
    if max(width, height) > limits.max_aspect * min(width, height):
        raise Refused("limit.aspect", width, height, limits.max_aspect)
    pixels = width * height * frames
    ratio = pixels * 3 // max(size, 1)
    if pixels > RATIO_FROM and ratio > limits.max_ratio:
        raise Refused("limit.ratio", ratio, limits.max_ratio)


def open_header(data: bytes, image_format: ImageFormat, limits: Limits) -> Opened:
    """Raises Refused, and whatever the codecs raise for damaged files."""
    match image_format:
        case ImageFormat.JPEG:
            # JpegImageFile reads the first image of a multi-picture file (MPO): the primary one.
            if (bits := jpeg_precision(data)) not in (None, 8):
                raise Refused("format.jpeg_precision", bits or 0)
            return _opened(JpegImagePlugin.JpegImageFile(io.BytesIO(data)), lossless=False)
        case ImageFormat.PNG:
            return _opened(PngImagePlugin.PngImageFile(io.BytesIO(data)), lossless=True)
        case ImageFormat.WEBP:
            return _open_webp(data, limits)
        case ImageFormat.HEIC:
            heif = pi_heif.HeifFile(io.BytesIO(data), convert_hdr_to_8bit=True)
            return Opened(heif, heif.size, lossless=False, upright=True)
        case ImageFormat.AVIF:
            # The codec tells the container's rotation as if it were EXIF's, and never both.
            return _opened(AvifImagePlugin.AvifImageFile(io.BytesIO(data)), lossless=False)
        case ImageFormat.TIFF:
            return _open_tiff(data, limits)
        case ImageFormat.GIF:
            return _opened(GifImagePlugin.GifImageFile(io.BytesIO(data)), lossless=True)
        case ImageFormat.BMP:
            return _opened(BmpImagePlugin.BmpImageFile(io.BytesIO(data)), lossless=True)
        case _:
            assert_never(image_format)


def colour_key(image: Image.Image, image_format: ImageFormat, data: bytes) -> ColourKey | None:
    """The colour that the file declares transparent, in the scale of Pillow's samples.

    Pillow leaves the key of a PNG's tRNS chunk at the file's bit depth but widens 2- and 4-bit grey to 8 bits
    and cuts 16-bit RGB to 8. Of 16-bit RGB the upper bytes are compared: that may clear a few pixels more,
    never one fewer. The key of a GIF is an index, which Pillow looks up itself but for a palette of greys.
    """
    key = image.info.get("transparency")
    if image_format is ImageFormat.GIF:
        return key if isinstance(key, int) and image.mode == "L" else None
    if image_format is not ImageFormat.PNG:
        return None
    depth = data[_PNG_BIT_DEPTH]
    if isinstance(key, int) and image.mode != "P":
        return key * 255 // ((1 << depth) - 1) if image.mode == "L" and depth < 8 else key
    if isinstance(key, tuple):
        red, green, blue = (int(value) >> (8 if depth == 16 else 0) for value in key)
        return red, green, blue
    return None


def _opened(image: ImageFile.ImageFile, *, lossless: bool) -> Opened:
    if getattr(image, "is_animated", False):
        raise Refused("frames.multiple")
    return Opened(image, image.size, lossless)


def _open_webp(data: bytes, limits: Limits) -> Opened:
    try:
        header = webp_header(data)
    except MalformedContainer:
        raise Refused("image.malformed") from None
    # Before the codec sees it: it allocates the whole canvas when it is opened.
    check_size(header.width, header.height, limits)
    return _opened(WebPImagePlugin.WebPImageFile(io.BytesIO(data)), lossless=header.lossless)


def _open_tiff(data: bytes, limits: Limits) -> Opened:
    """The first page. What is no picture but a sensor's data, or of more pages, is refused by its tags."""
    try:
        if tiff.is_raw(data):
            raise Refused("format.raw")
        (_, first), *others = itertools.islice(tiff.full_pages(data), 2)
    except (MalformedContainer, ValueError):
        raise Refused("image.malformed") from None
    if others:
        raise Refused("frames.multiple")
    check_size(first.number(tiff.WIDTH), first.number(tiff.LENGTH), limits)
    compression = first.number(tiff.COMPRESSION, 1)
    if compression not in TiffImagePlugin.COMPRESSION_INFO:
        raise Refused("format.tiff_compression", compression)
    try:
        image = TiffImagePlugin.TiffImageFile(io.BytesIO(data))
    except SyntaxError as exc:
        if exc.__cause__ is None:  # samples that are none of its colour models; damage has a cause
            raise Refused("format.colours") from None
        raise
    return Opened(
        image,
        image.size,
        lossless=True,
        upright=True,  # Pillow applies the tag when it loads the pixels
        bits=first.number(tiff.BITS, 1),
        negative=first.number(tiff.PHOTOMETRIC) == tiff.WHITE_IS_ZERO,
    )
