"""Plates by the packaged network, at several scales."""

from __future__ import annotations

import math

from gateway.detection import clp
from gateway.detection.boxes import Boxes, clipped, grown, suppressed
from gateway.detection.detector import Detector, Setting
from gateway.detection.looks import Pass, detections, least_point, looked
from gateway.detection.passes import Pixels, Tile, bounded_scale
from gateway.detection.runtime import open_session
from policies.model import Detection, Kind

# The longer sides at which a photo is looked at, pixels, and the operating points by box size in that look.
# Small versions are cheap and rarely wrong; in large ones only small boxes can be trusted at a low score.
SIDES: tuple[tuple[int, tuple[tuple[float, float], ...]], ...] = (
    (320, ((64.0, 0.05), (128.0, 0.1), (256.0, 0.3), (math.inf, 0.4))),
    (480, ((64.0, 0.05), (128.0, 0.1), (256.0, 0.4), (math.inf, 0.5))),
    (640, ((64.0, 0.05), (128.0, 0.1), (256.0, 0.4), (math.inf, 0.5))),
    (960, ((128.0, 0.1), (256.0, 0.4), (math.inf, 0.6))),
    (1280, ((128.0, 0.15), (256.0, 0.4), (math.inf, 0.6))),
)
# Small photos are at most doubled: what is enlarged further yields windows and grilles, no plates.
LARGEST_SCALE = 2.0
OVERLAP = 0.4
# The network marks the field of the characters; the plate is larger: added left and right, above and below.
ACROSS, ALONG = 0.06, 0.18


def plate_passes(width: int, height: int) -> list[Pass]:
    """The looks at a photo of this size."""
    longer = max(width, height)
    wanted = [(side, bands) for side, bands in SIDES if side / longer <= LARGEST_SCALE]
    return [Pass(bounded_scale(side / longer, width, height), bands) for side, bands in wanted or SIDES[:1]]


class PackagedPlates(Detector):
    """Plates, `clp`. Raises MissingModel when it is made and its file is not there."""

    name = "clp"
    kinds = frozenset({Kind.LICENSE_PLATE})
    models = ("clp-det",)

    def __init__(self, setting: Setting) -> None:
        model = setting.models.read("clp-det")
        self._session = open_session(
            model, clp.PREPARATION, threads=setting.threads, precision=setting.precision
        )

    def detect(self, pixels: Pixels) -> list[Detection]:
        height, width = pixels.shape[:2]
        passes = plate_passes(width, height)
        least = least_point(passes)

        def see(tile: Tile) -> Boxes:
            shifts, scores = self._session.run(tile.pixels)
            decoded = clp.decode(shifts, scores, tile.pixels.shape[0], tile.pixels.shape[1], least)
            return suppressed(decoded, OVERLAP)

        boxes = suppressed(looked(pixels, passes, see, overlap=OVERLAP), OVERLAP)
        return detections(
            clipped(grown(boxes, ACROSS, ALONG), width, height), Kind.LICENSE_PLATE, self.name, pixels
        )
