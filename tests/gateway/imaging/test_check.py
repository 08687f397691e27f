"""Every check against a copy that is broken in just that way; and no alarm without cause."""

from __future__ import annotations

import dataclasses
import struct

import numpy as np
import pytest
from PIL import Image

from gateway.errors import OutputCheckFailed
from gateway.imaging.check import check_output
from gateway.imaging.encode import encode
from gateway.imaging.image import EncodedImage, ImageFormat, Pixels
from gateway.imaging.redact import apply, view
from policies.model import Kind, Plan, RedactionMethod, Region
from tests.gateway.imaging.samples import noise, plan, png_chunk, redaction, save, scene

FORMATS = [
    (ImageFormat.JPEG, False),
    (ImageFormat.PNG, True),
    (ImageFormat.WEBP, True),
    (ImageFormat.WEBP, False),
]
every_format = pytest.mark.parametrize(("image_format", "lossless"), FORMATS)

PLAN = plan(
    redaction(40, 40, 104, 96, Kind.FACE, RedactionMethod.BLUR),
    redaction(160, 40, 240, 80, Kind.LICENSE_PLATE, RedactionMethod.MOSAIC),
    redaction(40, 136, 120, 168, Kind.TEXT),
    redaction(200, 120, 320, 240, Kind.FACE, RedactionMethod.FILL),
)
ORIGINAL = scene()
EXPECTED = apply(ORIGINAL, PLAN.redactions)


def code_of(
    encoded: EncodedImage,
    expected: Pixels = EXPECTED,
    original: Pixels = ORIGINAL,
    intended: Plan = PLAN,
) -> str:
    with pytest.raises(OutputCheckFailed) as caught:
        check_output(encoded, expected, original, intended)
    return caught.value.code


# -- no false alarm


def checkerboard(first: tuple[int, int, int], second: tuple[int, int, int], side: int) -> Pixels:
    y, x = np.mgrid[:240, :320]
    return np.where((((x // side) + (y // side)) % 2 == 1)[..., None], first, second).astype(np.uint8)


HARD = {
    "photo-like": ORIGINAL,
    "noise": noise(320, 240),
    "binary noise": (noise(320, 240) // 128 * 255).astype(np.uint8),
    "one colour": np.full((240, 320, 3), 77, dtype=np.uint8),
    "green and magenta": checkerboard((0, 255, 0), (255, 0, 255), 1),
    "yellow and blue": checkerboard((255, 255, 0), (0, 0, 255), 3),
    "red and blue": checkerboard((255, 0, 0), (0, 0, 255), 2),
    "black and white": checkerboard((0, 0, 0), (255, 255, 255), 5),
}


@every_format
@pytest.mark.parametrize("name", HARD)
def test_a_sound_copy_passes(image_format: ImageFormat, lossless: bool, name: str) -> None:
    expected = apply(HARD[name], PLAN.redactions)
    check_output(encode(expected, image_format, lossless=lossless), expected, HARD[name], PLAN)


@every_format
def test_overlapping_regions_pass(image_format: ImageFormat, lossless: bool) -> None:
    overlapping = plan(
        redaction(40, 40, 120, 120, Kind.FACE, RedactionMethod.BLUR),
        redaction(80, 80, 160, 160, Kind.FACE, RedactionMethod.BLUR),
        redaction(96, 96, 200, 200, Kind.LICENSE_PLATE, RedactionMethod.MOSAIC),
        redaction(60, 100, 140, 112, Kind.TEXT, RedactionMethod.BLUR),
        redaction(56, 104, 80, 240, Kind.CODE),
    )
    expected = apply(ORIGINAL, overlapping.redactions)
    check_output(encode(expected, image_format, lossless=lossless), expected, ORIGINAL, overlapping)


@every_format
def test_a_copy_without_any_region_passes(image_format: ImageFormat, lossless: bool) -> None:
    check_output(encode(ORIGINAL, image_format, lossless=lossless), ORIGINAL, ORIGINAL, plan())


@every_format
def test_a_copy_that_is_one_region_passes(image_format: ImageFormat, lossless: bool) -> None:
    everything = plan(redaction(0, 0, 320, 240))
    expected = apply(ORIGINAL, everything.redactions)
    check_output(encode(expected, image_format, lossless=lossless), expected, ORIGINAL, everything)


# -- (1) check.metadata

PROFILE = b"not a real profile, but found by its marker"


@pytest.mark.parametrize(
    ("image_format", "options"),
    [
        (ImageFormat.JPEG, {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"}),
        (ImageFormat.JPEG, {"icc_profile": PROFILE}),
        (ImageFormat.JPEG, {"comment": b"the patient's name"}),
        (ImageFormat.JPEG, {"xmp": b"<x:xmpmeta/>"}),
        (ImageFormat.PNG, {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"}),
        (ImageFormat.PNG, {"icc_profile": PROFILE}),
        (ImageFormat.PNG, {"dpi": (72, 72)}),
        (ImageFormat.WEBP, {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"}),
        (ImageFormat.WEBP, {"icc_profile": PROFILE}),
        (ImageFormat.WEBP, {"xmp": b"<x:xmpmeta/>"}),
    ],
)
def test_metadata_is_caught(image_format: ImageFormat, options: dict[str, object]) -> None:
    data = save(Image.fromarray(EXPECTED), image_format.value, **options)
    assert code_of(EncodedImage(data, "", "", image_format)) == "check.metadata"


def spoilt(encoded: EncodedImage, data: bytes) -> EncodedImage:
    return dataclasses.replace(encoded, data=data)


@every_format
def test_bytes_after_the_end_are_caught(image_format: ImageFormat, lossless: bool) -> None:
    encoded = encode(EXPECTED, image_format, lossless=lossless)
    assert code_of(spoilt(encoded, encoded.data + b"\x00")) == "check.metadata"
    assert code_of(spoilt(encoded, encoded.data + encoded.data)) == "check.metadata"


@every_format
def test_a_cut_off_file_is_caught(image_format: ImageFormat, lossless: bool) -> None:
    encoded = encode(EXPECTED, image_format, lossless=lossless)
    for kept in (0, 1, 20, len(encoded.data) // 2, len(encoded.data) - 1):
        assert code_of(spoilt(encoded, encoded.data[:kept])) == "check.metadata"


def test_a_jfif_thumbnail_is_caught() -> None:
    data = encode(EXPECTED, ImageFormat.JPEG, lossless=False).data
    assert data[2:4] == b"\xff\xe0"
    segment = b"\xff\xe0" + struct.pack(">H", 16 + 3) + data[6:18] + b"\x01\x01" + b"rgb"
    assert code_of(EncodedImage(data[:2] + segment + data[20:], "", "", ImageFormat.JPEG)) == "check.metadata"
    second = data[:20] + data[2:20] + data[20:]
    assert code_of(EncodedImage(second, "", "", ImageFormat.JPEG)) == "check.metadata"


def test_hidden_chunks_of_a_png_are_caught() -> None:
    data = encode(EXPECTED, ImageFormat.PNG, lossless=True).data
    for chunk in (
        png_chunk(b"tEXt", b"Author\x00name"),
        png_chunk(b"prVt", b"x"),
        png_chunk(b"tIME", bytes(7)),
    ):
        assert (
            code_of(EncodedImage(data[:33] + chunk + data[33:], "", "", ImageFormat.PNG)) == "check.metadata"
        )
    ending = data[:-12] + png_chunk(b"IEND", b"name")
    assert code_of(EncodedImage(ending, "", "", ImageFormat.PNG)) == "check.metadata"


def test_a_file_of_another_format_is_caught() -> None:
    png = encode(EXPECTED, ImageFormat.PNG, lossless=True)
    for claimed in (ImageFormat.JPEG, ImageFormat.WEBP, ImageFormat.HEIC):
        assert code_of(dataclasses.replace(png, format=claimed)) == "check.metadata"


# -- (2) check.geometry


@every_format
def test_another_size_is_caught(image_format: ImageFormat, lossless: bool) -> None:
    encoded = encode(EXPECTED[:, :-1], image_format, lossless=lossless)
    assert code_of(encoded) == "check.geometry"
    turned = encode(np.rot90(EXPECTED), image_format, lossless=lossless)
    assert code_of(turned) == "check.geometry"


def test_a_picture_that_is_not_rgb_is_caught() -> None:
    grey = EncodedImage(save(Image.fromarray(EXPECTED).convert("L"), "PNG"), "", "", ImageFormat.PNG)
    assert code_of(grey) == "check.geometry"


def test_a_file_that_does_not_decode_is_caught() -> None:
    data = encode(EXPECTED, ImageFormat.PNG, lossless=True).data
    header, end = data[:33], data[-12:]
    assert (
        code_of(EncodedImage(header + png_chunk(b"IDAT", b"?") + end, "", "", ImageFormat.PNG))
        == "check.geometry"
    )


# -- (3) and (4) check.region


@every_format
def test_an_apply_that_did_nothing_is_caught(image_format: ImageFormat, lossless: bool) -> None:
    encoded = encode(ORIGINAL, image_format, lossless=lossless)
    assert code_of(encoded, expected=ORIGINAL) == "check.region"
    assert code_of(encoded, expected=EXPECTED) == "check.region"


@every_format
@pytest.mark.parametrize("missing", range(4))
def test_one_forgotten_region_is_caught(image_format: ImageFormat, lossless: bool, missing: int) -> None:
    rest = [each for number, each in enumerate(PLAN.redactions) if number != missing]
    forgotten = apply(ORIGINAL, rest)
    encoded = encode(forgotten, image_format, lossless=lossless)
    assert code_of(encoded, expected=forgotten) == "check.region"
    assert code_of(encoded) == "check.region"


def test_a_blur_that_holds_more_than_its_cells_is_caught() -> None:
    leaky = EXPECTED.copy()
    region = view(leaky, PLAN.redactions[0].region)
    region[:] = np.asarray(
        Image.fromarray(view(ORIGINAL, PLAN.redactions[0].region)).reduce(8).resize((64, 56))
    )
    assert code_of(encode(leaky, ImageFormat.PNG, lossless=True), expected=leaky) == "check.region"


def test_one_pixel_of_a_blur_is_enough() -> None:
    leaky = EXPECTED.copy()
    leaky[50, 50, 0] ^= 1
    assert code_of(encode(leaky, ImageFormat.PNG, lossless=True), expected=leaky) == "check.region"


def test_a_fill_of_the_wrong_colour_is_caught() -> None:
    wrong = EXPECTED.copy()
    view(wrong, PLAN.redactions[2].region)[:] = 0
    assert code_of(encode(wrong, ImageFormat.JPEG, lossless=False), expected=wrong) == "check.region"


def test_a_wrong_overlap_is_caught() -> None:
    overlapping = plan(
        redaction(40, 40, 120, 120, Kind.FACE, RedactionMethod.BLUR),
        redaction(80, 80, 160, 160, Kind.FACE, RedactionMethod.MOSAIC),
    )
    wrong = apply(ORIGINAL, overlapping.redactions[:1])
    last = redaction(80, 80, 160, 160, Kind.FACE, RedactionMethod.MOSAIC)
    view(wrong, last.region)[:] = view(apply(ORIGINAL, [last]), last.region)  # cells read beneath the blur
    encoded = encode(wrong, ImageFormat.PNG, lossless=True)
    assert code_of(encoded, expected=wrong, intended=overlapping) == "check.region"


@every_format
def test_a_region_one_pixel_short_is_caught(image_format: ImageFormat, lossless: bool) -> None:
    """The last column of a bright text left visible: the half character that users complain of."""
    bright = np.full((240, 320, 3), 250, dtype=np.uint8)
    intended = plan(redaction(40, 40, 120, 72, Kind.TEXT))
    expected = apply(bright, intended.redactions)
    short = expected.copy()
    short[40:72, 119] = 250
    encoded = encode(short, image_format, lossless=lossless)
    assert code_of(encoded, expected=expected, original=bright, intended=intended) == "check.region"


# -- (5) check.outside


@every_format
def test_another_picture_around_the_regions_is_caught(image_format: ImageFormat, lossless: bool) -> None:
    other = apply(scene(seed=9), PLAN.redactions)
    for stroke in PLAN.redactions:
        view(other, stroke.region)[:] = view(EXPECTED, stroke.region)
    assert code_of(encode(other, image_format, lossless=lossless)) == "check.outside"


@every_format
def test_a_blot_outside_the_regions_is_caught(image_format: ImageFormat, lossless: bool) -> None:
    """Faint on purpose: thirty levels on 16 x 16 pixels, as of a face in the dark that came or went."""
    blotted = EXPECTED.copy()
    patch = blotted[8:24, 280:296].astype(int)
    blotted[8:24, 280:296] = patch + 30 if patch.max() < 226 else patch - 30
    assert code_of(encode(blotted, image_format, lossless=lossless)) == "check.outside"


def test_one_pixel_outside_is_enough_in_a_lossless_file() -> None:
    changed = EXPECTED.copy()
    changed[0, 0, 0] ^= 1
    for image_format in (ImageFormat.PNG, ImageFormat.WEBP):
        assert code_of(encode(changed, image_format, lossless=True)) == "check.outside"


def test_the_message_names_no_pixels() -> None:
    with pytest.raises(OutputCheckFailed) as caught:
        check_output(encode(ORIGINAL, ImageFormat.PNG, lossless=True), EXPECTED, ORIGINAL, PLAN)
    assert "[" not in str(caught.value)


def test_regions_at_odd_edges_pass() -> None:
    """Image sides that are no multiple of a block: the last block is partly padding."""
    original = scene(317, 235)
    intended = plan(
        redaction(280, 200, 317, 235), redaction(0, 200, 48, 235, Kind.FACE, RedactionMethod.BLUR)
    )
    expected = apply(original, intended.redactions)
    assert Region(280, 200, 317, 235).x1 == 317
    for image_format, lossless in FORMATS:
        check_output(encode(expected, image_format, lossless=lossless), expected, original, intended)
