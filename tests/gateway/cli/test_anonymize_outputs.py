"""What `privgate anonymize` writes: the right files, in the right shape, with nothing in them but pixels."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.gateway.cli.conftest import MARKUP, NEWLINE, NOT_UTF8, SECRET, UNICODE, Everything
from tests.gateway.cli.runs import anonymize, changed, files, without_times
from tests.support.exif_witness import PLAIN_TAGS

WRITTEN = {
    "turned.jpg",
    "plain.png",
    "web.webp",
    "photo.jpg",  # from photo.heic
    "moving.webp",  # from moving.gif
    "pages.tif",
    "page.png",  # from page.tiff, which has one
    "drawing.png",  # from drawing.bmp
    "lies.png",  # a PNG that is called lies.jpg
    "no-ending.jpg",
    "sp ace/a b.jpeg",
    "x.jpg/inner.jpg",
    NEWLINE,
    MARKUP,
    NOT_UTF8,
    UNICODE,
}

REFUSED = {
    "empty.jpg": "file.empty",
    "note.txt": "format.text",
    "cut.jpg": "image.malformed",
    "loop.jpg": "file.unreadable",
    "gone.jpg": "file.unreadable",
    "up": "folder.link",
    "pipe.jpg": "file.not_regular",
}

# What exiftool itself says of a file's place and shape; JFIF and VP8 are parts of the file structure.
STRUCTURE = {"ExifTool", "System", "File", "JFIF", "PNG", "RIFF", "Composite"}


def test_the_tree_is_kept_and_endings_are_true(everything: Everything) -> None:
    assert files(everything.out) == WRITTEN


def test_what_cannot_be_taken_is_refused_with_its_reason_and_what_to_do(everything: Everything) -> None:
    refused = {Path(line["input"]).name: line for line in everything.run.lines if line["status"] == "refused"}
    assert {name: line["reason"].split(":")[0] for name, line in refused.items()} == REFUSED
    assert all(line["advice"] and line["output"] is None for line in refused.values())


def test_some_refused_is_status_3_and_each_is_named_on_stderr(everything: Everything) -> None:
    assert everything.run.status == 3
    assert f"{len(WRITTEN)} anonymized, 0 for review, {len(REFUSED)} refused" in everything.run.out
    for name in REFUSED:
        assert f"/{name}: " in everything.run.err


def test_there_is_no_progress_bar_off_a_terminal(everything: Everything) -> None:
    assert len(everything.run.err.splitlines()) == len(REFUSED)
    assert "\x1b" not in everything.run.err


def test_exiftool_finds_structure_only(everything: Everything) -> None:
    command = ["exiftool", "-a", "-u", "-G1", "-json", "-r", str(everything.out)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=300).stdout)
    assert len(told) == len(WRITTEN)
    for image in told:
        groups = {key.partition(":")[0] for key in image if ":" in key}
        pages = {f"IFD{page}" for page in range(3)} if image["File:FileType"] == "TIFF" else set()
        assert groups <= STRUCTURE | pages, image
        assert {key for key in image if key.partition(":")[0] in pages} <= {
            f"{page}:{tag}" for page in pages for tag in PLAIN_TAGS["IFD"]
        }
        assert not {"PNG:Warning", "File:Comment", "ExifTool:Warning"} & image.keys()


def test_no_seeded_word_survives(everything: Everything) -> None:
    assert any(SECRET.encode() in path.read_bytes() for path in everything.inputs.iterdir() if path.is_file())
    for name in files(everything.out):
        assert SECRET.encode() not in (everything.out / name).read_bytes()


def test_the_pixel_geometry_is_that_of_the_oriented_original(everything: Everything) -> None:
    with Image.open(everything.inputs / "turned.jpg") as lying:
        assert lying.size == (352, 448)
    with Image.open(everything.out / "turned.jpg") as upright:
        assert upright.size == (448, 352)
    assert everything.run.line("turned.jpg")["size"] == {"width": 448, "height": 352}


def test_the_face_in_a_turned_photo_is_found_upright(everything: Everything, portrait: Image.Image) -> None:
    (detection,) = [one for one in everything.run.line("turned.jpg")["detections"] if one["kind"] == "face"]
    region = detection["region"]
    assert detection["kind"] == "face"
    # Where the face is in the upright portrait: between the collar and the hair.
    assert 160 <= region["x0"] < 200
    assert 250 < region["x1"] <= 290
    assert 30 <= region["y0"] < 90
    assert 160 < region["y1"] <= 210


def test_a_lossless_copy_changes_nothing_but_what_is_redacted(
    everything: Everything, portrait: Image.Image
) -> None:
    line = everything.run.line("plain.png")
    (redaction,) = line["redactions"]
    region = redaction["region"]
    with Image.open(everything.out / "plain.png") as copy:
        x0, y0, x1, y1 = changed(portrait, copy)
    assert region["x0"] <= x0 < x1 <= region["x1"]
    assert region["y0"] <= y0 < y1 <= region["y1"]
    assert (x1 - x0) * (y1 - y0) > 0.9 * (region["x1"] - region["x0"]) * (region["y1"] - region["y0"])


def test_a_heic_file_comes_out_as_an_upright_jpeg(everything: Everything) -> None:
    with Image.open(everything.out / "photo.jpg") as copy:
        assert copy.format == "JPEG"
        size = {"width": copy.width, "height": copy.height}
    assert everything.run.line("photo.heic")["size"] == size


@pytest.mark.parametrize(("name", "copy"), [("moving.gif", "moving.webp"), ("pages.tif", "pages.tif")])
def test_every_frame_comes_out(everything: Everything, name: str, copy: str) -> None:
    with Image.open(everything.out / copy) as frames:
        assert getattr(frames, "n_frames", 1) == 3
    assert everything.run.line(name)["frames"] == 3


def test_the_report_has_a_whole_line_for_each_file_in_their_order(everything: Everything) -> None:
    assert len(everything.run.lines) == len(WRITTEN) + len(REFUSED)
    names = [
        line["input"] for line in everything.run.lines if Path(line["input"]).parent == everything.inputs
    ]
    assert names == sorted(names)
    for line in everything.run.lines:
        assert line.keys() == {
            *("input", "output", "status", "reason", "advice", "size", "frames", "detections", "redactions"),
            *("policy", "models", "absent", "precision", "milliseconds", "sha256", "kept"),
        }
        assert line["policy"]["version"].startswith("sha256:")
        assert {"centerface", "clp-det"} <= line["models"].keys()
        assert all(len(digest) == 64 for digest in line["models"].values())
        assert line["precision"] == "f32"


def test_the_report_tells_what_was_found_and_by_whom(everything: Everything) -> None:
    line = everything.run.line("plain.png")
    (detection,) = [one for one in line["detections"] if one["kind"] == "face"]
    assert detection["score"] > 0.5
    assert "centerface" in detection["source"]
    assert line["milliseconds"].keys() == {"decode", "detect", "plan", "redact", "encode", "check"}
    assert line["milliseconds"]["detect"] > 0


def test_the_report_names_each_output_and_its_sha256(everything: Everything) -> None:
    named = {line["output"]: line["sha256"] for line in everything.run.lines if line["output"]}
    assert named == {
        name: hashlib.sha256((everything.out / name).read_bytes()).hexdigest() for name in WRITTEN
    }


def test_the_same_inputs_give_the_same_bytes_and_the_same_report(
    everything: Everything, tmp_path: Path
) -> None:
    again = anonymize(everything.inputs, "--out", tmp_path / "out", report=tmp_path / "report.jsonl")
    assert without_times(again.lines) == without_times(everything.run.lines)
    for name in WRITTEN:
        assert (tmp_path / "out" / name).read_bytes() == (everything.out / name).read_bytes()


@pytest.mark.parametrize("name", ["turned.jpg", "plain.png", "web.webp"])
def test_the_face_itself_is_gone(everything: Everything, portrait: Image.Image, name: str) -> None:
    """The eyes of the portrait: nothing near what was there is there now."""
    eyes = (200, 95, 248, 120)
    with Image.open(everything.out / name) as copy:
        after = np.asarray(copy.convert("L").crop(eyes), np.float64)
    before = np.asarray(portrait.convert("L").crop(eyes), np.float64)
    if after.std() >= 0.5 * before.std():  # not flat, and so not a few cells
        assert abs(np.corrcoef(before.ravel(), after.ravel())[0, 1]) < 0.5
