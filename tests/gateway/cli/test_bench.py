"""`privgate bench` on the packaged photo: the real path, another tool beside it, and what is written."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gateway.bench.results import Results, to_document
from gateway.cli import main
from gateway.detection.models import ModelStore
from tests.gateway.bench.codes import code_picture
from tests.gateway.bench.labelled import noise, run_of, write_set
from tests.gateway.cli.runs import COMMAND, astronaut, files
from tests.support.pictures import FACE

X0, Y0, X1, Y1 = FACE
COPY = shlex.join([sys.executable, "-c", "import shutil, sys; shutil.copyfile(*sys.argv[1:])"])


def bench(models: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, "bench", *map(str, words)],
        env={**os.environ, "PRIVGATE_MODELS": str(models)},
        capture_output=True,
        text=True,
        timeout=300,
    )


@dataclass(frozen=True)
class Benched:
    """One run over three images, and where its files are."""

    folder: Path
    said: str
    status: int

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / "result.json").read_text())
        return document


@pytest.fixture(scope="module")
def benched(model_store: ModelStore, tmp_path_factory: pytest.TempPathFactory) -> Benched:
    """The astronaut upright, and lying with an orientation; noise without a face; a tool that copies."""
    folder = tmp_path_factory.mktemp("bench")
    portrait = astronaut(model_store.folder)
    pixels = np.asarray(portrait)
    corners = [(float(X0), float(Y0), float(X1 - X0), float(Y1 - Y0))]
    write_set(
        folder / "data",
        {"upright.png": pixels, "turned.jpg": pixels, "empty.png": noise(64, 96)},
        {"upright.png": corners, "turned.jpg": corners},
    )
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    turned = folder / "data" / "images" / "turned.jpg"
    portrait.transpose(Image.Transpose.ROTATE_90).save(turned, quality=95, exif=exif)
    done = bench(
        model_store.folder, folder / "data", "--kinds", "face", "--method", "fill", "--jobs", "1",
        "--against", f"{COPY} {{input}} {{output}}", "--keep", folder / "kept",
        "--json", folder / "result.json", "--html", folder / "report.html",
        "--misses", folder / "misses.html",
    )  # fmt: skip
    assert done.stderr == ""
    return Benched(folder, done.stdout, done.returncode)


def test_faces_are_found_hidden_upright_and_turned(benched: Benched) -> None:
    assert benched.status == 0, benched.said
    ours, theirs = benched.document["runs"]
    assert [image["state"] for image in ours["images"]] == ["released"] * 3
    (face,) = ours["summary"]["kinds"]
    assert (face["all"]["count"], face["all"]["covered"]["value"]) == (2, 1.0)
    assert list(face["by_height"]) == ["128 and more"]
    (copied,) = theirs["summary"]["kinds"]
    assert copied["all"]["hidden"]["value"] == 0.0


def test_the_tool_that_only_copies_loses_image_by_image(benched: Benched) -> None:
    (found,) = benched.document["comparisons"]
    assert (found["won"], found["lost"], found["same"]) == (2, 0, 0)
    assert "images: 2 won, 0 lost" in benched.said


def test_the_copies_that_are_kept_are_what_was_scored(benched: Benched) -> None:
    """Over-redaction and the box, reckoned anew from the kept file."""
    kept = benched.folder / "kept" / "product" / "data" / "images" / "upright.png"
    with Image.open(kept) as image, Image.open(benched.folder / "data" / "images" / "upright.png") as source:
        shown, before = np.asarray(image.convert("RGB")).astype(int), np.asarray(source).astype(int)
    first = benched.document["runs"][0]["images"][0]
    changed = np.abs(shown - before).max(axis=2) > 0
    tenth = (X1 - X0) // 10, (Y1 - Y0) // 10
    inner = changed[Y0 + tenth[1] : Y1 - tenth[1], X0 + tenth[0] : X1 - tenth[0]]
    assert first["boxes"][0]["changed"] == pytest.approx(inner.mean(), abs=0.05)
    assert 0 <= first["over"] <= changed.sum()


def test_it_tells_what_each_detector_takes_and_the_peak_of_memory(benched: Benched) -> None:
    steps = {step["name"]: step for step in benched.document["profile"]}
    assert steps["centerface"]["part_of"] == "detect"
    assert steps["detect"]["milliseconds"] >= steps["centerface"]["milliseconds"] > 0
    peaks = benched.document["runs"][0]["peak_bytes"]
    assert peaks["worker"] > peaks["decoder"] > 10_000_000


def test_the_report_and_the_sheet_are_written_and_the_sheet_is_for_its_owner(benched: Benched) -> None:
    assert "<svg" in (benched.folder / "report.html").read_text()
    sheet = benched.folder / "misses.html"
    assert "must not be shown" in sheet.read_text()
    assert stat.S_IMODE(sheet.stat().st_mode) == 0o600
    assert "it shows what must not be shown" in benched.said


CODES = """
name: codes
rules:
  - {kind: code, method: fill, detectors: [zxing]}
"""


@pytest.fixture(scope="module")
def swept(model_store: ModelStore, tmp_path_factory: pytest.TempPathFactory) -> Benched:
    """Codes, for their detector is quick; one of the files is no image."""
    folder = tmp_path_factory.mktemp("codes")
    names = [f"{number}.png" for number in range(6)]
    boxes = {name: [(40.0, 30.0, 100.0, 100.0)] for name in names}
    pictures = {name: code_picture(name) for name in names}
    write_set(folder / "data", pictures, boxes, categories=[{"id": 1, "name": "qr"}])
    (folder / "data" / "images" / BROKEN).write_bytes(b"no image")
    (folder / "codes.yaml").write_text(CODES)
    done = sweep(model_store.folder, folder, "--profile")
    assert done.stderr == ""
    return Benched(folder, done.stdout, done.returncode)


BROKEN = "4.png"
REPORTED = ["data/images/1.png", "data/images/2.png", "data/images/4.png"]
"""By the digests of the names."""


def sweep(models: Path, folder: Path, *more: str | Path) -> subprocess.CompletedProcess[str]:
    words = ("--policy", folder / "codes.yaml", "--category", "qr=code", "--jobs", "1", "--sweep")
    kept = ("--keep", folder / "kept", "--json", folder / "result.json", "--html", folder / "report.html")
    return bench(models, folder / "data", *words, *kept, *more)


def test_thresholds_are_chosen_on_one_half_and_reported_on_the_other(swept: Benched) -> None:
    (found,) = swept.document["sweep"]
    assert (found["kind"], found["points"][0]["recall"]["part"]) == ("code", 3)
    for run in swept.document["runs"]:
        assert [image["name"] for image in run["images"]] == REPORTED
        assert run["summary"]["kinds"][0]["all"]["covered"]["part"] == 2
    assert "chosen" in swept.said
    page = (swept.folder / "report.html").read_text()
    assert "Thresholds of code, on the half for choosing" in page
    assert "<polyline" in page


def test_what_is_refused_counts_as_leaked_and_makes_status_3(swept: Benched) -> None:
    assert swept.status == 3
    refused = swept.document["runs"][0]["images"][2]
    assert (refused["state"], refused["boxes"][0]["judgement"]) == ("refused", "leaked")
    assert f"not compared: data/images/{BROKEN}: nothing was written, format." in swept.said


def test_the_profile_tells_the_whole_gateways_path_stage_by_stage(swept: Benched) -> None:
    for name in ("profile", "gateway_profile"):
        stages = [step for step in swept.document[name] if not step["part_of"]]
        assert sum(step["share"] for step in stages) == pytest.approx(1)
        assert {"decode", "detect", "plan", "redact", "encode", "check"} <= {step["name"] for step in stages}
    assert {"intake.seal", "intake.blob", "intake.row", "open", "put", "settle"} <= {
        s["name"] for s in stages
    }
    assert "The whole gateway, 2 images: 0." in swept.said


def test_a_kept_run_is_gone_on_with_and_compared_to_itself(swept: Benched, model_store: ModelStore) -> None:
    """Of the last image but the record is lost, so it is done again; the others are as they were."""
    record = swept.folder / "kept" / "product" / "bench.jsonl"
    lines = record.read_text().splitlines()
    record.write_text("\n".join(lines[:-1]) + "\n")
    copy = swept.folder / "kept" / "product" / "data" / "images" / "1.png"
    before = copy.stat().st_mtime_ns
    done = sweep(model_store.folder, swept.folder, "--compare", swept.folder / "result.json")
    assert (done.returncode, done.stderr) == (3, "")
    assert "images: 0 won, 0 lost, 3 alike" in done.stdout
    assert len(record.read_text().splitlines()) == len(lines) == 4
    assert copy.stat().st_mtime_ns == before


USAGE = {
    "no data": ("{0}/nowhere", "no such folder"),
    "no annotations": ("{0}/data/images", "annotations.json"),
    "an unknown kind": ("{0}/data --kinds faces", "the kinds are face"),
    "a kind that the policy lacks": ("{0}/data --kinds text", "has no rule for text"),
    "a kind that nobody labelled": (
        "{0}/data --kinds license_plate",
        "labels no license_plate; it labels f",
    ),
    "images that are not there": ("{0}/gone", "named in the annotations and not there"),
    "an unknown half": ("{0}/data --half third", "'third'"),
    "a half without an image": ("{0}/data --half report", "no image is left"),
    "sweeping a half": ("{0}/data --sweep --half report", "leave --half out"),
    "sweeping with one half empty": ("{0}/data --sweep", "no image is left"),
    "a bar that is no share": ("{0}/data --inner 2", "a share above 0"),
    "a ceiling that is no share": ("{0}/data --sweep --max-over 2", "is no share"),
    "a category that is told wrongly": ("{0}/data --category face", "NAME=KIND"),
    "a tool without places": ("{0}/data --against cp", "{input} and {output}"),
    "a tool that is not there": ("{0}/data --against nope:{{input}}:{{output}}", "no command nope"),
    "no result file": ("{0}/data --compare {0}/data/annotations.json", "no result file"),
    "a result of other images": ("{0}/data --compare {0}/other.json", "looked at none of these images"),
    "a report in no folder": ("{0}/data --html {0}/no/where.html", "cannot be written"),
    "one file for two": ("{0}/data --html {0}/a --json {0}/a", "the same file"),
    "files among the data": ("{0}/data --json {0}/data/r.json", "lies in the data"),
    "copies among the data": ("{0}/data --keep {0}/data/out", "lies in the data"),
    "a folder of other things": ("{0}/data --keep {0}/gone/images", "is not empty"),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data: one image, in the half for choosing; gone: one image that is not there."""
    folder = tmp_path_factory.mktemp("usage")
    write_set(folder / "data", {"3.png": noise(9, 9)}, {"3.png": [(1, 1, 5, 5)]})
    write_set(folder / "gone", {"a.png": noise(9, 9)}, {"a.png": [(1, 1, 5, 5)]})
    earlier = Results({}, (run_of("earlier", {"elsewhere/a.png": "c"}),), (), ())
    (folder / "other.json").write_text(json.dumps(to_document(earlier)))
    (folder / "gone" / "images" / "a.png").rename(folder / "gone" / "images" / "b.png")
    (folder / "gone" / "images" / "product").mkdir()
    (folder / "gone" / "images" / "product" / "thesis.txt").touch()
    return folder


@pytest.mark.parametrize("case", USAGE)
def test_wrong_usage(
    case: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process: what is tried is over before a worker would be started."""
    line, said = USAGE[case]
    before = files(place)
    words = [word.format(place).replace(":", " ") for word in line.split()]
    monkeypatch.setattr(sys, "argv", ["privgate", "bench", *words])
    with pytest.raises(SystemExit) as end:
        main()
    told = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert end.value.code == 2, told
    assert said in told
    assert files(place) == before
