"""Is the encoded file what was planned? Asked of the bytes that will be delivered, not of the intent.

(1) structure: the file holds pixels and nothing else, and ends where the image ends     check.metadata
(2) it decodes, to the planned geometry                                                  check.geometry
(3) what `apply` wrote is really hidden: fills constant, blurs and mosaics within bounds  check.region
(4) every region of the file shows that, within the codec's loss                         check.region
(5) nothing outside the regions differs from the original beyond the codec's loss        check.outside

The file is our own encoder's, so it is decoded in this process.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, assert_never

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from gateway.errors import OutputCheckFailed
from gateway.imaging import redact
from gateway.imaging.image import EncodedImage, ImageFormat, Pixels
from gateway.imaging.strokes import visible_strokes
from gateway.imaging.structure import check_structure, is_lossless
from policies.model import Plan, Redaction, RedactionMethod

Difference = NDArray[np.integer[Any] | np.floating[Any]]
"""Non-negative, shape (height, width) or (height, width, channels)."""


class Tolerance(NamedTuple):
    """What a codec may lose, in levels of 0 to 255: the worst value, and the mean."""

    worst: float
    mean: float


class Measure(NamedTuple):
    """One way in which a copy may differ from what it should be: how it is measured, what is allowed.

    difference: (copy, wanted), both (height, width, 3) -> Difference.
    outlined: within an ellipse or a polygon, whose edge runs through the codec's blocks.
    """

    difference: Callable[[Pixels, Pixels], Difference]
    inside: Tolerance
    outside: Tolerance
    outlined: Tolerance


def _by_pixel(shown: Pixels, wanted: Pixels) -> Difference:
    return cv2.absdiff(shown, wanted)


def _by_luma(shown: Pixels, wanted: Pixels) -> Difference:
    return cv2.absdiff(_luma(shown), _luma(wanted))


def _by_mean_luma(shown: Pixels, wanted: Pixels) -> Difference:
    return _mean_difference(_luma(shown), _luma(wanted))


def _by_mean_colour(shown: Pixels, wanted: Pixels) -> Difference:
    return _mean_difference(shown, wanted)


def _luma(pixels: Pixels) -> Pixels:
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)


def _mean_difference(shown: Pixels, wanted: Pixels) -> Difference:
    """Signed differences averaged over 8 x 8 pixels: codec loss cancels out, a change stays."""
    difference = cv2.subtract(shown, wanted, dtype=cv2.CV_16S)
    mean = cv2.blur(difference, (redact.BLOCK, redact.BLOCK), borderType=cv2.BORDER_REPLICATE)
    return np.abs(mean)


# Measured on noise, checkerboards, stripes and edges of saturated colours, and on 40 bench photos, with
# random regions of every kind and method; then half as much again. Worst and mean, inside and outside:
# JPEG 95 4:4:4    by pixel        22 / 3.6    27 / 3.2     (photos 18 / 0.68 and 19 / 0.91)
#                  by mean luma     1 / 0.10    1 / 0.91    (photos 0 and 1 / 0.01)
# WebP 95          by luma         18 / 1.15   43 / 4.4     (photos 6 / 1.02 and 18 / 1.05)
#                  by mean luma     4 / 1.66    8 / 5.5     (photos 2 / 1.00 and 4 / 0.20)
#                  by mean colour  57 / 8.2   113 / 14.1    (photos 8 / 1.05 and 10 / 0.35)
# Within outlines, on the same pictures (random ellipses and polygons): JPEG by pixel 29 / 3.4, by mean luma
# 1 / 0.12; WebP by luma 12 / 1.2, by mean luma 5 / 2.2, by mean colour 43 / 4.1. Outside no more than above.
# Mean luma finds the faint change, the others the small one. Lossy WebP halves the resolution of colour
# (4:2:0), so single pixels of it cannot be compared by colour.
_EXACT: Final = (Measure(_by_pixel, Tolerance(0, 0), Tolerance(0, 0), Tolerance(0, 0)),)
_JPEG: Final = (
    Measure(_by_pixel, Tolerance(28, 5.4), Tolerance(34, 5), Tolerance(44, 5.4)),
    Measure(_by_mean_luma, Tolerance(3, 1.5), Tolerance(3, 1.5), Tolerance(3, 1.5)),
)
_WEBP: Final = (
    Measure(_by_luma, Tolerance(28, 2.5), Tolerance(64, 7), Tolerance(28, 2.5)),
    Measure(_by_mean_luma, Tolerance(6, 2.5), Tolerance(12, 8), Tolerance(8, 3.4)),
    Measure(_by_mean_colour, Tolerance(84, 12.5), Tolerance(170, 21), Tolerance(84, 12.5)),
)


def check_output(encoded: EncodedImage, expected: Pixels, original: Pixels, plan: Plan) -> None:
    """Returns None, or raises OutputCheckFailed with the code of the first check that fails.

    expected: the pixels as `apply` wrote them; original: before; plan: as `make_plan` leaves it.
    """
    check_structure(encoded.data, encoded.format)  # (1)
    shown = _decode(encoded)  # (2)
    if not shown.shape == expected.shape == original.shape:
        raise OutputCheckFailed(
            f"a copy of {shown.shape}, redacted {expected.shape}, original {original.shape}",
            code="check.geometry",
        )
    strokes = visible_strokes(plan.redactions)
    _check_hidden(expected, original, plan, strokes)  # (3)
    wanted = original.copy()
    for stroke in strokes:
        hidden = _hidden(stroke)
        redact.view(wanted, stroke.region)[hidden] = redact.view(expected, stroke.region)[hidden]
    for measure in _measures(encoded):
        difference = measure.difference(shown, wanted)
        _check_regions(difference, strokes, measure)  # (4)
        _check_outside(difference, strokes, measure.outside)  # (5)


def check_hidden(expected: Pixels, original: Pixels, plan: Plan) -> None:
    """Check (3) alone, of pixels that `apply` wrote. Returns None, or raises OutputCheckFailed."""
    _check_hidden(expected, original, plan, visible_strokes(plan.redactions))


def decode_frames(encoded: EncodedImage) -> Iterator[Pixels]:
    """The frames of a file of ours, one or several, each an array of its own. Raises OutputCheckFailed."""
    try:
        image = _opened(encoded)
        for place in range(getattr(image, "n_frames", 1)):
            image.seek(place)
            pixels: Pixels = np.asarray(image)
            if image.mode != "RGB":
                raise OutputCheckFailed(f"the copy is {image.mode}, not RGB", code="check.geometry")
            yield pixels
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as exc:
        raise OutputCheckFailed("the copy does not decode", code="check.geometry") from exc


def _decode(encoded: EncodedImage) -> Pixels:
    pixels, *others = decode_frames(encoded)
    if others:
        raise OutputCheckFailed("the copy has several frames", code="check.geometry")
    return pixels


def _opened(encoded: EncodedImage) -> Image.Image:
    """Called by name, without Image.open: no other codec, and no warning about large images."""
    file = io.BytesIO(encoded.data)
    match encoded.format:
        case ImageFormat.JPEG:
            return JpegImagePlugin.JpegImageFile(file)
        case ImageFormat.PNG:
            return PngImagePlugin.PngImageFile(file)
        case ImageFormat.WEBP:
            return WebPImagePlugin.WebPImageFile(file)
        case ImageFormat.TIFF:
            return TiffImagePlugin.TiffImageFile(file)
        case ImageFormat.HEIC | ImageFormat.AVIF | ImageFormat.GIF | ImageFormat.BMP:
            raise OutputCheckFailed(f"{encoded.format} is never written", code="check.metadata")
        case _:
            assert_never(encoded.format)


def _measures(encoded: EncodedImage) -> tuple[Measure, ...]:
    if is_lossless(encoded.data, encoded.format):
        return _EXACT
    return _WEBP if encoded.format is ImageFormat.WEBP else _JPEG


def _check_hidden(expected: Pixels, original: Pixels, plan: Plan, strokes: Sequence[Redaction]) -> None:
    """Each region against its promise, without trusting that `apply` ran.

    A blur that a later stroke partly covers no longer shows whole cells; for such plans the whole painting
    is done once more and compared.
    """
    repaint = False
    corners = np.array([(s.region.x0, s.region.y0, s.region.x1, s.region.y1) for s in strokes])
    for number, stroke in enumerate(strokes):
        region = redact.view(expected, stroke.region)
        later = [
            strokes[number + 1 + int(each)] for each in _overlapping(corners[number], corners[number + 1 :])
        ]
        mask = None if stroke.outline is None else redact.mask_of(stroke)
        if stroke.method is RedactionMethod.FILL:
            inside = _hidden(stroke)
            hidden = np.array_equal(region[inside], _fill(stroke, later)[inside])
        elif later:
            hidden = repaint = True
        else:
            hidden = redact.is_bounded(region, stroke.kind, stroke.method, mask)
        if not hidden:
            raise OutputCheckFailed(f"a {stroke.kind} was not hidden as planned", code="check.region")
    if repaint and not np.array_equal(redact.apply(original, plan.redactions), expected):
        raise OutputCheckFailed("overlapping regions were not hidden as planned", code="check.region")


def _overlapping(one: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """The indices of the regions that overlap `one`; (4,) and (n, 4), corners x0, y0, x1, y1."""
    low, high = np.maximum(others[:, :2], one[:2]), np.minimum(others[:, 2:], one[2:])
    return np.flatnonzero((low < high).all(axis=1))


def _fill(stroke: Redaction, later: Sequence[Redaction]) -> Pixels:
    """What a filled region shows: its own colour, and where later fills overlap it, theirs."""
    region = stroke.region
    colours = np.full((region.height, region.width, 3), redact.FILL_COLOURS[stroke.kind], dtype=np.uint8)
    for each in later:
        top, left = max(each.region.y0 - region.y0, 0), max(each.region.x0 - region.x0, 0)
        bottom, right = each.region.y1 - region.y0, each.region.x1 - region.x0
        over = colours[top:bottom, left:right]
        if each.outline is None:
            over[:] = redact.FILL_COLOURS[each.kind]
        else:
            y, x = region.y0 + top - each.region.y0, region.x0 + left - each.region.x0
            shared = redact.mask_of(each)[y : y + over.shape[0], x : x + over.shape[1]]
            over[shared] = redact.FILL_COLOURS[each.kind]
    return colours


def _hidden(stroke: Redaction) -> Any:
    """The index of what a stroke hides, among the pixels of its region."""
    return ... if stroke.outline is None else redact.mask_of(stroke)


def _check_regions(difference: Difference, strokes: Sequence[Redaction], measure: Measure) -> None:
    for stroke in strokes:
        allowed = measure.inside if stroke.outline is None else measure.outlined
        if not _within(_only(redact.view(difference, stroke.region), stroke), stroke.pixels, allowed):
            raise OutputCheckFailed(
                f"the copy does not show a {stroke.kind} as it was hidden", code="check.region"
            )


def _check_outside(difference: Difference, strokes: Sequence[Redaction], allowed: Tolerance) -> None:
    outside = np.ones(difference.shape[:2], dtype=np.uint8)
    for stroke in strokes:
        hidden = _hidden(stroke)
        redact.view(difference, stroke.region)[hidden] = 0
        redact.view(outside, stroke.region)[hidden] = 0
    if not _within(difference, cv2.countNonZero(outside), allowed):
        raise OutputCheckFailed(
            "the copy differs from the original outside the regions", code="check.outside"
        )


def _within(difference: Difference, pixels: int, allowed: Tolerance) -> bool:
    """Whether no value exceeds the worst, nor their mean over so many pixels the mean."""
    channels = 1 if difference.ndim == 2 else difference.shape[2]
    total = math.fsum(cv2.sumElems(difference))
    return bool(difference.max() <= allowed.worst) and total <= allowed.mean * channels * pixels


def _only(difference: Difference, stroke: Redaction) -> Difference:
    """What of a region's difference lies within the stroke's outline; 0 elsewhere."""
    if stroke.outline is None:
        return difference
    within = redact.mask_of(stroke)
    return np.where(within if difference.ndim == 2 else within[..., None], difference, 0)
