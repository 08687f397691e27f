"""The names that a policy may use are those of the detectors that there are."""

from __future__ import annotations

from gateway.detection.detector import Detector, Setting
from gateway.detection.models import ModelStore
from gateway.detection.registry import DETECTORS, factory
from gateway.detection.runtime import Precision
from policies.detectors import KINDS


def test_the_table_of_names_says_what_each_detector_finds(model_store: ModelStore) -> None:
    setting = Setting(models=model_store, threads=1, precision=Precision.F32)
    found: dict[str, Detector] = {name: factory(name)(setting) for name in DETECTORS}
    assert {name: detector.kinds for name, detector in found.items()} == dict(KINDS)
    assert {name: detector.name for name, detector in found.items()} == {name: name for name in KINDS}
