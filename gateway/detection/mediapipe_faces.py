"""Faces by MediaPipe's full-range BlazeFace: a second, independent opinion.

The library links libEGL and libGLESv2; where they are missing the detector cannot run, and says which
packages bring them.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from gateway.detection.boxes import Boxes, clipped, moved, no_boxes, stacked, with_reach
from gateway.detection.detector import Detector, Setting
from gateway.detection.fuse import FLOOR
from gateway.detection.looks import Pass, detections, scored
from gateway.detection.passes import Pixels
from gateway.errors import MissingDetector
from policies.model import Detection, Effort, Kind

# The network sees 192 x 192 pixels whatever it is given, so a thorough one also shows it the photo in 2 x 2
# parts, for 16 ms more.
PARTS = {Effort.FAST: (1,), Effort.THOROUGH: (1, 2)}
# Each part is so much larger than its share, that a face on the seam is whole in one.
PART_OVERLAP = 0.15
# On the development photos half of what scores 0.35 to 0.5 is no labelled face, a fifth of 0.5 to 0.7.
OPERATING_POINT = 0.7
OVERLAP = 0.3
LIBRARIES = "apt-get install libegl1 libgles2 libgl1 libglib2.0-0"


def parts(width: int, height: int, count: int) -> list[tuple[int, int, int, int]]:
    """count x count overlapping windows (x0, y0, x1, y1) that cover the image; fewer where it is small."""
    across, down = _spans(width, count), _spans(height, count)
    return [(x0, y0, x1, y1) for y0, y1 in down for x0, x1 in across]


def _spans(length: int, count: int) -> list[tuple[int, int]]:
    size = min(length, int(length / count * (1 + PART_OVERLAP)) + 1)
    if count == 1 or size == length:
        return [(0, length)]
    starts = [round(index * (length - size) / (count - 1)) for index in range(count)]
    return [(start, start + size) for start in starts]


class MediaPipeFaces(Detector):
    """Faces, `mediapipe`. Raises MissingDetector or MissingModel when it is made and cannot run."""

    name = "mediapipe"
    kinds = frozenset({Kind.FACE})
    models = ("mediapipe-full-range",)

    def __init__(self, setting: Setting) -> None:
        self._parts = PARTS[setting.effort]
        self._network = _opened(setting.models.read("mediapipe-full-range"))

    def detect(self, pixels: Pixels) -> list[Detection]:
        height, width = pixels.shape[:2]
        seen = [self._seen(pixels, window) for count in self._parts for window in parts(width, height, count)]
        boxes = clipped(stacked(seen), width, height)
        kept = scored(with_reach(boxes), Pass(1.0, ((np.inf, OPERATING_POINT),)), OVERLAP)
        return detections(kept, Kind.FACE, self.name, pixels)

    def _seen(self, pixels: Pixels, window: tuple[int, int, int, int]) -> Boxes:
        x0, y0, x1, y1 = window
        image = _media_image(np.ascontiguousarray(pixels[y0:y1, x0:x1]))
        with _turn:
            found = self._network.detect(image).detections
        rows = [_row(one) for one in found]
        boxes = np.array(rows, dtype=np.float32) if rows else no_boxes()
        return moved(boxes, scale=(1.0, 1.0), offset=(float(x0), float(y0)))


def _row(found: Any) -> tuple[float, float, float, float, float]:
    box = found.bounding_box
    right, bottom = box.origin_x + box.width, box.origin_y + box.height
    return box.origin_x, box.origin_y, right, bottom, found.categories[0].score


def _media_image(pixels: Pixels) -> Any:
    import mediapipe

    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)


_networks: dict[bytes, Any] = {}
_turn = threading.Lock()


def _opened(model: bytes) -> Any:
    """The process's network for this model file, made at the first call and kept to the end."""
    key = hashlib.sha256(model).digest()
    with _turn:
        if key not in _networks:
            _networks[key] = _open(model)
        return _networks[key]


def _open(model: bytes) -> Any:
    """The library's detector, warm. Raises MissingDetector where its libraries are missing."""
    try:
        return _started(model)
    except (ImportError, OSError, RuntimeError, AttributeError) as exc:
        raise MissingDetector(
            f"the detector mediapipe cannot run here ({type(exc).__name__}: {str(exc)[:200]}): {LIBRARIES}"
        ) from exc


def _started(model: bytes) -> Any:
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceDetectorOptions(
        base_options=BaseOptions(model_asset_buffer=model),
        min_detection_confidence=OPERATING_POINT * FLOOR / 0.5,
    )
    with _quiet():
        network = vision.FaceDetector.create_from_options(options)
        network.detect(_media_image(np.zeros((64, 64, 3), dtype=np.uint8)))
    # One reference too many, so that it is never finalized: the library's finalizer fails at the
    # interpreter's end, when the system frees it all anyway.
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(network))
    return network


@contextmanager
def _quiet() -> Iterator[None]:
    """The process's standard error to nowhere: the library's start writes some fifty lines there."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
