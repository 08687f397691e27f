"""PP-OCRv6 text detection: a probability a pixel, from which lines are cut out (differentiable binarization).

Input BGR, scaled to -1 to 1. The last sigmoid is cut off: over a whole map it took a tenth of the network's
time, and it is needed only inside the lines. What is left are logits. The network marks the core of a line;
the line itself is that core pushed outwards by area x UNCLIP / perimeter.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from gateway.detection.boxes import Boxes, Crowded
from gateway.detection.runtime import Preparation

PREPARATION = Preparation(bgr=True, mean=(127.5, 127.5, 127.5), scale=127.5, outputs=1, logits=True)
# A pixel belongs to a core from the probability 0.3 on (as published with the network): its logit.
CORE = math.log(0.3 / 0.7)
# How far a core is pushed outwards, in units of its area over its perimeter (as published: 1.6).
UNCLIP = 1.6
# Cores thinner than this, in map pixels, are noise.
THINNEST = 3.0
# Cores in one map, the thin ones too: each takes some 50 µs.
MOST_CORES = 50_000


def decode(logits: NDArray[np.float32], least: float) -> Boxes:
    """The axis-aligned boxes of the lines that score `least` or more, in map pixels; see `tilted`."""
    return tilted(logits, least)[:, :5]


def tilted(logits: NDArray[np.float32], least: float) -> Boxes:
    """The same, each with eight columns more: the corners of the tilted rectangle, x and y in turn.

    logits: (h, w), of the probability that a pixel belongs to a line. A line's score is the mean probability
    over its core's tilted rectangle.
    Raises Crowded for more cores than MOST_CORES.
    """
    mask = cv2.dilate((logits > CORE).astype(np.uint8), np.ones((2, 2), dtype=np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    if len(contours) > MOST_CORES:
        raise Crowded
    found = [box for contour in contours if (box := _line(logits, contour, least)) is not None]
    return np.array(found, dtype=np.float32) if found else np.zeros((0, 13), dtype=np.float32)


def _line(logits: NDArray[np.float32], contour: MatLike, least: float) -> list[float] | None:
    """The box, score and corners of one core, or None where it is too thin or too weak."""
    centre, (width, height), angle = cv2.minAreaRect(contour)
    if min(width, height) < THINNEST:
        return None
    score = _mean_within(logits, cv2.boxPoints((centre, (width, height), angle)))
    if score < least:
        return None
    margin = width * height * UNCLIP / (2 * (width + height))
    corners = cv2.boxPoints((centre, (width + 2 * margin, height + 2 * margin), angle))
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    return [float(x0), float(y0), float(x1), float(y1), score, *corners.ravel().tolist()]


def _mean_within(logits: NDArray[np.float32], corners: MatLike) -> float:
    """The mean probability over a convex polygon, (4, 2) x and y."""
    height, width = logits.shape
    low = np.clip(np.floor(corners.min(axis=0)).astype(int), 0, [width - 1, height - 1])
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int), 0, [width - 1, height - 1])
    mask = np.zeros((high[1] - low[1] + 1, high[0] - low[0] + 1), dtype=np.uint8)
    cv2.fillPoly(mask, [np.round(corners - low).astype(np.int32)], 1)
    inside = logits[low[1] : high[1] + 1, low[0] : high[0] + 1][mask > 0]
    return float((1 / (1 + np.exp(-inside))).mean()) if len(inside) else 0.0
