"""What an image made to keep a worker does: its detections are bounded, and so is its time."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gateway.detection.boxes import MOST, Crowded
from gateway.detection.detector import DetectorSet
from gateway.detection.runtime import Precision
from gateway.errors import DeadlineExceeded
from gateway.imaging.sandbox import Sandbox
from gateway.services.deadline import Deadline, watched
from gateway.services.sanitize import Sanitizer
from policies.model import Detection, Kind, Region, Verdict
from policies.policy import Policy

POLICY = Policy.parse("""
name: dots
rules: [{kind: face, method: fill, detectors: [dots]}]
""")
SIDE = 600

Detect = Callable[[NDArray[np.uint8]], list[Detection]]


class Dots:
    name = "dots"
    kinds = frozenset({Kind.FACE})
    models: tuple[str, ...] = ()

    def __init__(self, detect: Detect) -> None:
        self._detect = detect

    def detect(self, pixels: NDArray[np.uint8]) -> list[Detection]:
        return self._detect(pixels)


def ten_thousand(_: NDArray[np.uint8]) -> list[Detection]:
    corners = [(6 * (i % 100), 6 * (i // 100)) for i in range(10_000)]
    return [Detection(Kind.FACE, Region(x, y, x + 4, y + 4), 0.9, "dots") for x, y in corners]


def crowded(_: NDArray[np.uint8]) -> list[Detection]:
    raise Crowded


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def sanitizer(sandbox: Sandbox, detect: Detect, deadline: Callable[[], Deadline] = Deadline) -> Sanitizer:
    found = DetectorSet([Dots(detect)], absent={}, digests={}, precision=Precision.F32)
    return Sanitizer(sandbox, lambda _: found, deadline=deadline)


def noise() -> bytes:
    pixels = np.random.default_rng(7).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("detect", [ten_thousand, crowded])
def test_more_faces_than_can_be_told_apart_cover_the_image_and_send_it_to_a_person(
    sandbox: Sandbox, detect: Detect
) -> None:
    assert MOST < 10_000
    result = sanitizer(sandbox, detect).sanitize(noise(), POLICY)
    assert (result.plan.verdict, result.plan.reasons) == (Verdict.REVIEW, ("face.too_many",))
    assert [redaction.region for redaction in result.plan.redactions] == [Region(0, 0, SIDE, SIDE)]
    with Image.open(io.BytesIO(result.encoded.data)) as shown:
        assert len(shown.getcolors() or ()) == 1


def test_an_image_that_takes_too_long_is_not_gone_on_with(sandbox: Sandbox) -> None:
    now = [0.0]

    def slow(_: NDArray[np.uint8]) -> list[Detection]:
        now[0] += 11
        return []

    limited = sanitizer(sandbox, slow, lambda: Deadline(10, lambda: now[0]))
    with pytest.raises(DeadlineExceeded) as refused:
        limited.sanitize(noise(), POLICY)
    assert refused.value.code == "job.deadline"
    now[0] = 0.0
    with pytest.raises(DeadlineExceeded):  # and the next one has its own time
        limited.sanitize(noise(), POLICY)


def test_what_does_not_end_is_given_up_once() -> None:
    given_up = threading.Event()
    with watched(0.001, given_up.set):
        assert given_up.wait(240)


def test_what_ends_is_not_given_up() -> None:
    given_up = threading.Event()
    with watched(3600, given_up.set):
        pass
    assert not given_up.is_set()
