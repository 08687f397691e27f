"""The real detectors, built once a session, and the photo they are tried on."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gateway.detection import DetectorSet, ModelStore, Precision, load_detectors
from gateway.detection.passes import Pixels


@pytest.fixture(scope="session")
def detectors(model_store: ModelStore) -> DetectorSet:
    names = ["centerface", "mediapipe", "clp", "ppocr-plates", "ppocr"]
    return load_detectors(names, [], models=model_store, threads=2, precision=Precision.F32)


@pytest.fixture(scope="session")
def astronaut(model_store: ModelStore) -> Pixels:
    """A real portrait, uint8 (512, 512, 3); the face lies near (225, 120) and is about 110 pixels high."""
    with Image.open(model_store.path("astronaut")) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB")))
