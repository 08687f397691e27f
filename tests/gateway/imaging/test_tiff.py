"""TIFF: every layout, depth and compression gives the same pixels; raw camera files are told apart."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from gateway.errors import InputRefused, MalformedImage, UnsupportedFormat
from gateway.imaging.decode import Limits, decode
from gateway.imaging.image import Pixels
from gateway.imaging.nesting import MAX_DIRECTORIES, MAX_ENTRIES, MAX_PIECES
from gateway.imaging.tiff import pages
from tests.gateway.imaging.samples import noise, save, scene
from tests.gateway.imaging.tiff_files import (
    ASCII,
    LONG,
    SHORT,
    Order,
    described,
    planar,
    striped,
    strips,
    tiff,
    tiled,
)

PICTURE = scene(45, 38)
DEEP = np.random.default_rng(3).integers(0, 65536, (38, 45, 3), dtype=np.uint16)


def shown(data: bytes) -> Pixels:
    return decode(data, Limits()).pixels


def refused(data: bytes) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        decode(data, Limits())
    return caught.value


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [1, 8])
def test_tiles_and_strips_give_the_same_pixels(order: Order, compression: int) -> None:
    in_strips = striped(PICTURE, 2, order=order, compression=compression)
    in_tiles = tiled(PICTURE, 2, order=order, compression=compression)
    assert np.array_equal(shown(in_strips), PICTURE)
    assert np.array_equal(shown(in_tiles), PICTURE)


@pytest.mark.parametrize("compression", [1, 8])
def test_channels_apart_give_the_same_pixels(compression: int) -> None:
    assert np.array_equal(shown(planar(PICTURE, 2, compression=compression)), PICTURE)


def test_big_tiff_is_read() -> None:
    page = (described(PICTURE, 2, rows=7), strips(PICTURE, 7))
    assert np.array_equal(shown(tiff(page, big=True)), PICTURE)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("write", [striped, tiled])
def test_sixteen_bits_keep_the_upper_byte_of_the_full_range(write: object, order: str) -> None:
    assert callable(write)
    for samples, photometric in ((DEEP, 2), (DEEP[..., 0], 1)):
        pixels = shown(write(np.ascontiguousarray(samples), photometric, order=order, compression=8))
        upper = (samples >> 8).astype(np.uint8)
        assert np.array_equal(pixels, upper if samples.ndim == 3 else np.stack([upper] * 3, axis=-1))


def test_twelve_bits_are_scaled_from_their_own_full_range() -> None:
    row = bytes((0x00, 0x0F, 0xFF)) * 8  # 0x000 and 0xFFF, packed
    tags = described(np.zeros((2, 16), np.uint8), 1) | {258: (SHORT, [12])}
    assert shown(tiff((tags, [row * 2])))[0, :2, 0].tolist() == [0, 255]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_where_zero_is_white_the_picture_is_turned(dtype: type[np.unsignedinteger]) -> None:
    samples = np.full((8, 16), np.iinfo(dtype).max, dtype=dtype)
    samples[2:4] = 0
    pixels = shown(striped(samples, 0))
    assert (pixels[2:4] == 255).all()
    assert (pixels[4:] == 0).all()


@pytest.mark.parametrize("compression", [None, "packbits", "tiff_lzw", "tiff_adobe_deflate", "lzma", "zstd"])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK"])
def test_every_compression_gives_what_pillow_wrote(compression: str | None, mode: str) -> None:
    image = Image.fromarray(PICTURE).convert(mode)
    wanted = np.asarray(image.convert("RGB"))
    assert np.array_equal(shown(save(image, "TIFF", compression=compression)), wanted)


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_scanned_pages_of_one_bit(compression: str) -> None:
    image = Image.fromarray(PICTURE).convert("1")
    assert np.array_equal(
        shown(save(image, "TIFF", compression=compression)), np.asarray(image.convert("RGB"))
    )


def test_jpeg_in_tiff() -> None:
    pixels = shown(save(Image.fromarray(PICTURE), "TIFF", compression="jpeg", quality=95))
    assert np.abs(pixels.astype(int) - PICTURE).mean() < 4


@pytest.mark.parametrize("premultiplied", [False, True])
def test_colour_beneath_transparency_does_not_survive(premultiplied: bool) -> None:
    samples = np.full((16, 16, 4), 255, dtype=np.uint8)
    samples[..., :3] = 90
    samples[4:8] = (250, 0, 7, 0)
    pixels = shown(striped(samples, 2, alpha=1 if premultiplied else 2))
    assert (pixels[4:8] == 255).all()
    assert (pixels[8:] == 90).all()


@pytest.mark.parametrize("layout", ["floats", "signed", "lab"])
def test_samples_that_are_no_colours_here_are_refused_as_such(layout: str) -> None:
    grey = np.zeros((8, 8), np.uint32)
    data = {
        "floats": save(Image.fromarray(scene(8, 8)).convert("F"), "TIFF"),
        "signed": tiff((described(grey, 1) | {339: (SHORT, [2])}, [grey.tobytes()])),
        "lab": tiff((described(noise(8, 8), 8), [noise(8, 8).tobytes()])),
    }[layout]
    assert refused(data).code == "format.colours"


def test_an_unknown_compression_is_named() -> None:
    error = refused(tiff((described(PICTURE, 2, compression=34887), [b"lerc"])))
    assert error.code == "format.tiff_compression"
    assert "34887" in str(error)


# -- what stands beside the picture


def test_smaller_pictures_and_masks_of_a_page_are_no_pages() -> None:
    main = (described(PICTURE, 2), [PICTURE.tobytes()])
    small = scene(20, 16, seed=5)
    reduced = (described(small, 2) | {254: (LONG, [1])}, [small.tobytes()])
    mask = (described(small[..., 0], 4) | {254: (LONG, [4])}, [np.ascontiguousarray(small[..., 0]).tobytes()])
    assert np.array_equal(shown(tiff(main, reduced, mask)), PICTURE)


def camera() -> bytes:
    """A small picture in the first directory and one of the sensor below it, as most cameras write."""
    tags = described(PICTURE, 2) | {254: (LONG, [1]), 271: (ASCII, b"NIKON CORPORATION\0"), 330: (LONG, [8])}
    return tiff((tags, [PICTURE.tobytes()]))


SENSOR = np.zeros((8, 8), np.uint16)


@pytest.mark.parametrize(
    "data",
    [
        camera(),
        tiff((described(PICTURE, 2) | {50706: (1, [1, 4, 0, 0])}, [PICTURE.tobytes()])),  # DNG
        striped(SENSOR, 32803),  # a colour filter array
        tiff((described(SENSOR, 1, compression=34713), [b"packed"])),  # Nikon
    ],
    ids=["preview-above-sensor", "dng", "filter-array", "nikon"],
)
def test_a_raw_camera_file_is_refused_with_what_to_do(data: bytes) -> None:
    error = refused(data)
    assert isinstance(error, UnsupportedFormat)
    assert error.code == "format.raw"
    assert "raw converter" in error.advice


# -- hostile directories


@pytest.mark.parametrize(
    "data",
    [
        b"II*\x00",
        b"MM\x00*" + bytes(64),
        b"II*\x00\x08\x00\x00\x00\xff\xff" + bytes(64),
        b"II+\x00\x08\x00\x00\x00" + b"\xff" * 64,
        tiff((described(PICTURE, 2), [PICTURE.tobytes()]))[:-40],
        tiff((described(PICTURE, 2) | {256: (LONG, [0])}, [b""])),
    ],
    ids=["header-only", "no-directory", "too-many-entries", "big-nonsense", "cut-directory", "no-width"],
)
def test_broken_directories_are_malformed(data: bytes) -> None:
    assert isinstance(refused(data), MalformedImage)


def test_a_chain_that_leads_back_ends() -> None:
    data = bytearray(tiff((described(PICTURE, 2), [PICTURE.tobytes()])))
    data[-4:] = data[4:8]  # the next directory is the first
    assert np.array_equal(shown(bytes(data)), PICTURE)


# -- as many directories, entries and strips as may be


def chained(directories: int, entries: int) -> bytes:
    """A page, and behind it directories of smaller pictures that are none, with so many entries each."""
    data = bytearray(tiff((described(PICTURE, 2), [PICTURE.tobytes()])))
    link = len(data) - 4
    for _ in range(directories):
        data[link : link + 4] = struct.pack("<I", len(data))
        data += struct.pack("<H", entries) + struct.pack("<HHII", 254, LONG, 1, 1) * entries
        link = len(data)
        data += bytes(4)
    return bytes(data)


@pytest.mark.parametrize(
    ("directories", "entries", "most"),
    [(MAX_DIRECTORIES, 1, MAX_DIRECTORIES), (100, MAX_ENTRIES // 100, MAX_ENTRIES)],
)
def test_a_file_of_too_many_directories_or_entries_is_refused(
    directories: int, entries: int, most: int
) -> None:
    """Those too count that repeat a tag, or are no pages: a codec reads them all."""
    error = refused(chained(directories, entries))
    assert error.code == "limit.parts"
    assert f"{most:,}" in str(error)
    assert error.advice


def test_small_pictures_between_many_pages_are_taken() -> None:
    assert np.array_equal(shown(chained(500, 20)), PICTURE)


@pytest.mark.parametrize("tag", [273, 279, 324, 325])
def test_more_strips_or_tiles_than_any_image_has_are_refused(tag: int) -> None:
    data = bytearray(tiff((described(PICTURE, 2) | {tag: (LONG, [8, 8])}, [PICTURE.tobytes()])))
    start = int.from_bytes(data[4:8], "little") + 2
    at = next(each for each in range(start, len(data), 12) if data[each : each + 2] == struct.pack("<H", tag))
    data[at + 4 : at + 8] = struct.pack("<I", MAX_PIECES + 1)
    assert refused(bytes(data)).code == "limit.parts"


def test_strips_below_the_first_directory_count_too() -> None:
    data = bytearray(tiff((described(PICTURE, 2) | {330: (LONG, [0])}, [PICTURE.tobytes()])))
    start = int.from_bytes(data[4:8], "little") + 2
    at = next(each for each in range(start, len(data), 12) if data[each : each + 2] == struct.pack("<H", 330))
    data[at + 8 : at + 12] = struct.pack("<I", len(data))
    data += struct.pack("<HHHII", 1, 273, LONG, MAX_PIECES + 1, 8) + bytes(4)
    assert refused(bytes(data)).code == "limit.parts"


def test_a_scan_of_thirty_thousand_strips_is_taken() -> None:
    """One row each, as some scanners write."""
    tall = np.zeros((30_000, 200), np.uint8)
    tall[::3] = 200
    pieces = [row.tobytes() for row in tall]
    pixels = shown(tiff((described(tall, 1, rows=1), pieces)))
    assert np.array_equal(pixels[..., 0], tall)


def test_of_two_entries_with_one_tag_the_first_rules() -> None:
    """As codecs take it: a size that is checked is the size that is decoded."""
    data = bytearray(
        tiff((described(PICTURE, 2) | {255: (LONG, [9]), 256: (LONG, [45])}, [PICTURE.tobytes()]))
    )
    start = int.from_bytes(data[4:8], "little") + 2
    assert struct.unpack("<HHII", data[start : start + 12]) == (255, LONG, 1, 9)
    data[start : start + 2] = struct.pack("<H", 256)
    assert next(pages(bytes(data))).number(256) == 9


def test_a_page_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    tags = described(PICTURE, 2) | {256: (LONG, [30_000]), 257: (LONG, [30_000])}
    assert refused(tiff((tags, [b""]))).code == "limit.pixels"


def test_luma_and_chroma_are_turned_into_colours() -> None:
    image = Image.fromarray(PICTURE).convert("YCbCr")
    assert np.array_equal(shown(save(image, "TIFF")), np.asarray(image.convert("RGB")))
