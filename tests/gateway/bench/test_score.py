"""The score of whole images, from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from gateway.bench.annotations import LabelledImage
from gateway.bench.change import LOOSE, Judgement
from gateway.bench.pixels import readings
from gateway.bench.score import NO_OUTPUT, score_file, score_pixels
from policies.model import Kind
from tests.gateway.bench.labelled import box, image, noise
from tests.gateway.cli.runs import HEIC

BARS = {Kind.FACE: LOOSE}


def test_covered_leaked_and_ignored_boxes_and_what_else_was_changed() -> None:
    before = noise(100, 100)
    after = before.copy()
    after[10:30, 10:30] = 255  # the first face, and nothing of its surroundings
    after[90:100, 0:100] = 0  # what nobody labelled: 1,000 pixels
    labels = image(
        "set/a.png",
        box(10, 10, 20, 20),
        box(60, 10, 20, 20, number=2),
        box(10, 60, 20, 20, number=3, scored=False),
    )
    score = score_pixels(labels, before, after, BARS)
    assert [(one.number, one.judgement) for one in score.boxes] == [
        (1, Judgement.COVERED),
        (2, Judgement.LEAKED),
    ]
    # All pixels but the three boxes, each grown by half.
    assert (score.over, score.outside) == (1000, 10_000 - 3 * 30 * 30)
    assert (score.leaked, score.uncovered) == (1, 1)


def test_kinds_that_are_not_asked_for_are_not_scored_and_not_over_redaction() -> None:
    before = noise(40, 40)
    score = score_pixels(image("set/a.png", box(0, 0, 40, 40)), before, 255 - before, {Kind.TEXT: LOOSE})
    assert score.boxes == ()
    assert score.over == 0


@pytest.fixture
def labelled(tmp_path: Path) -> LabelledImage:
    path = tmp_path / "in.png"
    Image.fromarray(noise(40, 60)).save(path)
    return image("set/in.png", box(20, 10, 20, 20), path=path)


def test_what_was_not_written_has_leaked(labelled: LabelledImage) -> None:
    score = score_file(labelled, None, BARS)
    assert score.failure == NO_OUTPUT
    assert [one.judgement for one in score.boxes] == [Judgement.LEAKED]
    assert score.over_share is None


@pytest.mark.parametrize("fault", ["another size", "no image", "not there"])
def test_what_cannot_be_compared_has_leaked(labelled: LabelledImage, tmp_path: Path, fault: str) -> None:
    output = tmp_path / "out.png"
    if fault == "another size":
        Image.fromarray(noise(60, 40)).save(output)
    elif fault == "no image":
        output.write_bytes(b"no image")
    score = score_file(labelled, output, BARS)
    assert score.failure
    assert [one.judgement for one in score.boxes] == [Judgement.LEAKED]


def test_both_sides_are_turned_upright(tmp_path: Path) -> None:
    """The label is in pixels of the upright image; the output needs no orientation of its own."""
    upright = noise(40, 60)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    lying = Image.fromarray(np.rot90(upright))
    lying.save(tmp_path / "in.png", exif=exif)
    hidden = upright.copy()
    hidden[5:15, 40:55] = 255
    Image.fromarray(hidden).save(tmp_path / "out.png")
    labels = image("set/in.png", box(40, 5, 15, 10), path=tmp_path / "in.png")
    score = score_file(labels, tmp_path / "out.png", BARS)
    assert [one.judgement for one in score.boxes] == [Judgement.COVERED]
    assert score.over == 0


def test_a_colour_profile_that_was_applied_is_no_change(tmp_path: Path) -> None:
    """A profile that swaps red and blue: applied or dropped, nothing was hidden by it."""
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = swapped.index(b"rXYZ"), swapped.index(b"bXYZ")
    swapped[red : red + 4], swapped[blue : blue + 4] = b"bXYZ", b"rXYZ"
    pixels = np.full((40, 60, 3), (200, 120, 40), np.uint8)
    source = Image.fromarray(pixels)
    source.save(tmp_path / "in.png", icc_profile=bytes(swapped))
    source.save(tmp_path / "dropped.png")
    Image.fromarray(pixels[:, :, ::-1].copy()).save(tmp_path / "applied.png")
    labels = image("set/in.png", box(0, 0, 4, 4), path=tmp_path / "in.png")
    for name in ("dropped.png", "applied.png"):
        score = score_file(labels, tmp_path / name, BARS)
        assert (score.failure, score.over) == (None, 0), name


def test_a_broken_profile_is_passed_over(tmp_path: Path) -> None:
    Image.fromarray(noise(8, 8)).save(tmp_path / "in.png", icc_profile=b"garbage")
    labels = image("set/in.png", box(0, 0, 4, 4), path=tmp_path / "in.png")
    assert score_file(labels, tmp_path / "in.png", BARS).leaked == 1


def test_heic_is_read(tmp_path: Path) -> None:
    labels = image("set/turned.heic", box(0, 0, 4, 4), path=HEIC)
    (upright,) = readings(HEIC)
    Image.fromarray(upright).save(tmp_path / "out.png")
    score = score_file(labels, tmp_path / "out.png", BARS)
    assert (score.failure, score.over, score.leaked) == (None, 0, 1)
