"""Faces by CenterFace: at native scale, reduced for large faces, enlarged where small ones are suspected."""

from __future__ import annotations

import math

import numpy as np

from gateway.detection import centerface
from gateway.detection.boxes import Boxes, areas, clipped, stacked, suppressed
from gateway.detection.detector import Detector, Setting
from gateway.detection.focus import Window, area, centred_in, close_tiles, suspicious, windows
from gateway.detection.looks import Pass, detections, located, scored, seen
from gateway.detection.passes import Pixels, Tile, bounded_scale
from gateway.detection.runtime import open_session
from policies.model import Detection, Kind

# Operating points by box size (pixels of the pass), chosen on the development photos: where lowering one
# further costs more wrongly hidden area than it finds faces.
CLOSE = ((64.0, 0.15), (192.0, 0.25), (math.inf, 0.5))
NATIVE = ((64.0, 0.15), (192.0, 0.2), (math.inf, 0.4))
HALVED = ((24.0, 0.3), (192.0, 0.25), (math.inf, 0.4))
SMALL = ((192.0, 0.3), (math.inf, 0.4))

# Lowest raw score that is decoded. From it on a small box of the native pass is a suspicion.
LEAST = 0.05
SMALL_FACE = 48.0
# The closer look: twice the native scale, at most so many enlarged pixels; where these do not suffice the
# scale is lowered, and below WORTHWHILE the look is left out: it would find little more.
CLOSE_SCALE = 2.0
CLOSE_PIXELS = 8_000_000
WORTHWHILE = 1.15
# Faces larger than the network has ever seen are found in a small version of the photo: its longer side.
SMALL_SIDE = 512
# Overlap from which two boxes are one face.
OVERLAP = 0.4


def overview_passes(width: int, height: int) -> list[Pass]:
    """The reduced looks at a photo of this size."""
    native = bounded_scale(1.0, width, height)
    small = SMALL_SIDE / max(width, height)
    return [Pass(native / 2, HALVED)] + ([Pass(small, SMALL)] if small < native / 3 else [])


def close_scale(found: list[Window], width: int, height: int) -> float:
    """The scale of the closer look at these windows; 0 where it would not be worthwhile."""
    if not found:
        return 0.0
    scale = min(CLOSE_SCALE, math.sqrt(CLOSE_PIXELS / area(found, width, height)))
    return scale if scale >= WORTHWHILE else 0.0


class CenterFace(Detector):
    """Faces, `centerface`. Raises MissingModel when it is made and its file is not there."""

    name = "centerface"
    kinds = frozenset({Kind.FACE})
    models = ("centerface",)

    def __init__(self, setting: Setting) -> None:
        model = setting.models.read("centerface")
        self._session = open_session(
            model, centerface.PREPARATION, threads=setting.threads, precision=setting.precision
        )

    def detect(self, pixels: Pixels) -> list[Detection]:
        height, width = pixels.shape[:2]
        native = Pass(bounded_scale(1.0, width, height), NATIVE)
        first = seen(pixels, native.scale, self._see)
        looks = [scored(first, native, OVERLAP), self._close(pixels, first)]
        for look in overview_passes(width, height):
            looks.append(scored(seen(pixels, look.scale, self._see), look, OVERLAP))
        return detections(suppressed(stacked(looks), OVERLAP), Kind.FACE, self.name, pixels)

    def _close(self, pixels: Pixels, first: Boxes) -> Boxes:
        """The closer look at every place where the native look suspects a small face."""
        height, width = pixels.shape[:2]
        small = first[np.sqrt(areas(first)) < SMALL_FACE]
        found = windows(suspicious(small, width, height), width, height)
        scale = close_scale(found, width, height)
        if not scale:
            return first[:0]
        parts = [
            centred_in(located(self._see(tile), tile), window)
            for window, tile in close_tiles(pixels, found, scale)
        ]
        return scored(clipped(stacked(parts), width, height), Pass(scale, CLOSE), OVERLAP)

    def _see(self, tile: Tile) -> Boxes:
        heat, extent, offset = self._session.run(tile.pixels)
        return suppressed(centerface.decode(heat, extent, offset, LEAST), OVERLAP)
