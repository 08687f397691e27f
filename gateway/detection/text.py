"""Lines of text by PP-OCRv6.

More than one detector looks at them: the lines of an image that cannot be written to are kept as long as its
array lives, so that the second who asks for the same look has them for nothing.
"""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gateway.detection import ppocr
from gateway.detection.boxes import Boxes, suppressed, with_reach
from gateway.detection.detector import Detector, Setting
from gateway.detection.looks import Pass, detections, scored, seen
from gateway.detection.passes import Pixels, Tile, bounded_scale
from gateway.detection.runtime import Session, open_session
from gateway.detection.tilted import without_doubt
from policies.model import Detection, Kind

# The longer side at which a photo is looked at for text; small photos are enlarged no more than this.
SIDE = 1280
LARGEST_SCALE = 3.1
# Lines: the operating point; the lowest score that is decoded.
OPERATING_POINT = 0.5
LEAST = 0.25
OVERLAP = 0.5
# Difference of the largest and smallest value of a channel, 0 to 255, below which nothing can be read.
CONTRAST = 6


def text_scale(width: int, height: int, side: int = SIDE) -> float:
    """The scale at which the longer side of a photo of this size has `side` pixels, or as near as may be."""
    return bounded_scale(min(side / max(width, height), LARGEST_SCALE), width, height)


class TextLines:
    """The lines of an image, found once however many detectors ask.

    An image is known by its array, which costs nothing (a digest of the pixels took 1.7 ms a megapixel, each
    time). That holds for one that is read-only, as `DetectorSet` makes it for each image; of any other the
    lines are found anew.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._turn = threading.Lock()
        self._image: Callable[[], Pixels | None] = lambda: None
        self._looks: dict[float, Boxes] = {}

    def of(self, pixels: Pixels, side: int = SIDE) -> Boxes:
        """The lines in image pixels, with the network's own scores, best first.

        pixels: RGB uint8. side: of the look, see `text_scale`.
        """
        return self.tilted_of(pixels, side)[:, :5].copy()

    def tilted_of(self, pixels: Pixels, side: int = SIDE) -> Boxes:
        """The same, with the corners of those that are tilted."""
        scale = text_scale(pixels.shape[1], pixels.shape[0], side)
        with self._turn:
            if pixels.flags.writeable or self._image() is not pixels:
                self._image, self._looks = weakref.ref(pixels), {}
            if scale not in self._looks:
                self._looks[scale] = _lines(self._session, pixels, scale)
            return self._looks[scale].copy()


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
        lines = scored(self._lines.tilted_of(pixels), Pass(1.0, ((math.inf, OPERATING_POINT),)), OVERLAP)
        return detections(lines, Kind.TEXT, self.name, pixels)


def _lines(session: Session, pixels: Pixels, scale: float) -> Boxes:
    def see(tile: Tile) -> Boxes:
        (logits,) = session.run(tile.pixels)
        return ppocr.tilted(logits[0], LEAST)

    raw = seen(pixels, scale, see)
    return with_contrast(without_doubt(suppressed(with_reach(raw), OVERLAP), raw, OVERLAP), pixels)


def with_contrast(lines: Boxes, pixels: Pixels) -> Boxes:
    """The lines in which something can be seen at all. On an empty page the network marks the whole page."""
    kept = [_has_contrast(_part(line, pixels)) for line in lines]
    return lines[np.array(kept, dtype=np.bool_)]


def _has_contrast(part: Pixels) -> bool:
    """One pixel in sixteen nearly always shows it, for a tenth of the time; only where it does not, all are
    asked.
    """
    return any(int(np.ptp(some, axis=(0, 1)).max()) >= CONTRAST for some in (part[::4, ::4], part))


def _part(line: NDArray[np.float32], pixels: Pixels) -> Pixels:
    x0, y0 = np.floor(line[:2]).astype(int)
    x1, y1 = np.ceil(line[2:4]).astype(int)
    return pixels[y0:y1, x0:x1]
