"""Texts in a PNG name people, and have no say in its pixels, whatever they call themselves."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image

from gateway.imaging.decode import Limits, decode
from gateway.imaging.png_texts import texts, without_texts
from tests.gateway.imaging.samples import png_chunk, quadrants, save, scene

# What Pillow calls what it knows of a picture, and where it looks for EXIF besides.
NAMES = (
    *("default_image", "duration", "loop", "bbox", "blend", "disposal", "timestamp", "background"),
    *("transparency", "exif", "icc_profile", "interlace", "gamma", "dpi", "srgb", "aspect"),
    *("XML:com.adobe.xmp", "Raw profile type exif"),
)

STILL = save(Image.fromarray(quadrants()), "PNG")
MOVING = save(
    Image.fromarray(scene(64, 48, 0)),
    "PNG",
    save_all=True,
    append_images=[Image.fromarray(scene(64, 48, seed)) for seed in (1, 2)],
    duration=[40, 100, 70],
    loop=3,
)

PLACES = ((STILL, (b"IDAT", b"IEND")), (MOVING, (b"acTL", b"IDAT", b"fcTL", b"fdAT", b"IEND")))
"""In front of which chunks a text is put."""


def turned() -> bytes:
    """EXIF that says to turn the picture."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    return exif.tobytes()


def values(name: str) -> list[bytes]:
    """What a reader that takes the text for its own knowledge would act upon."""
    xmp = b'<x tiff:Orientation="6"/>'
    raw = b"\nexif\n%8d\n" % len(turned()) + turned().hex().encode()
    return [b"", b"1", b"200", turned(), raw, xmp] if name != "exif" else [turned()]


def text_chunk(kind: bytes, name: str, value: bytes) -> bytes:
    key = name.encode("latin-1") + b"\0"
    match kind:
        case b"tEXt":
            return png_chunk(kind, key + value)
        case b"zTXt":
            return png_chunk(kind, key + b"\0" + zlib.compress(value))
        case _:
            return png_chunk(kind, key + b"\0\0en\0" + key + value)


def with_chunk(data: bytes, chunk: bytes, before: bytes) -> bytes:
    at = data.index(before) - 4
    return data[:at] + chunk + data[at:]


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt"])
@pytest.mark.parametrize("name", NAMES)
def test_a_text_changes_neither_pixels_nor_times(name: str, kind: bytes) -> None:
    for data, places in (
        (STILL, (b"IDAT", b"IEND")),
        (MOVING, (b"acTL", b"IDAT", b"fcTL", b"fdAT", b"IEND")),
    ):
        wanted = decode(data, Limits())
        for value in values(name):
            for place in places:
                decoded = decode(with_chunk(data, text_chunk(kind, name, value), place), Limits())
                assert decoded.timing == wanted.timing
                assert len(decoded.frames) == len(wanted.frames)
                for frame, other in zip(decoded.frames, wanted.frames, strict=True):
                    assert np.array_equal(frame, other)


def test_the_words_of_every_kind_of_text_are_found() -> None:
    data = STILL
    for kind, value in ((b"tEXt", "Ada \xdcbel"), (b"zTXt", "Jane Doe"), (b"iTXt", "Özgür")):
        encoded = value.encode("utf-8" if kind == b"iTXt" else "latin-1")
        data = with_chunk(data, text_chunk(kind, "Author", encoded), b"IEND")
    packed = png_chunk(b"iTXt", b"Author\0\1\0\0\0" + zlib.compress(b"Somebody"))
    assert decode(with_chunk(data, packed, b"IDAT"), Limits()).words == {
        *("ada", "ubel", "jane", "doe", "ozgur", "somebody")
    }


def test_a_text_that_unfolds_without_end_costs_next_to_nothing() -> None:
    bomb = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"who " * 10_000_000))
    assert max(len(text) for text in texts(with_chunk(STILL, bomb, b"IDAT"))) <= 16_000
    assert np.array_equal(decode(with_chunk(STILL, bomb * 20, b"IDAT"), Limits()).pixels, quadrants())


@pytest.mark.parametrize(
    "damaged",
    [
        png_chunk(b"tEXt", b"no separator"),
        png_chunk(b"zTXt", b"Author\0\0not packed"),
        png_chunk(b"iTXt", b"Author\0\1\0"),
        png_chunk(b"tEXt", b"Author\0Jane")[:-4] + b"CRC!",
        png_chunk(b"iTXt", b""),
    ],
    ids=["no-separator", "not-packed", "cut", "checksum", "empty"],
)
def test_a_damaged_text_refuses_nothing(damaged: bytes) -> None:
    assert np.array_equal(decode(with_chunk(STILL, damaged, b"IDAT"), Limits()).pixels, quadrants())


def test_a_file_without_texts_is_not_copied() -> None:
    assert without_texts(STILL) is STILL
    assert without_texts(with_chunk(STILL, text_chunk(b"tEXt", "a", b"b"), b"IDAT")) == STILL
    cut = text_chunk(b"tEXt", "a", b"b" * 100)[:50]
    assert without_texts(STILL + cut) == STILL
