"""Image bytes in, a sanitized and checked image out: the path shared by the gateway and the command line.

Nothing here is stored or recorded; that is the business of whoever calls.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.detection.detector import DetectorSet
from gateway.imaging.check import check_output
from gateway.imaging.encode import encode
from gateway.imaging.image import EncodedImage
from gateway.imaging.redact import apply
from gateway.imaging.sandbox import Sandbox
from gateway.services.tracing import span
from policies.model import Detection, Plan, Size
from policies.plan import make_plan
from policies.policy import Policy

LoadDetectors = Callable[[Policy], DetectorSet]
Look = Callable[[NDArray[np.uint8], NDArray[np.uint8]], None]
"""Is shown the pixels before and after redaction, (height, width, 3) RGB; must not keep or change them."""


@dataclass(frozen=True, slots=True)
class Sanitized:
    """A sanitized copy that passed its check, and how it came about.

    milliseconds: wall-clock time by stage.
    digests: SHA-256 in hex of each model file that took part, by the model's name.
    absent: second opinions that the policy names and that cannot run here.
    """

    encoded: EncodedImage
    size: Size
    detections: tuple[Detection, ...]
    plan: Plan
    digests: dict[str, str]
    absent: tuple[str, ...]
    precision: str
    milliseconds: dict[str, int]


class Sanitizer:
    """One worker's means: the confined decoder and the detectors that policies ask for."""

    def __init__(self, sandbox: Sandbox, load_detectors: LoadDetectors) -> None:
        self._sandbox = sandbox
        self._load_detectors = load_detectors

    def sanitize(self, data: bytes, policy: Policy, *, look: Look | None = None) -> Sanitized:
        """Raises InputRefused, Misconfigured when the policy's detectors cannot run, OutputCheckFailed."""
        watch = _Stopwatch()
        detectors = self._load_detectors(policy)
        with watch.stage("decode"):
            image = self._sandbox.decode(data)
        size = Size(width=image.pixels.shape[1], height=image.pixels.shape[0])
        with watch.stage("detect"):
            detections = detectors.detect(image.pixels, policy.kinds)
        plan = make_plan(policy, detections, size)
        with watch.stage("redact"):
            redacted = apply(image.pixels, plan.redactions)
        with watch.stage("encode"):
            encoded = encode(redacted, image.format, lossless=image.lossless)
        with watch.stage("check"):
            check_output(encoded, redacted, image.pixels, plan)
        if look is not None:
            look(image.pixels, redacted)
        return Sanitized(
            encoded=encoded,
            size=size,
            detections=detections,
            plan=plan,
            digests=dict(detectors.digests),
            absent=tuple(detectors.absent),
            precision=detectors.precision.value,
            milliseconds=watch.milliseconds,
        )


class _Stopwatch:
    def __init__(self) -> None:
        self.milliseconds: dict[str, int] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        with span(f"job.{name}"):
            yield
        self.milliseconds[name] = round((time.perf_counter() - start) * 1000)
