"""Ellipses, polygons and zones from a policy's file to the finished copy: one scene, one run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

from gateway.cli import app
from policies.model import Redaction
from policies.shapes import Ellipse, Polygon
from tests.gateway.cli.runs import Run, anonymize

SCENE = (1180, 560)
LEFT, RIGHT = (20, 40), (640, 40)
"""Where the portrait stands twice: a person, and a poster that the officer declared."""

POLICY = """
name: yard
rules:
  - {kind: face, method: mosaic, detectors: [centerface], shape: ellipse, hide: 0.8, review: 0.8}
  - {kind: text, method: fill, detectors: [ppocr], shape: polygon}
zones:
  - name: camera overlay
    hide: [0, 0, 1180, 24]
    frame: [1180, 560]
  - name: poster
    keep: [0.54, 0.05, 0.8, 0.65]
    kinds: [face]
    reason: a printed portrait at the gate
"""


@dataclass(frozen=True)
class Done:
    run: Run
    original: Path
    copy: Path
    report: Path

    @property
    def line(self) -> dict[str, Any]:
        return self.run.lines[0]

    def pixels(self, path: Path) -> NDArray[np.uint8]:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))


def tilted_line() -> Image.Image:
    """Words at 40 degrees on transparent ground."""
    words = Image.new("RGBA", (420, 60), (0, 0, 0, 0))
    ImageDraw.Draw(words).text((10, 4), "RESTRICTED AREA", font=ImageFont.load_default(44), fill=(20, 20, 20))
    return words.rotate(40, expand=True, resample=Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def done(portrait: Image.Image, tmp_path_factory: pytest.TempPathFactory) -> Done:
    root = tmp_path_factory.mktemp("shapes")
    scene = Image.new("RGB", SCENE, (236, 234, 228))
    for at in (LEFT, RIGHT):
        scene.paste(portrait.resize((300, 300)), at)
    words = tilted_line()
    scene.paste(words, (330, 200), words)
    (root / "in").mkdir()
    scene.save(root / "in" / "yard.png")
    (root / "policy.yaml").write_text(POLICY)
    report = root / "report.jsonl"
    run = anonymize(root / "in", "--out", root / "out", "--policy", root / "policy.yaml", report=report)
    name = run.lines[0]["output"] if run.lines else ""
    return Done(run, root / "in" / "yard.png", root / "out" / name, report)


def hidden(done: Done, kind: str) -> list[Redaction]:
    return [Redaction.parse(one) for one in done.line["redactions"] if one["kind"] == kind]


def test_a_face_is_hidden_in_an_ellipse_and_the_declared_one_is_counted(done: Done) -> None:
    (face,) = hidden(done, "face")
    assert isinstance(face.outline, Ellipse)
    assert face.region.x1 <= LEFT[0] + 300
    assert done.line["kept"] == 1
    before, after = done.pixels(done.original), done.pixels(done.copy)
    poster = np.s_[50:170, 720:830]  # its face, at the edge of no line's margin
    assert np.array_equal(before[poster], after[poster])


def test_a_tilted_line_is_hidden_along_its_sides(done: Done) -> None:
    lines = [one for one in hidden(done, "text") if isinstance(one.outline, Polygon)]
    assert lines
    before, after = done.pixels(done.original), done.pixels(done.copy)
    around = np.s_[200:520, 345:640]
    dark = before[around].max(axis=2) < 60  # the ink
    assert not ((after[around] == before[around]).all(axis=2) & dark).any()
    biggest = max(lines, key=lambda one: one.pixels)
    assert biggest.pixels < 0.6 * biggest.region.area


def test_the_overlay_is_hidden_whatever_is_there(done: Done) -> None:
    assert len(np.unique(done.pixels(done.copy)[:24].reshape(-1, 3), axis=0)) == 1


def test_nothing_else_changed(done: Done) -> None:
    before, after = done.pixels(done.original), done.pixels(done.copy)
    mask = np.zeros(before.shape[:2], dtype=bool)
    for one in (Redaction.parse(each) for each in done.line["redactions"]):
        for y, (left, right) in enumerate(one.spans, one.region.y0):
            mask[y, left:right] = True
    assert np.array_equal(before[~mask], after[~mask])


def test_the_copy_is_proven_by_its_report(done: Done) -> None:
    proven = CliRunner().invoke(
        app, ["prove", str(done.original), str(done.copy), "--report", str(done.report)]
    )
    assert proven.exit_code == 0, proven.output
    assert proven.output.startswith("PROVEN")
