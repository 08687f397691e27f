"""What annotators and their models do with images: find faces, plates, lines of text; cut out persons."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import cv2
import numpy as np
import openvino as ov
from numpy.typing import NDArray
from openvino import opset13 as op

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
POSES: Final = "mediapipe/modules/pose_detection/pose_detection.tflite"
"""In the same wheel: the network that finds people, a MobileNet of 224 pixels a side."""
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


class Describer:
    """Numbers of a photo as a whole, by MediaPipe's finder of people. wheel: of mediapipe, see POSES."""

    def __init__(self, wheel: Path) -> None:
        core = ov.Core()
        with zipfile.ZipFile(wheel) as files, TemporaryDirectory() as folder:
            network = core.read_model(files.extract(POSES, folder))
            means = op.reduce_mean(_last_map(network), np.array([2, 3]))
            described = ov.Model([means], network.get_parameters())
            settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
            self._compiled = core.compile_model(described, "CPU", settings)
        self._side = int(network.input().get_partial_shape()[1].get_length())

    def describe(self, pixels: Pixels) -> Floats:
        """The mean of each of the last maps, shape (maps,)."""
        small = cv2.resize(pixels, (self._side, self._side), interpolation=cv2.INTER_AREA)
        (means,) = self._compiled(small[None].astype(np.float32) / 127.5 - 1).values()
        return np.asarray(means, dtype=np.float64).reshape(-1)


def _last_map(network: Any) -> Any:
    """What the last rectifier at the smallest size gives: all that follow have the size of a result."""
    maps = [each.output(0) for each in network.get_ordered_ops() if each.get_type_name() == "Clamp"]
    sides = [one.get_partial_shape()[2].get_length() for one in maps]
    return [one for one, side in zip(maps, sides, strict=True) if side == min(sides)][-1]


def rows(found: Sequence[Detection]) -> Floats:
    """Corners and score, shape (n, 5)."""
    sides = [(one.region.x0, one.region.y0, one.region.x1, one.region.y1, one.score) for one in found]
    return np.array(sides, dtype=np.float64).reshape(-1, 5)


def _setting() -> Setting:
    store = ModelStore(models_folder(os.environ))
    return Setting(models=store, threads=1, precision=Precision.F32, effort=Effort.FAST)
