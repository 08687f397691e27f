"""Pixels to detections: the model files, the networks, and the detectors a policy names."""

from gateway.detection import no_telemetry
from gateway.detection.detector import Detector, DetectorSet
from gateway.detection.models import ModelState, ModelStatus, ModelStore
from gateway.detection.registry import DETECTORS, load_detectors
from gateway.detection.runtime import Precision

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
