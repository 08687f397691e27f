"""Lines of text by PP-OCRv6, and what of them has the shape of a plate.

Both detectors look at the same lines: the last image's lines are kept, under a digest of its pixels, so that
asking for both costs one pass.
"""

from __future__ import annotations

import hashlib
import math
import threading

from gateway.detection import ppocr
from gateway.detection.boxes import Boxes, clipped, grown, no_boxes, suppressed
from gateway.detection.detector import Detector, Setting
from gateway.detection.looks import Pass, detections, least_point, looked
from gateway.detection.passes import Pixels, Tile, bounded_scale
from gateway.detection.runtime import Session, open_session
from policies.model import Detection, Kind

# The longer side at which a photo is looked at for text; small photos are at most doubled.
SIDE = 1280
LARGEST_SCALE = 2.0
OPERATING_POINT = 0.5
OVERLAP = 0.5
# A plate's text: width over height, height in image pixels, share of the image's width.
NARROWEST, WIDEST = 0.8, 6.0
LOWEST = 6.0
SHARE = 0.5
# A plate is larger than its text: added to the left and right, above and below.
ACROSS, ALONG = 0.06, 0.18


def text_passes(width: int, height: int) -> list[Pass]:
    """One look, at `SIDE` pixels."""
    scale = bounded_scale(min(SIDE / max(width, height), LARGEST_SCALE), width, height)
    return [Pass(scale, ((math.inf, OPERATING_POINT),))]


class TextLines:
    """The lines of an image, found once however many detectors ask."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._turn = threading.Lock()
        self._last: tuple[bytes, Boxes] = (b"", no_boxes())

    def of(self, pixels: Pixels) -> Boxes:
        """The lines in image pixels, normalised scores, best first. `pixels`: uint8 (h, w, 3), RGB."""
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
        return detections(self._lines.of(pixels), Kind.TEXT, self.name, pixels)


class PlateLikeText(Detector):
    """Plates, `ppocr-plates`: lines of a plate's shape. Raises MissingModel when it is made."""

    name = "ppocr-plates"
    kinds = frozenset({Kind.LICENSE_PLATE})
    models = ("ppocrv6-det",)

    def __init__(self, setting: Setting) -> None:
        self._lines = text_lines(setting)

    def detect(self, pixels: Pixels) -> list[Detection]:
        height, width = pixels.shape[:2]
        plates = clipped(plate_like(self._lines.of(pixels), width), width, height)
        return detections(plates, Kind.LICENSE_PLATE, self.name, pixels)


def plate_like(lines: Boxes, width: int) -> Boxes:
    """The lines that could be a plate's, grown to the plate. width: of the image, pixels."""
    across, along = lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1]
    shape = (across >= NARROWEST * along) & (across <= WIDEST * along)
    size = (along >= LOWEST) & (across <= SHARE * width)
    return grown(lines[shape & size], ACROSS, ALONG)


def _lines(session: Session, pixels: Pixels) -> Boxes:
    passes = text_passes(pixels.shape[1], pixels.shape[0])
    least = least_point(passes)

    def see(tile: Tile) -> Boxes:
        (probability,) = session.run(tile.pixels)
        return ppocr.decode(probability[0], least)

    return suppressed(looked(pixels, passes, see, overlap=OVERLAP), OVERLAP)
