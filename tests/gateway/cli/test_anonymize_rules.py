"""Policies and options: what overrides what, what waits for a person, what an earlier run left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from policies.policy import load_policy
from tests.gateway.cli.conftest import jpeg_of
from tests.gateway.cli.runs import Run, anonymize, changed, files
from tests.support.ocr import needs_ocr, without_ocr

SURE_OF_NOTHING = """
name: sure-of-nothing
rules:
  - kind: face
    method: fill
    detectors: [centerface]
    hide: 1.0
"""


IDENTIFIERS = """
name: only-identifiers
rules:
  - kind: text
    method: fill
    detectors: [ppocr]
    lines: identifiers
"""


@pytest.fixture(scope="module")
def doubtful(
    portrait: Image.Image, model_store: object, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Run]:
    """A run in which the face is doubtful, into a folder where an earlier run was surer, and was killed."""
    root = tmp_path_factory.mktemp("doubtful")
    (root / "in" / "sub").mkdir(parents=True)
    portrait.save(root / "in" / "sub" / "face.png")
    (root / "in" / "note.jpg").write_text("no image any more")
    (root / "policy.yaml").write_text(SURE_OF_NOTHING)
    for stale in ("sub/face.png", "note.jpg", "needs-review/note.jpg", "other.jpg"):
        (root / "out" / stale).parent.mkdir(parents=True, exist_ok=True)
        (root / "out" / stale).write_bytes(b"of an earlier run")
    (root / "out" / "sub" / ".privgate-0123456789abcdef.part").write_bytes(b"half an image")
    (root / "out" / "sub" / "theirs.part").write_bytes(b"somebody else's")
    policy = root / "policy.yaml"
    run = anonymize(root / "in", "--out", root / "out", "--policy", policy, report=root / "report.jsonl")
    return root, run


def test_what_is_doubtful_waits_for_a_person(doubtful: tuple[Path, Run]) -> None:
    _, run = doubtful
    line = run.line("face.png")
    assert run.status == 3
    assert line["status"] == "needs_review"
    assert line["reason"] == "face.doubtful"
    assert line["output"] == "needs-review/sub/face.png"
    assert line["policy"] == {
        "name": "sure-of-nothing",
        "version": line["policy"]["version"],
        "overrides": {},
    }


def test_a_copy_that_waits_has_everything_found_so_far_redacted(
    doubtful: tuple[Path, Run], portrait: Image.Image
) -> None:
    root, run = doubtful
    region = run.line("face.png")["redactions"][0]["region"]
    box = (region["x0"], region["y0"], region["x1"], region["y1"])
    with Image.open(root / "out" / "needs-review" / "sub" / "face.png") as copy:
        assert changed(portrait, copy) == box
        assert len(copy.crop(box).getcolors() or ()) == 1  # filled


def test_what_an_earlier_run_wrote_for_these_inputs_is_gone_and_nothing_else(
    doubtful: tuple[Path, Run],
) -> None:
    root, _ = doubtful
    assert files(root / "out") == {"needs-review/sub/face.png", "other.jpg", "sub/theirs.part"}


def test_kinds_and_method_override_the_policy_and_the_report_says_so(
    portrait: Image.Image, tmp_path: Path
) -> None:
    """Also --names random: one run serves both."""
    source = tmp_path / "Jane Doe.png"
    portrait.save(source)
    out = tmp_path / "out"
    options = ("--kinds", "license_plate", "--method", "fill", "--names", "random")
    run = anonymize(source, "--out", out, *options, report=tmp_path / "report.jsonl")
    (line,) = run.lines
    assert run.status == 0
    assert line["policy"]["overrides"] == {"kinds": "license_plate", "method": "fill"}
    assert line["policy"]["version"] != load_policy("street").version
    assert "centerface" not in line["models"]
    (name,) = files(out)
    with Image.open(out / name) as copy:  # the face is not of this kind, and nothing else is there
        assert np.array_equal(np.asarray(copy), np.asarray(portrait))
    assert line["output"] == name
    assert line["input"] == str(source)
    assert "Jane" not in name
    assert name.endswith(".png")


def test_a_policy_whose_detector_is_missing_refuses_before_anything_is_written(
    portrait: Image.Image, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg_of(portrait))
    (tmp_path / "policy.yaml").write_text(SURE_OF_NOTHING.replace("centerface", "crystal-ball"))
    before = files(tmp_path)
    run = anonymize(
        tmp_path / "a.jpg",
        *("--out", tmp_path / "out", "--policy", tmp_path / "policy.yaml", "--html", tmp_path / "page.html"),
        report=tmp_path / "report.jsonl",
    )
    assert run.status == 2
    assert "crystal-ball" in run.err
    assert "write some of centerface, clp" in run.err
    assert len(run.err.splitlines()) == 1
    assert files(tmp_path) == before
    assert not (tmp_path / "out").exists()


@without_ocr
def test_a_policy_that_reads_lines_refuses_without_the_extra(portrait: Image.Image, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg_of(portrait))
    (tmp_path / "policy.yaml").write_text(IDENTIFIERS)
    run = anonymize(tmp_path / "a.jpg", "--out", tmp_path / "out", "--policy", tmp_path / "policy.yaml")
    assert run.status == 2
    assert run.err.count("`make install EXTRAS=ocr`") == 1
    assert len(run.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@needs_ocr
def test_a_policy_that_reads_lines_shows_what_names_nobody(tmp_path: Path) -> None:
    page = Image.new("RGB", (640, 240), (245, 245, 240))
    font, draw = ImageFont.load_default(48), ImageDraw.Draw(page)
    draw.text((60, 40), "PORTABLE", font=font, fill=(20, 20, 30))
    draw.text((60, 150), "Jane Davidson", font=font, fill=(20, 20, 30))
    page.save(tmp_path / "a.png")
    (tmp_path / "policy.yaml").write_text(IDENTIFIERS)
    out, options = tmp_path / "out", ("--policy", tmp_path / "policy.yaml")
    run = anonymize(tmp_path / "a.png", "--out", out, *options, report=tmp_path / "report.jsonl")
    assert run.status == 0, run.err
    with Image.open(out / "a.png") as copy:
        after = np.asarray(copy.convert("RGB"))
    before = np.asarray(page)
    assert (after[:130] == before[:130]).all()
    assert not (after[150:210, 60:400] == before[150:210, 60:400]).all(axis=2).any()
    (line,) = run.lines
    assert {one["reading"] for one in line["detections"]} == {"harmless", "name"}


def test_absent_models_refuse_and_name_the_command_that_brings_them(
    portrait: Image.Image, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg_of(portrait))
    run = anonymize(
        tmp_path / "a.jpg", "--out", tmp_path / "out", PRIVGATE_MODELS=str(tmp_path / "no-models")
    )
    assert run.status == 2
    assert "absent: run `privgate models fetch`" in run.err
    assert not (tmp_path / "out").exists()
