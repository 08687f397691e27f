"""Lines of text by PP-OCRv6, and what of them has the shape of a plate.

Both detectors look at the same lines: the last image's lines are kept, under a digest of its pixels, so that
asking for both costs one pass.
"""

from __future__ import annotations

import hashlib
import math
import threading

import numpy as np
from numpy.typing import NDArray

from gateway.detection import ppocr
from gateway.detection.boxes import Boxes, areas, clipped, no_boxes, normalised, suppressed
from gateway.detection.detector import Detector, Setting
from gateway.detection.fuse import FLOOR
from gateway.detection.looks import Pass, detections, scored, seen
from gateway.detection.passes import Pixels, Tile, bounded_scale
from gateway.detection.plates import whole_plates
from gateway.detection.runtime import Session, open_session
from policies.model import Detection, Kind

# The longer side at which a photo is looked at for text; small photos are at most doubled.
SIDE = 1280
LARGEST_SCALE = 2.0
# Lines: the operating point; the lowest score that is decoded.
OPERATING_POINT = 0.5
LEAST = 0.25
OVERLAP = 0.5
# Difference of the largest and smallest value of a channel, 0 to 255, below which nothing can be read.
CONTRAST = 6
# A plate's text: width over height; height in image pixels.
NARROWEST, WIDEST = 0.8, 4.5
LOWEST = 6.0
# How sure the text must be to be a plate's, by its share of the image's area: the network's score that
# becomes a normalised 0.5. What fills more of a photo is a poster or a sign.
SHARES = ((0.02, 0.5), (0.05, 0.6), (math.inf, 0.9))
# A plate is larger than its characters: added left and right, above and below, for squat and for wide lines.
SQUAT = (0.02, 0.12)
WIDE = (0.02, 0.05)


def text_scale(width: int, height: int) -> float:
    """The one scale at which a photo of this size is looked at."""
    return bounded_scale(min(SIDE / max(width, height), LARGEST_SCALE), width, height)


class TextLines:
    """The lines of an image, found once however many detectors ask."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._turn = threading.Lock()
        self._last: tuple[bytes, Boxes] = (b"", no_boxes())

    def of(self, pixels: Pixels) -> Boxes:
        """The lines in image pixels, with the network's own scores, best first. `pixels`: RGB uint8."""
        key = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).digest()
        with self._turn:
            if self._last[0] != key:
                self._last = (key, _lines(self._session, pixels))
            return self._last[1].copy()


_lines_of: dict[Session, TextLines] = {}
_lines_turn = threading.Lock()


def text_lines(setting: Setting) -> TextLines:
    """The process's lines for this setting. Raises MissingModel where the model's file is not there."""
    model = setting.models.read("ppocrv6-det")
    session = open_session(model, ppocr.PREPARATION, threads=setting.threads, precision=setting.precision)
    with _lines_turn:
        return _lines_of.setdefault(session, TextLines(session))


class TextDetector(Detector):
    """Lines of text, `ppocr`. Raises MissingModel when it is made and its file is not there."""

    name = "ppocr"
    kinds = frozenset({Kind.TEXT})
    models = ("ppocrv6-det",)

    def __init__(self, setting: Setting) -> None:
        self._lines = text_lines(setting)

    def detect(self, pixels: Pixels) -> list[Detection]:
        lines = scored(self._lines.of(pixels), Pass(1.0, ((math.inf, OPERATING_POINT),)), OVERLAP)
        return detections(lines, Kind.TEXT, self.name, pixels)


class PlateLikeText(Detector):
    """Plates, `ppocr-plates`: lines of a plate's shape. Raises MissingModel when it is made."""

    name = "ppocr-plates"
    kinds = frozenset({Kind.LICENSE_PLATE})
    models = ("ppocrv6-det",)

    def __init__(self, setting: Setting) -> None:
        self._lines = text_lines(setting)

    def detect(self, pixels: Pixels) -> list[Detection]:
        height, width = pixels.shape[:2]
        plates = clipped(plate_like(self._lines.of(pixels), width, height), width, height)
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


def _lines(session: Session, pixels: Pixels) -> Boxes:
    def see(tile: Tile) -> Boxes:
        (probability,) = session.run(tile.pixels)
        return ppocr.decode(probability[0], LEAST)

    height, width = pixels.shape[:2]
    scale = text_scale(width, height)
    return with_contrast(suppressed(seen(pixels, scale, see), OVERLAP), pixels)


def with_contrast(lines: Boxes, pixels: Pixels) -> Boxes:
    """The lines in which something can be seen at all. On an empty page the network marks the whole page."""
    kept = [int(np.ptp(_part(line, pixels), axis=(0, 1)).max()) >= CONTRAST for line in lines]
    return lines[np.array(kept, dtype=np.bool_)]


def _part(line: NDArray[np.float32], pixels: Pixels) -> Pixels:
    x0, y0 = np.floor(line[:2]).astype(int)
    x1, y1 = np.ceil(line[2:4]).astype(int)
    return pixels[y0:y1, x0:x1]
