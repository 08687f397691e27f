"""One decoded image, whatever its colour model, to RGB in sRGB on white: strip by strip.

Strips keep the memory at one decoded image plus the result. What is dropped on purpose: alpha (the picture is
flattened onto white, so colour beneath fully transparent pixels does not survive), the ICC profile (applied
first), the lower bits of samples of more than 8 (the full range is scaled, not a part of it: no window is
guessed into medical or scientific greys), gamma and chromaticity chunks of PNG (viewers differ on them).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from gateway.imaging.image import Pixels
from gateway.imaging.refusals import Refused

_STRIP_PIXELS: Final = 1 << 16  # 256 KB of Pillow's four bytes a pixel: cached, and from the heap, see child

# Differences up to this many levels on the probe colours count as "the profile is sRGB": most photos carry an
# sRGB profile, and lcms moves its values by one or two through rounding.
_SAME_AS_SRGB: Final = 2

ColourKey = int | tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Rendering:
    """How the pixels of one image become sRGB.

    key: the colour that PNG declares transparent, in the scale of the decoded samples; None without one.
    transform: from the embedded profile to sRGB; None where there is none or it is sRGB already.
    bits: that a grey sample of Pillow's 16 has; the upper eight are shown. negative: of such samples 0 is
    white; of all others Pillow has turned it.
    """

    key: ColourKey | None
    transform: ImageCms.ImageCmsTransform | None
    bits: int = 16
    negative: bool = False


def rgb_strips(image: Image.Image, rendering: Rendering) -> Iterator[tuple[int, Pixels]]:
    """(first row, RGB pixels) of a loaded image, top to bottom. Raises Refused for unknown colour models."""
    rows = max(1, _STRIP_PIXELS // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        yield top, np.asarray(_on_white(strip, rendering))


def profile_transform(profile: object, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The transform from an embedded ICC profile to sRGB for images of this mode.

    None without a profile, for one that is sRGB in effect, and for one that is broken or made for another
    colour model: colours then stay as if they were sRGB. That errs in tint only, identifies nobody, and is
    what browsers do.
    """
    if not isinstance(profile, bytes) or not profile:
        return None
    source = _profile_mode(mode)
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            source,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return None if source == "RGB" and _is_identity(transform) else transform


def _profile_mode(mode: str) -> str:
    """The model that the samples have when the profile is applied."""
    if mode == "CMYK":
        return "CMYK"
    return "L" if mode in ("1", "L", "LA", "La", "I;16") else "RGB"


def _is_identity(transform: ImageCms.ImageCmsTransform) -> bool:
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(9, 81, 3)
    changed = np.asarray(transform.apply(Image.fromarray(cube)))
    return int(np.abs(changed.astype(np.int16) - cube).max()) <= _SAME_AS_SRGB


def _on_white(strip: Image.Image, rendering: Rendering) -> Image.Image:
    colour, alpha = _split(strip, rendering)
    if rendering.transform is not None:
        rgb = rendering.transform.apply(colour)
    else:
        rgb = colour if colour.mode == "RGB" else colour.convert("RGB")
    if alpha is None:
        return rgb
    white = Image.new("RGB", strip.size, (255, 255, 255))
    white.paste(rgb, mask=alpha)  # exact at both ends: alpha 0 leaves pure white, 255 the pure colour
    return white


def _split(strip: Image.Image, rendering: Rendering) -> tuple[Image.Image, Image.Image | None]:
    """The strip's colour as L, RGB or CMYK, and its alpha as L or None."""
    key = rendering.key
    match strip.mode:
        case "RGB" | "L" | "CMYK":
            return strip, _keyed(strip, key)
        case "1":
            grey = strip.convert("L")
            return grey, _keyed(grey, key)
        case "I;16" | "I;16L" | "I;16B":
            upper = (np.asarray(strip) >> (rendering.bits - 8)).astype(np.uint8)
            return Image.fromarray(~upper if rendering.negative else upper), _keyed(strip, key)
        case "YCbCr":
            return strip.convert("RGB"), None
        case "P" | "PA":
            return _split_alpha(strip.convert("RGBA"))
        case "LA" | "RGBA":
            return _split_alpha(strip)
        case "La" | "RGBa":  # colour already multiplied by alpha
            return _split_alpha(strip.convert(strip.mode.upper()))
        case _:
            raise Refused("format.colours")


def _split_alpha(strip: Image.Image) -> tuple[Image.Image, Image.Image]:
    return strip.convert("L" if strip.mode == "LA" else "RGB"), strip.getchannel("A")


def _keyed(strip: Image.Image, key: ColourKey | None) -> Image.Image | None:
    """The alpha of an image in which one colour is declared transparent."""
    if key is None:
        return None
    samples: NDArray[np.generic] = np.asarray(strip)
    same = samples == np.asarray(key)
    if same.ndim == 3:
        same = same.all(axis=2)
    return Image.fromarray(np.where(same, 0, 255).astype(np.uint8))
