"""Sound files to begin from, made here: small, and between them every path of the decoder."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import ExifTags, Image, ImageCms

from gateway.imaging.warm_up import samples
from tests.gateway.imaging.heif_files import BRANDS
from tests.gateway.imaging.rich_files import phone_file
from tests.gateway.imaging.samples import DATA, scene


@cache
def images() -> tuple[bytes, ...]:
    """Whole files, each of some kilobytes. Formats that are refused are among them: their names are read."""
    return (*samples(), *_heif(), *_plain(), *_several())


def _heif() -> Iterator[bytes]:
    for path in sorted(DATA.glob("*.heic")):
        yield path.read_bytes()
    for kind in BRANDS:
        yield phone_file(kind)


def _plain() -> Iterator[bytes]:
    picture = Image.fromarray(scene(48, 40))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 3
    exif[ExifTags.Base.ImageDescription] = "nobody in particular"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0nothing"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    kept: dict[str, object] = {"exif": exif, "icc_profile": profile}
    for name in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        yield saved([picture], name, **kept)
    for name in ("GIF", "BMP"):
        yield saved([picture], name)
    yield saved([picture], "TIFF", compression="tiff_lzw")
    yield saved([picture], "TIFF", compression="jpeg")
    yield saved([Image.fromarray(np.zeros((16, 16), np.uint16))], "TIFF", compression="tiff_adobe_deflate")


def _several() -> Iterator[bytes]:
    frames = [Image.fromarray(scene(24, 20, seed)) for seed in range(3)]
    for name in ("GIF", "PNG", "WEBP", "TIFF"):
        yield saved(frames, name)


def saved(frames: list[Image.Image], name: str, **options: object) -> bytes:
    file = io.BytesIO()
    more = {"save_all": True, "append_images": frames[1:]} if len(frames) > 1 else {}
    frames[0].save(file, name, **more, **options)
    return file.getvalue()
