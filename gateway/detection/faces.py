"""Faces by CenterFace, at several scales."""

from __future__ import annotations

import math

from gateway.detection import centerface
from gateway.detection.boxes import Boxes, suppressed
from gateway.detection.detector import Detector, Setting
from gateway.detection.looks import Pass, detections, least_point, looked
from gateway.detection.passes import Pixels, Tile, bounded_scale
from gateway.detection.runtime import open_session
from policies.model import Detection, Kind

# Operating points by box size (pixels of the pass), chosen on half of the development photos: where lowering
# one further costs more wrongly hidden area than it finds faces.
DOUBLED = ((64.0, 0.15), (192.0, 0.25), (math.inf, 0.5))
NATIVE = ((64.0, 0.15), (192.0, 0.2), (math.inf, 0.4))
HALVED = ((24.0, 0.3), (192.0, 0.25), (math.inf, 0.4))
SMALL = ((192.0, 0.3), (math.inf, 0.4))

# The doubled pass has at most so many pixels: a photo of more than 1.5 megapixels is enlarged by less, one
# of more than 4.6 not at all, since a pass of little more than the native scale finds little more.
DOUBLED_PIXELS = 6_000_000
WORTHWHILE = 1.15
# Faces larger than a network has ever seen are found in a small version of the photo: its longer side.
SMALL_SIDE = 512
# Overlap from which two boxes of one pass are one face.
OVERLAP = 0.4


def face_passes(width: int, height: int) -> list[Pass]:
    """The looks at a photo of this size: enlarged for small faces, reduced for large ones."""
    doubled = bounded_scale(2.0, width, height, DOUBLED_PIXELS)
    native = bounded_scale(1.0, width, height)
    passes = [Pass(doubled, DOUBLED)] if doubled >= WORTHWHILE else []
    passes += [Pass(native, NATIVE), Pass(native / 2, HALVED)]
    small = SMALL_SIDE / max(width, height)
    return [*passes, Pass(small, SMALL)] if small < native / 3 else passes


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
        passes = face_passes(pixels.shape[1], pixels.shape[0])
        least = least_point(passes)

        def see(tile: Tile) -> Boxes:
            heat, extent, offset = self._session.run(tile.pixels)
            return suppressed(centerface.decode(heat, extent, offset, least), OVERLAP)

        boxes = looked(pixels, passes, see, overlap=OVERLAP)
        return detections(suppressed(boxes, OVERLAP), Kind.FACE, self.name, pixels)
