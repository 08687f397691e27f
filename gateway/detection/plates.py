"""Plates by the packaged network, at several scales."""

from __future__ import annotations

import math

from gateway.detection import clp
from gateway.detection.agreement import agreed
from gateway.detection.boxes import Boxes, clipped, grown, stacked, suppressed, with_reach
from gateway.detection.detector import Detector, Setting
from gateway.detection.looks import Pass, detections, least_point, scored, seen
from gateway.detection.passes import Pixels, Tile, bounded_scale
from gateway.detection.runtime import open_session
from policies.model import Detection, Kind

# The longer sides at which a photo is looked at, pixels, and the operating points by box size in that look.
# Small versions are cheap and rarely wrong; what is large in a large version is a window or a grille.
SIDES: tuple[tuple[int, tuple[tuple[float, float], ...]], ...] = (
    (320, ((64.0, 0.05), (96.0, 0.2), (math.inf, 0.7))),
    (480, ((64.0, 0.05), (128.0, 0.15), (math.inf, 0.8))),
    (640, ((64.0, 0.05), (128.0, 0.12), (192.0, 0.5), (math.inf, 0.9))),
    (960, ((128.0, 0.1), (192.0, 0.5), (math.inf, 0.9))),
)
# Small photos are at most doubled.
LARGEST_SCALE = 2.0
OVERLAP = 0.4
# The network marks the field of the characters, and was trained on plates of one shape. Added left and right,
# above and below: a squat box is a plate with more above and below its characters than a wide one.
SQUAT = (0.06, 0.15)
WIDE = (0.06, 0.0)
# Width over height from which a box is wide.
WIDE_FROM = 3.2


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
            return suppressed(with_reach(decoded), OVERLAP)

        looks = [scored(seen(pixels, look.scale, see), look, OVERLAP) for look in passes]
        boxes = agreed(looks, OVERLAP)
        plates = clipped(whole_plates(boxes, SQUAT, WIDE), width, height)
        return detections(plates, Kind.LICENSE_PLATE, self.name, pixels)


def whole_plates(
    fields: Boxes, squat: tuple[float, float], wide: tuple[float, float], wide_from: float = WIDE_FROM
) -> Boxes:
    """Fields of characters grown to the plates around them, squat and wide ones by their own measure."""
    is_wide = fields[:, 2] - fields[:, 0] > wide_from * (fields[:, 3] - fields[:, 1])
    return stacked([grown(fields[~is_wide], *squat), grown(fields[is_wide], *wide)])
