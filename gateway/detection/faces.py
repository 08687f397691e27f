"""Faces by CenterFace: at native scale, reduced for large faces, enlarged where small ones are suspected."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from gateway.detection import centerface
from gateway.detection.agreement import agreed
from gateway.detection.boxes import Boxes, areas, clipped, mirrored, no_boxes, stacked, suppressed, with_reach
from gateway.detection.detector import Detector, Setting
from gateway.detection.focus import Window, area, centred_in, close_tiles, suspicious, windows
from gateway.detection.looks import Pass, detections, least_point, located, scored, seen
from gateway.detection.passes import Pixels, Tile, bounded_scale
from gateway.detection.runtime import open_session
from gateway.detection.turned import TURNS, best_turn, turned, turned_back
from policies.model import Detection, Effort, Kind

# The raw score of any look that becomes a normalised 0.5, before the looks are joined.
LOOK = Pass(1.0, ((math.inf, 0.2),))
# Operating points of the joined score by a face's side in the image, pixels (see DETECTION.md): large
# false faces hide much, so they must be surer.
POINTS = {
    Effort.FAST: ((16.0, 0.5), (24.0, 0.52), (48.0, 0.51), (96.0, 0.59), (192.0, 0.88), (math.inf, 0.57)),
    Effort.THOROUGH: ((16.0, 0.26), (24.0, 0.5), (48.0, 0.49), (96.0, 0.53), (192.0, 0.85), (math.inf, 0.55)),
}

# Lowest raw score that is decoded, and the one from which a small box of the native look is a suspicion.
LEAST = 0.05
SUSPICION = 0.07
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


def overview_scales(width: int, height: int) -> dict[str, float]:
    """The scales of the reduced looks at a photo of this size, by the looks' names."""
    native = bounded_scale(1.0, width, height)
    small = SMALL_SIDE / max(width, height)
    return {"halved": native / 2} | ({"small": small} if small < native / 3 else {})


def close_scale(found: list[Window], width: int, height: int) -> float:
    """The scale of the closer look at these windows; 0 where it would not be worthwhile."""
    if not found:
        return 0.0
    scale = min(CLOSE_SCALE, math.sqrt(CLOSE_PIXELS / area(found, width, height)))
    return scale if scale >= WORTHWHILE else 0.0


class CenterFace(Detector):
    """Faces, `centerface`. Raises MissingModel when it is made and its file is not there.

    A thorough one takes the closer look a second time, in the mirror: faces show there that it else misses,
    and what is no face seldom looks like one both ways round. It also takes the halved look in the photo
    turned by each quarter; where one of these shows more faces, all looks are taken in that turn too.
    """

    name = "centerface"
    kinds = frozenset({Kind.FACE})
    models = ("centerface",)

    def __init__(self, setting: Setting) -> None:
        model = setting.models.read("centerface")
        self._session = open_session(
            model, centerface.PREPARATION, threads=setting.threads, precision=setting.precision
        )
        self._points = POINTS[setting.effort]
        self._thorough = setting.effort is Effort.THOROUGH

    def detect(self, pixels: Pixels) -> list[Detection]:
        return self.joined([boxes for _, boxes in self.looks(pixels)], pixels)

    def looks(self, pixels: Pixels) -> Iterator[tuple[str, Boxes]]:
        """What each look sees, by the look's name, as it is taken. Scores are normalised look by look."""
        upright = no_boxes()
        for name, boxes in self._upright(pixels, mirror=self._thorough):
            upright = boxes if name == "halved" else upright
            yield name, boxes
        if self._thorough:
            yield from self._turned(pixels, upright)

    def _upright(self, pixels: Pixels, *, mirror: bool) -> Iterator[tuple[str, Boxes]]:
        """The looks at these pixels as they are. mirror: the closer one in the mirror too."""
        height, width = pixels.shape[:2]
        native = bounded_scale(1.0, width, height)
        first = seen(pixels, native, self._see)
        yield "native", _scored(first)
        found = self._windows(first, width, height)
        yield "close", _scored(self._close(pixels, found, mirror=False))
        if mirror:
            yield "mirrored", _scored(self._close(pixels, found, mirror=True))
        for name, scale in overview_scales(width, height).items():
            yield name, _scored(seen(pixels, scale, self._see))

    def _turned(self, pixels: Pixels, upright: Boxes) -> Iterator[tuple[str, Boxes]]:
        """All looks in the turn in which the halved one shows more than `upright`; else an empty one."""
        height, width = pixels.shape[:2]
        scale = overview_scales(width, height)["halved"]
        looks = {quarters: _scored(seen(turned(pixels, quarters), scale, self._see)) for quarters in TURNS}
        best = best_turn(upright, looks)
        yield "turned", no_boxes() if best is None else turned_back(looks[best], best, width, height)
        if best is not None:
            for name, boxes in self._upright(turned(pixels, best), mirror=False):
                if name != "halved":
                    yield f"turned, {name}", turned_back(boxes, best, width, height)

    def joined(self, looks: Sequence[Boxes], pixels: Pixels) -> list[Detection]:
        """What looks at these pixels come to together."""
        boxes = scored(agreed(looks, OVERLAP), Pass(1.0, self._points), OVERLAP)
        return detections(boxes, Kind.FACE, self.name, pixels)

    def _windows(self, first: Boxes, width: int, height: int) -> list[Window]:
        """Where the closer look looks: where the native one, which saw `first`, suspects a small face."""
        small = (np.sqrt(areas(first)) < SMALL_FACE) & (first[:, 4] >= SUSPICION)
        return windows(suspicious(first[small], width, height), width, height)

    def _close(self, pixels: Pixels, found: list[Window], *, mirror: bool) -> Boxes:
        """The raw boxes of the closer look at these windows, in image pixels."""
        height, width = pixels.shape[:2]
        scale = close_scale(found, width, height)
        if not scale:
            return no_boxes()
        parts = [
            centred_in(located(self._see(tile, mirror=mirror), tile), window)
            for window, tile in close_tiles(pixels, found, scale)
        ]
        return clipped(stacked(parts), width, height)

    def _see(self, tile: Tile, *, mirror: bool = False) -> Boxes:
        """The raw boxes of one tile, in its pixels."""
        shown = np.ascontiguousarray(tile.pixels[:, ::-1]) if mirror else tile.pixels
        heat, extent, offset = self._session.run(shown)
        raw = with_reach(centerface.decode(heat, extent, offset, LEAST))
        # What scores less than this in a look is no face by itself, whatever it stands beside.
        boxes = suppressed(raw, OVERLAP, least_point([LOOK]))
        return mirrored(boxes, shown.shape[1]) if mirror else boxes


def _scored(boxes: Boxes) -> Boxes:
    return scored(boxes, LOOK, OVERLAP)
