"""A policy that hides identifiers only, from file to copy: the pixels, the report, the header, the recheck.

The detector and the reader are real ones for drawn bars: a bar is a line, and its colour says what it reads.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from gateway.detection.detector import DetectorSet
from gateway.detection.runtime import Precision
from gateway.imaging.sandbox import Sandbox
from gateway.services.anonymize_files import Outcome, RunFacts, Status, anonymize_file
from gateway.services.file_plan import Job
from gateway.services.policy_trial import PolicyTrial, summary
from gateway.services.sanitize import Sanitized, Sanitizer
from policies.identifiers import ReadLine
from policies.model import Detection, Kind, Reading, Region, Verdict
from policies.policy import Policy
from tests.gateway.store.rows import asset_record

HARMLESS, NAME, UNREADABLE = (0, 200, 0), (200, 0, 0), (0, 0, 200)
SAYS = {HARMLESS: ("STOP", 1.0), NAME: ("Jane Davidson", 1.0), UNREADABLE: ("STOP", 0.1)}
POLICY = (
    "{{name: bars, rules: [{{kind: text, method: fill, detectors: [bars], lines: {}}}], release: {{{}}}}}"
)


class Bars:
    name = "bars"
    kinds = frozenset({Kind.TEXT})
    models: tuple[str, ...] = ()

    def detect(self, pixels: NDArray[np.uint8]) -> list[Detection]:
        return [Detection(Kind.TEXT, region, 0.9, self.name) for region in map(bar(pixels), SAYS) if region]


class BarReader:
    name = "bar-reader"
    models: tuple[str, ...] = ()

    def read(self, pixels: NDArray[np.uint8], regions: Sequence[Region]) -> list[ReadLine]:
        corners = [pixels[region.y0, region.x0] for region in regions]
        said = [next(SAYS[colour] for colour in SAYS if (corner == colour).all()) for corner in corners]
        return [ReadLine(region, *words) for region, words in zip(regions, said, strict=True)]


def bar(pixels: NDArray[np.uint8]) -> Callable[[tuple[int, int, int]], Region | None]:
    """Where a colour's bar lies, None where it does not show."""

    def of(colour: tuple[int, int, int]) -> Region | None:
        ys, xs = np.nonzero((pixels == colour).all(axis=2))
        return Region(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1) if len(ys) else None

    return of


def detectors(policy: Policy) -> DetectorSet:
    reader = BarReader() if policy.reads else None
    return DetectorSet([Bars()], absent={}, digests={}, precision=Precision.F32, reader=reader)


def picture(author: str = "") -> bytes:
    pixels = np.full((240, 160, 3), 128, dtype=np.uint8)
    for index, colour in enumerate(SAYS):
        pixels[16 + 72 * index : 40 + 72 * index, 24:136] = colour
    chunks, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    if author:
        chunks.add_text("Author", author)
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=chunks)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def sanitized(sandbox: Sandbox, lines: str, data: bytes, gate: str = "") -> Sanitized:
    return Sanitizer(sandbox, detectors).sanitize(data, Policy.parse(POLICY.format(lines, gate)))


def visible(result: Sanitized) -> set[tuple[int, int, int]]:
    with Image.open(io.BytesIO(result.encoded.data)) as image:
        shows = bar(np.asarray(image.convert("RGB")))
    return {colour for colour in SAYS if shows(colour)}


def test_only_the_line_that_is_surely_no_identifier_is_shown(sandbox: Sandbox) -> None:
    assert visible(sanitized(sandbox, "identifiers", picture())) == {HARMLESS}
    assert visible(sanitized(sandbox, "all", picture())) == set()


def test_whoever_the_header_names_is_hidden_in_the_pixels(sandbox: Sandbox) -> None:
    assert visible(sanitized(sandbox, "identifiers", picture(author="Miss Stop"))) == set()


def test_the_recheck_does_not_take_a_shown_line_for_a_missed_one(sandbox: Sandbox) -> None:
    result = sanitized(sandbox, "identifiers", picture(), "recheck: true")
    assert (visible(result), result.plan.verdict) == ({HARMLESS}, Verdict.RELEASE)


def test_the_report_says_why_and_never_what(sandbox: Sandbox, tmp_path: Path) -> None:
    outcome = anonymized(sandbox, tmp_path)
    told = json.dumps(outcome.to_dict())
    assert outcome.status is Status.ANONYMIZED
    assert [one["reading"] for one in outcome.detections] == ["harmless", "name", "unsure"]
    assert not [word for word in ("jane", "davidson", "stop", "author", "miss") if word in told.lower()]


def anonymized(sandbox: Sandbox, folder: Path) -> Outcome:
    source = folder / "in.png"
    source.write_bytes(picture(author="Jane Davidson"))
    name = PurePosixPath("out.png")
    job = Job(0, source, {".png": name}, (name,))
    policy = Policy.parse(POLICY.format("identifiers", ""))
    facts = RunFacts({"name": policy.name, "version": policy.version, "overrides": {}})
    return anonymize_file(
        job, Sanitizer(sandbox, detectors), policy, folder / "out", facts=facts, max_bytes=10**6
    )


def test_a_preview_tells_what_is_newly_shown_and_what_lines_were_read_as(sandbox: Sandbox) -> None:
    old, new = (Policy.parse(POLICY.format(lines, "")) for lines in ("all", "identifiers"))
    trial = PolicyTrial(lambda _: picture(), sandbox, detectors)
    counts = summary(trial.run([asset_record("asset-1")], old, new))
    assert (counts["newly_shown"], counts["newly_hidden"]) == ({"text": 1}, {})
    assert counts["readings_after"] == {
        Reading.HARMLESS.value: 1,
        Reading.NAME.value: 1,
        Reading.UNSURE.value: 1,
    }
