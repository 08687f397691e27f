"""What the hostile bench takes for carried over: it finds what is, and nothing that every file has."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from gateway.imaging.encode import encode
from gateway.imaging.image import ImageFormat
from tests.bench.hostile import Row, summary
from tests.bench.payloads import MARKER, carried_over, seeded
from tests.gateway.imaging.samples import save, scene

PIXELS = scene(64, 48)
FORMATS = [
    (ImageFormat.JPEG, False),
    (ImageFormat.PNG, True),
    (ImageFormat.WEBP, True),
    (ImageFormat.WEBP, False),
]


@pytest.mark.parametrize(("image_format", "lossless"), FORMATS)
def test_a_trailer_that_is_kept_is_found(image_format: ImageFormat, lossless: bool) -> None:
    original = encode(PIXELS, image_format, lossless=lossless).data
    assert carried_over(seeded(original), original + MARKER, image_format) == [MARKER]


@pytest.mark.parametrize(("image_format", "lossless"), FORMATS)
def test_a_fresh_file_of_the_same_pixels_carries_nothing(image_format: ImageFormat, lossless: bool) -> None:
    original = encode(PIXELS, image_format, lossless=lossless).data
    assert carried_over(seeded(original), original, image_format) == []


def test_a_comment_that_is_kept_is_found() -> None:
    original = save(Image.fromarray(PIXELS), "JPEG", comment=b"the name of a patient")
    assert carried_over(original, original, ImageFormat.JPEG) == [b"the name of a patient"]
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "somebody known")
    original = save(Image.fromarray(PIXELS), "PNG", pnginfo=text)
    found = carried_over(original, original, ImageFormat.PNG)
    assert any(run.startswith(b"somebody known") for run in found)


def test_of_a_file_that_cannot_be_read_every_run_counts() -> None:
    original = b"\xff\xd8\xff\xe0 no image, but words"
    assert carried_over(original, np.zeros(9, np.uint8).tobytes() + original, ImageFormat.JPEG)


def test_the_summary_counts_what_is_bad() -> None:
    rows = [
        Row("a.png", "worker", "copy", 1.0, 90.0),
        Row("b.png", "worker", "CRASH: KeyError: x", 0.1),
        Row("c.png", "worker", "decode.timeout", 20.0),
        Row("d.png", "worker", "copy", 1.0, 10.0, ("a script",)),
    ]
    assert [row.bad for row in rows] == [False, True, True, True]
    said = summary(rows)
    assert "4 inputs; 1 crashes of the service; 1 files over 10 s (slowest 20.0 s, c.png)" in said
    assert "1 payloads carried over" in said
