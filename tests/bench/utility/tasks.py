"""What annotators and their models do with images: find faces, plates, lines of text; cut out persons."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from gateway.detection.detector import Detector, Setting
from gateway.detection.faces import CenterFace
from gateway.detection.models import ModelStore
from gateway.detection.plates import PackagedPlates
from gateway.detection.runtime import Precision
from gateway.detection.text import TextDetector
from gateway.imaging.image import Pixels
from gateway.settings import models_folder
from policies.model import Detection, Effort, Kind
from tests.bench.utility.precision import Floats

SEGMENTER: Final = "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite"
"""In the wheel of mediapipe 0.10.21 (Apache-2.0), the same from which the product takes a face detector."""
SURE: Final = 0.5


class Detectors:
    """The product's own, one a kind, on one thread; each is loaded when it is asked for first."""

    def find(self, kind: Kind, pixels: Pixels) -> list[Detection]:
        match kind:
            case Kind.FACE:
                return self._faces.detect(pixels)
            case Kind.LICENSE_PLATE:
                return self._plates.detect(pixels)
            case _:
                return self._text.detect(pixels)

    @cached_property
    def _faces(self) -> Detector:
        return CenterFace(_setting())

    @cached_property
    def _plates(self) -> Detector:
        return PackagedPlates(_setting())

    @cached_property
    def _text(self) -> Detector:
        return TextDetector(_setting())


class Persons:
    """Which pixels show a person, by MediaPipe's selfie segmentation. wheel: of mediapipe, see SEGMENTER."""

    def __init__(self, wheel: Path) -> None:
        from mediapipe.tasks.python import BaseOptions, vision

        with zipfile.ZipFile(wheel) as files:
            model = files.read(SEGMENTER)
        options = vision.ImageSegmenterOptions(
            base_options=BaseOptions(model_asset_buffer=model),
            output_confidence_masks=True,
            output_category_mask=False,
        )
        self._network: Any = vision.ImageSegmenter.create_from_options(options)

    def mask(self, pixels: Pixels) -> NDArray[np.bool_]:
        """Shape (height, width)."""
        import mediapipe

        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(pixels))
        (share,) = self._network.segment(image).confidence_masks
        return np.asarray(share.numpy_view()[:, :, 0] >= SURE, dtype=np.bool_)

    def close(self) -> None:
        self._network.close()


def rows(found: Sequence[Detection]) -> Floats:
    """Corners and score, shape (n, 5)."""
    sides = [(one.region.x0, one.region.y0, one.region.x1, one.region.y1, one.score) for one in found]
    return np.array(sides, dtype=np.float64).reshape(-1, 5)


def _setting() -> Setting:
    store = ModelStore(models_folder(os.environ))
    return Setting(models=store, threads=1, precision=Precision.F32, effort=Effort.FAST)
