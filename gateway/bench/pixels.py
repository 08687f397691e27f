"""An image file as anybody would open it: upright, in RGB. Not by the product's own decoder."""

from __future__ import annotations

import io
import itertools
import warnings
from pathlib import Path

import numpy as np
import pi_heif
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

Pixels = NDArray[np.uint8]
"""uint8 (height, width, 3), RGB, EXIF orientation applied."""


class NotComparable(Exception):
    """There is nothing to compare: a file that does not open, or two images of different sizes."""


def load_pair(before: Path, after: Path) -> tuple[Pixels, Pixels]:
    """The pixels of an input and of what was made of it. Raises NotComparable.

    Whoever writes the output may have applied the input's colour profile or have dropped it: of all readings
    those two are taken that lie closest together.
    """
    pairs = [
        (one, other)
        for one, other in itertools.product(readings(before), readings(after))
        if one.shape == other.shape
    ]
    if not pairs:
        raise NotComparable("the two images differ in size")
    return min(pairs, key=_distance) if len(pairs) > 1 else pairs[0]


def readings(path: Path) -> list[Pixels]:
    """The pixels as they stand in the file; where it has a colour profile, also those converted to sRGB.

    Raises NotComparable when the file does not open.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged metadata, which plays no part here
            return _read(path)
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError) as exc:
        raise NotComparable(f"{path.name} does not open ({type(exc).__name__})") from exc


def _read(path: Path) -> list[Pixels]:
    data = path.read_bytes()
    with _opened(data) as image:
        upright = ImageOps.exif_transpose(image)
        found = [np.asarray(upright.convert("RGB"))]
        if profile := image.info.get("icc_profile"):
            converted = _in_srgb(upright, profile)
            found += [] if converted is None else [np.asarray(converted)]
    return found


def _opened(data: bytes) -> Image.Image:
    if pi_heif.is_supported(data[:64]):
        heif: Image.Image = pi_heif.read_heif(data).to_pillow()
        heif.getexif().pop(0x0112, None)  # libheif has turned it upright
        return heif
    return Image.open(io.BytesIO(data))


def _in_srgb(upright: Image.Image, profile: bytes) -> Image.Image | None:
    """None where the profile is broken or made for another colour model."""
    source = upright if upright.mode in ("RGB", "CMYK", "L") else upright.convert("RGB")
    try:
        return ImageCms.profileToProfile(
            source,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _distance(pair: tuple[Pixels, Pixels]) -> int:
    return int(np.abs(pair[0].astype(np.int16) - pair[1]).sum(dtype=np.int64))
