"""Pixels to detections: the model files, the networks, and the detectors a policy names.

The names below are imported when they are first used: a server that only asks which model files there are
does without the libraries of inference.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from gateway.detection import no_telemetry

if TYPE_CHECKING:
    from gateway.detection.detector import Detector, DetectorSet
    from gateway.detection.models import ModelState, ModelStatus, ModelStore
    from gateway.detection.registry import DETECTORS, load_detectors
    from gateway.detection.runtime import Precision

_PLACES = {
    "DETECTORS": "registry",
    "Detector": "detector",
    "DetectorSet": "detector",
    "ModelState": "models",
    "ModelStatus": "models",
    "ModelStore": "models",
    "Precision": "runtime",
    "load_detectors": "registry",
}

__all__ = [
    "DETECTORS",
    "Detector",
    "DetectorSet",
    "ModelState",
    "ModelStatus",
    "ModelStore",
    "Precision",
    "load_detectors",
    "no_telemetry",
]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
