"""What a file costs, by stage and detector: the sanitizer's own, and nothing once it is measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gateway.detection.models import ModelStore
from gateway.imaging.encode import encode
from gateway.imaging.image import ImageFormat
from gateway.imaging.sandbox import Sandbox
from gateway.services import tracing
from gateway.services.detectors import PolicyDetectors
from gateway.services.meter import Meter, MeteredDetectors
from gateway.services.sanitize import Sanitizer
from gateway.services.usage import peak_memory
from policies.policy import Policy

POLICY = Policy.parse("{name: codes, rules: [{kind: code, method: fill, detectors: [zxing]}]}")


def test_stages_and_detectors_are_measured_and_the_copy_is_the_same(tmp_path: Path) -> None:
    pixels = np.full((60, 80, 3), 200, np.uint8)
    data = encode(pixels, ImageFormat.PNG, lossless=True).data
    detectors, meter = PolicyDetectors(ModelStore(tmp_path), threads=1), Meter()
    with Sandbox() as sandbox:
        plain = Sanitizer(sandbox, detectors).sanitize(data, POLICY)
        metered = Sanitizer(sandbox, MeteredDetectors(detectors, meter))
        with meter.measuring():
            copy = metered.sanitize(data, POLICY)
            usage = meter.usage(sandbox.pid)
    assert copy.encoded == plain.encoded
    assert set(usage.stages) == {"decode", "detect", "plan", "redact", "encode", "check"}
    assert set(usage.detectors) == {"detect/zxing"}
    assert 0 < usage.detectors["detect/zxing"] <= usage.stages["detect"]
    assert sum(usage.stages.values()) <= usage.milliseconds
    assert min(usage.worker_peak, usage.decoder_peak) > 1_000_000


def test_after_a_failure_nothing_is_measured_any_more() -> None:
    meter = Meter()
    with pytest.raises(ZeroDivisionError), meter.measuring():
        raise ZeroDivisionError
    with tracing.span("job.decode"):
        pass
    assert meter.usage(None).stages == {}


def test_a_process_that_is_gone_held_nothing() -> None:
    assert peak_memory(2**22 + 1) == 0
    assert peak_memory("self") > 1_000_000
