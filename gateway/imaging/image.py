"""The values of this room: image formats, decoded and encoded images, limits."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""uint8, shape (height, width, 3), RGB in sRGB, as a person sees the image (orientation applied)."""


MOST_FRAMES = 5_000
"""That a site may allow: the durations of so many fit into one message of the decoder's."""

MAX_MILLISECONDS = (1 << 24) - 1
"""Of one frame: WebP has 24 bits for it."""

MAX_PLAY = (1 << 31) - 1
"""Milliseconds of all frames together, 25 days: codecs count them in 32 bits."""
RATIO_FROM: Final = 25_000_000
"""Pixels up to which a file may unfold as far as it likes: what that costs is small, and a flat page of 20
megapixels is 800 bytes of lossless WebP (DECODING.md).
"""


class ImageFormat(StrEnum):
    """The formats that are taken."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"
    AVIF = "avif"
    TIFF = "tiff"
    GIF = "gif"
    BMP = "bmp"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one decode may cost.

    max_bytes: size of the file. max_pixels: width times height, of all frames together. max_side: width or
    height in pixels. timeout: seconds on the clock. memory: address space of the decoder process in bytes;
    the default holds the largest image of the default max_pixels in every format with room to spare
    (bench_decode measures it). max_aspect: the longer side by the shorter. max_ratio: bytes of pixels by
    bytes of the file, for images of more than RATIO_FROM pixels. max_parts, max_depth: see `nesting`.
    max_frames: of an animation, or pages. DECODING.md says why each is what it is.
    """

    max_bytes: int = 100_000_000
    max_pixels: int = 100_000_000
    max_side: int = 32_768
    timeout: float = 20.0
    memory: int = 2 * 1024**3
    max_aspect: int = 200
    max_ratio: int = 5_000
    max_parts: int = 10_000
    max_depth: int = 16
    max_frames: int = 500

    def __post_init__(self) -> None:
        if min(astuple(self)) <= 0 or min(self.max_bytes, self.max_pixels, self.max_side, self.memory) < 1:
            raise ValueError(f"limits are positive numbers: {self}")
        if self.max_frames > MOST_FRAMES:
            raise ValueError(f"no more than {MOST_FRAMES} frames")


@dataclass(frozen=True, slots=True)
class Timing:
    """How an animation plays. milliseconds: of each frame. plays: how often, 0 for ever."""

    milliseconds: tuple[int, ...]
    plays: int


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a file whose pixels are decoded. words: see DecodedImage, with spaces between.

    frames: how many, all of one size. timing: of an animation; several frames without are pages.
    """

    format: ImageFormat
    lossless: bool
    words: str = field(default="", repr=False)
    frames: int = 1
    timing: Timing | None = None


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """Bare pixels and what must be remembered of the file they came from.

    pixels: see Pixels; of the first frame; C-contiguous, owned by the caller. lossless: the file held exactly
    these pixels (PNG, TIFF, GIF, BMP, lossless WebP), so the copy shall be written without loss too.
    words: of the file's header, in which a person may be named, lower case; kept out of every `repr`.
    later: the frames after the first, of the same size. timing: of an animation; None for pages.
    """

    pixels: Pixels
    format: ImageFormat
    lossless: bool
    words: frozenset[str] = field(default=frozenset(), repr=False)
    later: tuple[Pixels, ...] = field(default=(), repr=False)
    timing: Timing | None = None

    @classmethod
    def of(cls, tall: Pixels, facts: FileFacts) -> DecodedImage:
        """From frames that lie one below the other, shape (frames * height, width, 3)."""
        words = frozenset(facts.words.split())
        height = tall.shape[0] // facts.frames
        first, *later = (tall[height * n : height * (n + 1)] for n in range(facts.frames))
        pixels = tall if facts.frames == 1 else first
        return cls(pixels, facts.format, facts.lossless, words, tuple(later), facts.timing)

    @property
    def frames(self) -> tuple[Pixels, ...]:
        return self.pixels, *self.later


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """A fresh file made of pixels only. suffix: with the dot, such as ".jpg"."""

    data: bytes
    media_type: str
    suffix: str
    format: ImageFormat


def check_pixels(pixels: Pixels) -> None:
    """Raises ValueError unless the array is uint8 of shape (height, width, 3) with at least one pixel."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise ValueError(f"pixels are uint8 (height, width, 3), not {pixels.dtype} {pixels.shape}")
