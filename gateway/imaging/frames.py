"""Images of several frames: what is done to each frame, and the file of them all.

Whatever is hidden in one frame is hidden in all of them, at the same place. And it stands still there: what
a region shows is made from the first frame alone and shown in every other one. Many frames of one face, each
with cells of its own, would give more of it than the bound on a single picture allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from gateway.errors import OutputCheckFailed
from gateway.imaging import animated_webp, page_tiff
from gateway.imaging.check import check_hidden, check_output, decode_frames
from gateway.imaging.encode import encode
from gateway.imaging.image import DecodedImage, EncodedImage, ImageFormat, Pixels
from gateway.imaging.redact import apply
from gateway.imaging.structure import check_structure
from gateway.imaging.twin import twin
from policies.model import Plan, Redaction, RedactionMethod

Mask = NDArray[np.bool_]
"""Shape (height, width): which pixels are hidden."""


def hidden_frames(image: DecodedImage, first: Pixels, redactions: Sequence[Redaction]) -> Iterator[Pixels]:
    """Each frame with every region hidden, one after the other: only one of the later ones is held at a time.

    first: the first frame as `apply` wrote it with these redactions.
    """
    yield first
    if image.later:
        hidden = _hidden(first, redactions)
        yield from (_still(frame, first, hidden) for frame in image.later)


def encode_frames(frames: Iterable[Pixels], image: DecodedImage) -> EncodedImage:
    """The file of an image's frames, one or several: an animation becomes WebP, pages TIFF, without loss."""
    if not image.later:
        (only,) = frames
        return encode(only, image.format, lossless=image.lossless)
    if image.timing is not None:
        data = animated_webp.write(frames, image.timing)
        return EncodedImage(data, "image/webp", ".webp", ImageFormat.WEBP)
    return EncodedImage(page_tiff.write(frames), "image/tiff", ".tif", ImageFormat.TIFF)


def check_frames(encoded: EncodedImage, first: Pixels, image: DecodedImage, plan: Plan) -> None:
    """Is the file what was planned? Returns None, or raises OutputCheckFailed.

    first: the first frame as `apply` wrote it. Several frames are stored without loss, so each must show
    exactly its original outside the regions, and in them what the first frame shows.
    """
    if not image.later:
        check_output(encoded, first, image.pixels, plan)
        return
    check_structure(encoded.data, encoded.format)
    check_hidden(first, image.pixels, plan)
    hidden = _hidden(first, plan.redactions)
    for number, (shown, frame) in enumerate(zip_longest(decode_frames(encoded), image.frames)):
        if shown is None or frame is None or shown.shape != frame.shape:
            raise OutputCheckFailed(f"frame {number} is another's, or none's", code="check.geometry")
        if not np.array_equal(shown[hidden], first[hidden]):
            raise OutputCheckFailed(f"frame {number} shows what was to be hidden", code="check.region")
        if not np.array_equal(shown[~hidden], frame[~hidden]):
            raise OutputCheckFailed(f"frame {number} differs beside the regions", code="check.outside")


def twin_frames(
    image: DecodedImage, redactions: Sequence[Redaction], chance: np.random.Generator
) -> DecodedImage:
    """Another image that gives the same copy, see `twin`; in later frames what is hidden is free noise."""
    filled = [replace(each, method=RedactionMethod.FILL) for each in redactions]
    first = twin(image.pixels, redactions, chance)
    return replace(image, pixels=first, later=tuple(twin(frame, filled, chance) for frame in image.later))


def _still(frame: Pixels, first: Pixels, hidden: Mask) -> Pixels:
    shown = frame.copy()
    shown[hidden] = first[hidden]
    return shown


def _hidden(pixels: Pixels, redactions: Sequence[Redaction]) -> Mask:
    """What redactions hide in an image of this shape, as a fill shows it: black and white become the same."""
    filled = [replace(each, method=RedactionMethod.FILL) for each in redactions]
    black, white = np.zeros_like(pixels), np.full_like(pixels, 255)
    same: Mask = (apply(black, filled) == apply(white, filled)).all(axis=2)
    return same
