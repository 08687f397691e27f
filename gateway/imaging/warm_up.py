"""One small image of each kind, decoded before the filter falls: codecs load parts late.

What is imported or opened lazily after that fails, and with it the image; so each path of `decode` that
reaches other code is walked once, on images made here.
"""

from __future__ import annotations

import base64
import ctypes
import io
import zlib
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from gateway.imaging.image import FileFacts, Limits, Pixels
from gateway.imaging.refusals import Refused

_SIDE: Final = 16
_LIBGCC: Final = "libgcc_s.so.1"  # glibc opens it when a thread is cancelled or a C++ exception unwinds

_HEIC: Final = zlib.decompress(
    base64.b64decode(
        "eNpjYGCQSSupLMhIzUxmAILczDTD3MzENAif0S43tSSRAQIUM1JyiqBshoLM5BIGNMBXkFmSC2YxArFcZk4+2EgXEJ8RIsqY"
        "BKQlgVg5MzMvDa5WFMhJZYLyMsqSDUHMQ5kFRQVAeklmQXI+kK4ASjgzMhfA7ZP7wPDn748fDAz8zApAjRIOjDyM//+DFDAz"
        "TAARQCS3i8lBESip7cTIiCazQKGRddorT811eSwsPBwgIQjhoARUz+7CeLBog5ID0BqRzOKCVKiVDlAsUJBZkQkSYObgAOpi"
        "EMssyIWFE9CzzI1MzaAQy01JBIWSqAbjesmG7zWt5v8f7xM8Jb0/RvTRxQMAeKJEkA=="
    )
)
"""64 x 64 pixels of one colour, since pi-heif has no encoder: made with heif-enc, packed."""

Decode = Callable[[bytes, Limits, Callable[[int, int], Pixels]], FileFacts]


def warm_up(decode: Decode, limits: Limits) -> None:
    """Decodes the samples and throws the pixels away. Raises Refused when one of our own is not decoded."""
    ctypes.CDLL(_LIBGCC)
    for data in samples():
        decode(data, limits, _scratch)
    for damaged in _damaged():
        try:
            decode(damaged, limits, _scratch)
        except Refused:
            continue


def _scratch(height: int, width: int) -> Pixels:
    return np.empty((height, width, 3), dtype=np.uint8)


def samples() -> Iterator[bytes]:
    """Files that differ in what they ask of the codecs."""
    rgb = Image.new("RGB", (_SIDE, _SIDE), (90, 120, 150))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Artist] = "nobody"
    text = PngImagePlugin.PngInfo()
    text.add_itxt("Comment", "nothing", "en", "nothing", zip=True)
    yield _file(rgb, "JPEG", exif=exif, icc_profile=_srgb(), progressive=True, comment=b"nothing")
    yield _file(rgb.convert("CMYK"), "JPEG", icc_profile=profile)
    yield _file(rgb.convert("L"), "JPEG")
    yield _file(rgb, "PNG", exif=exif, icc_profile=_srgb(), pnginfo=text)
    yield _file(rgb.convert("P"), "PNG", transparency=0)
    yield _file(rgb.convert("RGBA"), "PNG")
    yield _file(rgb.convert("1"), "PNG")
    yield _file(Image.fromarray(np.zeros((_SIDE, _SIDE), np.uint16)), "PNG")
    yield _file(rgb, "WEBP", exif=exif, icc_profile=_srgb())
    yield _file(rgb.convert("RGBA"), "WEBP", lossless=True)
    yield _file(rgb, "AVIF", exif=exif, icc_profile=_srgb(), speed=10)
    yield _file(rgb.convert("RGBA"), "AVIF", speed=10)
    yield _HEIC
    yield _file(rgb.convert("P"), "GIF", transparency=0, comment=b"nothing")
    yield _file(rgb.convert("P"), "BMP")
    yield _file(rgb, "BMP")
    yield _file(rgb, "TIFF", exif=exif, icc_profile=_srgb(), compression="jpeg")
    yield _file(rgb.convert("1"), "TIFF", compression="group4")
    for compression in (None, "packbits", "tiff_lzw", "tiff_adobe_deflate", "lzma", "zstd"):
        yield _file(rgb, "TIFF", compression=compression)


def _damaged() -> Iterator[bytes]:
    """What makes the codecs raise."""
    whole = next(samples())
    yield whole[: len(whole) * 2 // 3]
    yield _HEIC[:-8]


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _file(image: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()
