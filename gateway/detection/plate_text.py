"""Plates by their characters: lines of text of a plate's shape, and pairs of lines that stand like a plate's.

A network that was trained on plates knows the shapes it was trained on; characters are characters anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from gateway.detection.agreement import agreed
from gateway.detection.boxes import Boxes, areas, clipped, no_boxes, normalised, stacked, with_reach
from gateway.detection.detector import Detector, Setting
from gateway.detection.fuse import FLOOR
from gateway.detection.looks import detections
from gateway.detection.passes import Pixels
from gateway.detection.plates import whole_plates
from gateway.detection.text import SIDE, text_lines, text_scale
from policies.model import Detection, Effort, Kind

# The longer sides at which a photo is looked at.
SIDES: Final = {Effort.FAST: (SIDE,), Effort.THOROUGH: (SIDE, 1920)}
# By how much each further look raises the joined score that becomes a normalised 0.5: with two looks chance
# agrees more often than with one.
FURTHER_LOOK = 0.12
# Small photos are not enlarged without end, so that two sides can come to nearly one look: one that is not so
# much larger than the last is left out. It would agree with itself.
LARGER = 1.15
# A plate's text: width over height; height in image pixels.
NARROWEST, WIDEST = 0.8, 4.5
LOWEST = 6.0
# How sure the text must be to be a plate's, by its share of the image's area: the network's score that
# becomes a normalised 0.5. What fills more of a photo is a poster or a sign.
SHARES = ((0.02, 0.5), (0.05, 0.6), (math.inf, 0.9))
# A plate is larger than its characters: added left and right, above and below, for squat and for wide lines.
SQUAT = (0.02, 0.12)
WIDE = (0.02, 0.05)
OVERLAP = 0.4
# Two lines are one plate's: normalised scores from which they count; the share of the wider one that stands
# above or below the other; the gap between them, in heights of the flatter one; heights at most so unlike;
# width over height of the two together. What the pair scores, of its better line.
PAIR_FROM = 0.45
PAIR_OVER = 0.5
PAIR_GAP = 0.6
PAIR_HEIGHTS = 2.0
PAIR_NARROWEST, PAIR_WIDEST = 0.6, 3.0
PAIR_SCORE = 0.95


class PlateLikeText(Detector):
    """Plates, `ppocr-plates`: lines of a plate's shape. Raises MissingModel when it is made."""

    name = "ppocr-plates"
    kinds = frozenset({Kind.LICENSE_PLATE})
    models = ("ppocrv6-det",)

    def __init__(self, setting: Setting) -> None:
        self._lines = text_lines(setting)
        self._sides = SIDES[setting.effort]

    def detect(self, pixels: Pixels) -> list[Detection]:
        looks = [boxes for _, boxes in self.looks(pixels)]
        return self.joined(looks, [paired(look) for look in looks], pixels)

    def looks(self, pixels: Pixels) -> Iterator[tuple[str, Boxes]]:
        """The plate-like lines of each look, by the look's name, as it is taken."""
        height, width = pixels.shape[:2]
        last = 0.0
        for side in self._sides:
            if (scale := text_scale(width, height, side)) >= last * LARGER:
                last = scale
                yield f"text {side}", plate_like(self._lines.of(pixels, side), width, height)

    def joined(self, looks: Sequence[Boxes], pairs: Sequence[Boxes], pixels: Pixels) -> list[Detection]:
        """What looks at these pixels come to together, and the pairs of lines that they saw."""
        height, width = pixels.shape[:2]
        boxes = agreed([with_reach(look) for look in looks], OVERLAP)
        point = 0.5 + FURTHER_LOOK * (len(looks) - 1)
        boxes[:, 4] = normalised(boxes[:, 4], np.full(len(boxes), point, dtype=np.float32))
        plates = clipped(stacked([boxes[boxes[:, 4] >= FLOOR], *map(with_reach, pairs)]), width, height)
        return detections(plates, Kind.LICENSE_PLATE, self.name, pixels)


def plate_like(lines: Boxes, width: int, height: int) -> Boxes:
    """The lines that could be a plate's, grown to the plate, their scores normalised anew.

    lines: with the network's own scores; width, height: of the image, pixels.
    """
    across, along = lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1]
    shaped = (across >= NARROWEST * along) & (across <= WIDEST * along) & (along >= LOWEST)
    chosen = lines[shaped].copy()
    limits = np.array([limit for limit, _ in SHARES[:-1]], dtype=np.float32)
    points = np.array([point for _, point in SHARES], dtype=np.float32)
    share = areas(chosen) / (width * height)
    chosen[:, 4] = normalised(chosen[:, 4], points[np.searchsorted(limits, share, side="right")])
    return whole_plates(chosen[chosen[:, 4] >= FLOOR], SQUAT, WIDE)


def paired(plates: Boxes) -> Boxes:
    """What two plate-like lines, one above the other, make together: the plate of a motorcycle or a lorry."""
    sure = plates[plates[:, 4] >= PAIR_FROM]
    upper, lower = np.nonzero(_stand_together(sure))
    if not len(upper):
        return no_boxes()
    one, other = sure[upper], sure[lower]
    low, high = np.minimum(one, other), np.maximum(one, other)
    pairs = np.column_stack([low[:, :2], high[:, 2:4], high[:, 4] * PAIR_SCORE])
    ratio = (pairs[:, 2] - pairs[:, 0]) / (pairs[:, 3] - pairs[:, 1])
    shaped = (ratio >= PAIR_NARROWEST) & (ratio <= PAIR_WIDEST)
    return np.asarray(pairs[shaped], dtype=np.float32)


def _stand_together(boxes: Boxes) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """(n, n): whether the row's box stands right above the column's, as two lines of one plate do."""
    x0, y0, x1, y1 = boxes[:, :4].T
    across, along = x1 - x0, y1 - y0
    shared = np.minimum.outer(x1, x1) - np.maximum.outer(x0, x0)
    gap = y0[None, :] - y1[:, None]
    lower, higher = np.minimum.outer(along, along), np.maximum.outer(along, along)
    above = (y0[:, None] < y0[None, :]) & (y1[:, None] < y1[None, :])
    near = (gap <= PAIR_GAP * lower) & (higher <= PAIR_HEIGHTS * lower)
    return np.asarray(above & near & (shared >= PAIR_OVER * np.maximum.outer(across, across)))
