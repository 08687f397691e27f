"""The recheck: what one look misses and the next finds is hidden, and what comes up again goes to a person.

The detector is a real one for drawn squares: it sees the red one first, the green one once nothing is red any
more, the blue one once nothing is red or green.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gateway.detection.detector import DetectorSet
from gateway.detection.runtime import Precision
from gateway.imaging.sandbox import Sandbox
from gateway.services.sanitize import Sanitized, Sanitizer
from policies.model import Detection, Kind, Region, Verdict
from policies.policy import Policy
from policies.release import draw_of

COLOURS = ((220, 0, 0), (0, 220, 0), (0, 0, 220))
SIDE = 24
POLICY = """
name: squares
rules: [{{kind: face, method: fill, detectors: [squares]}}]
release: {{recheck: {recheck}, sample: {sample}}}
"""


class Squares:
    name = "squares"
    kinds = frozenset({Kind.FACE})
    models: tuple[str, ...] = ()

    def detect(self, pixels: NDArray[np.uint8]) -> list[Detection]:
        for colour in COLOURS:
            ys, xs = np.nonzero((pixels == colour).all(axis=2))
            if len(ys):
                region = Region(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
                return [Detection(Kind.FACE, region, 0.9, self.name)]
        return []


def detectors(policy: Policy) -> DetectorSet:
    return DetectorSet([Squares()], absent={}, digests={}, precision=Precision.F32)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def picture(squares: int) -> bytes:
    """Grey, with the first so many squares side by side, far enough from each other."""
    pixels = np.full((96, 320, 3), 128, dtype=np.uint8)
    for place, colour in enumerate(COLOURS[:squares]):
        pixels[32 : 32 + SIDE, 32 + 96 * place : 32 + 96 * place + SIDE] = colour
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def sanitized(sandbox: Sandbox, squares: int, *, recheck: bool, sample: float = 0.0) -> Sanitized:
    policy = Policy.parse(POLICY.format(recheck=str(recheck).lower(), sample=sample))
    return Sanitizer(sandbox, detectors).sanitize(picture(squares), policy)


def visible(result: Sanitized) -> int:
    """How many of the squares the copy shows."""
    with Image.open(io.BytesIO(result.encoded.data)) as image:
        pixels = np.asarray(image.convert("RGB"))
    return sum(bool((pixels == colour).all(axis=2).any()) for colour in COLOURS)


def test_without_a_recheck_what_the_first_look_missed_stays(sandbox: Sandbox) -> None:
    result = sanitized(sandbox, 2, recheck=False)
    assert (visible(result), result.plan.verdict) == (1, Verdict.RELEASE)
    assert "recheck" not in result.milliseconds


def test_a_clean_copy_is_made_once(sandbox: Sandbox) -> None:
    result = sanitized(sandbox, 1, recheck=True)
    assert (visible(result), result.plan.verdict) == (0, Verdict.RELEASE)
    assert len(result.detections) == 1
    assert "recheck" in result.milliseconds


def test_what_the_recheck_finds_is_hidden_and_the_copy_made_once_more(sandbox: Sandbox) -> None:
    result = sanitized(sandbox, 2, recheck=True)
    assert (visible(result), result.plan.verdict) == (0, Verdict.RELEASE)
    assert [one.source for one in result.detections] == ["squares", "squares+recheck"]


def test_a_second_hit_is_hidden_too_and_a_person_decides(sandbox: Sandbox) -> None:
    result = sanitized(sandbox, 3, recheck=True)
    assert visible(result) == 0
    assert (result.plan.verdict, result.plan.reasons) == (Verdict.REVIEW, ("recheck.hit",))


def test_an_images_draw_is_that_of_its_bytes_under_this_policy_version(sandbox: Sandbox) -> None:
    policy = Policy.parse(POLICY.format(recheck="false", sample="0.5"))
    drawn = draw_of(policy.version, picture(1)) < 0.5
    result = sanitized(sandbox, 1, recheck=False, sample=0.5)
    assert result.plan.reasons == (("sampled",) if drawn else ())
    assert sanitized(sandbox, 1, recheck=False, sample=0.5).plan == result.plan
