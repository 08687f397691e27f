"""Codes that a machine reads: QR, Data Matrix, Aztec, PDF417 and the 1-D kinds, by the library zxing-cpp.

A bar code says the same in each of its rows, so one row left visible tells everything. What is found is
therefore painted out on a scratch picture, which is read again, until nothing more is read there.
"""

from __future__ import annotations

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from gateway.detection.boxes import Crowded
from gateway.detection.detector import Detector, Setting
from gateway.detection.passes import Pixels
from gateway.detection.tilted import outline_of, united
from policies.model import Detection, Kind, Region, Size

# A code that decodes, its checksum right, is one. What only looks like one (a checksum that fails) is half of
# the time a texture: 5 of 120 street photos had such a place, so a person looks.
READ = 1.0
SUSPECTED = 0.4
# Times a scratch picture is read. A tall bar code is uncovered a quarter of its width at a time, and the
# reader gives 255 codes at most. What has still not come to an end then is more than can be told apart.
ROUNDS = 12
# Added to what was read, as a share of its longer side, at least LEAST_MARGIN pixels: the reader gives the
# corners of the modules it used, which for a bar code is less than its height.
MARGIN = 0.06
LEAST_MARGIN = 4.0
PAPER = 255


class Codes(Detector):
    """Codes, `zxing`. Needs no model file."""

    name = "zxing"
    kinds = frozenset({Kind.CODE})
    models = ()

    def __init__(self, setting: Setting) -> None:
        """Nothing of the setting matters here."""

    def detect(self, pixels: Pixels) -> list[Detection]:
        """Raises Crowded where the last round too has found codes: nobody knows how many are left."""
        scratch = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        size = Size(pixels.shape[1], pixels.shape[0])
        found: list[Detection] = []
        for _ in range(ROUNDS):
            fresh = _read(scratch, size)
            if not fresh:
                return found
            for detection in fresh:
                region = detection.region
                scratch[region.y0 : region.y1, region.x0 : region.x1] = PAPER
            found = _merged(found + fresh, size)
        raise Crowded


def _read(picture: NDArray[np.uint8], size: Size) -> list[Detection]:
    found = []
    for code in zxingcpp.read_barcodes(picture, return_errors=True):
        place = code.position
        corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        across, along = [corner.x for corner in corners], [corner.y for corner in corners]
        side = max(max(across) - min(across), max(along) - min(along))
        margin = max(side * MARGIN, LEAST_MARGIN)
        region = Region.covering(
            min(across) - margin, min(along) - margin, max(across) + margin, max(along) + margin, size
        )
        if region is not None:
            score = READ if code.valid else SUSPECTED
            signs = ((-margin, -margin), (-margin, margin), (margin, -margin), (margin, margin))
            around = [(corner.x + dx, corner.y + dy) for corner in corners for dx, dy in signs]
            found.append(Detection(Kind.CODE, region, score, Codes.name, polygon=outline_of(around)))
    return found


def _merged(found: list[Detection], size: Size) -> list[Detection]:
    """Places that touch are parts of one code, and have the best score among them."""
    merged: list[Detection] = []
    for detection in found:
        region, score, parts = detection.region, detection.score, [detection]
        for other in [each for each in merged if _touching(each.region, region, size)]:
            merged.remove(other)
            parts.append(other)
            region, score = region.united(other.region), max(score, other.score)
        polygon = united(detection, parts)
        merged.append(Detection(Kind.CODE, region, score, Codes.name, polygon=polygon))
    return merged


def _touching(one: Region, other: Region, size: Size) -> bool:
    grown = Region.covering(one.x0 - 2, one.y0 - 2, one.x1 + 2, one.y1 + 2, size)
    return grown is not None and grown.overlap(other) > 0
