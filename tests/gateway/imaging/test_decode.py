"""Files to upright sRGB pixels, in this process; the confined process runs the same code (test_sandbox)."""

from __future__ import annotations

import struct
import warnings

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from gateway.errors import InputRefused, LimitExceeded, MalformedImage
from gateway.imaging.decode import ImageFormat, Limits, decode
from gateway.imaging.image import Pixels
from tests.gateway.imaging.samples import (
    DATA,
    QUADRANTS,
    noise,
    png_chunk,
    quadrants,
    raw_png,
    save,
    scene,
)

LIMITS = Limits()


def refusal(data: bytes, limits: Limits = LIMITS) -> InputRefused:
    with pytest.raises(InputRefused) as caught:
        decode(data, limits)
    assert caught.value.advice
    return caught.value


def pixels_of(image: Image.Image, name: str = "PNG", **options: object) -> Pixels:
    decoded = decode(save(image, name, **options), LIMITS)
    assert decoded.pixels.flags.c_contiguous
    assert decoded.pixels.flags.writeable
    return decoded.pixels


# -- formats


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("JPEG", {}, (ImageFormat.JPEG, False)),
        ("PNG", {}, (ImageFormat.PNG, True)),
        ("WEBP", {}, (ImageFormat.WEBP, False)),
        ("WEBP", {"lossless": True}, (ImageFormat.WEBP, True)),
        ("AVIF", {"speed": 10}, (ImageFormat.AVIF, False)),
        ("TIFF", {}, (ImageFormat.TIFF, True)),
        ("GIF", {}, (ImageFormat.GIF, True)),
        ("BMP", {}, (ImageFormat.BMP, True)),
    ],
)
def test_says_what_the_file_was(
    name: str, options: dict[str, object], expected: tuple[ImageFormat, bool]
) -> None:
    decoded = decode(save(Image.fromarray(quadrants()), name, **options), LIMITS)
    assert (decoded.format, decoded.lossless) == expected
    assert decoded.pixels.shape == (16, 32, 3)


@pytest.mark.parametrize(
    ("name", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("BMP", {})]
)
def test_lossless_files_keep_every_pixel(name: str, options: dict[str, object]) -> None:
    picture = noise(70, 50)
    assert np.array_equal(pixels_of(Image.fromarray(picture), name, **options), picture)


def corners(pixels: Pixels) -> list[tuple[int, ...]]:
    """The four quadrants' colours, to the nearest of the palette they were painted from."""
    height, width = pixels.shape[:2]
    places = [(y, x) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    palette = np.array(QUADRANTS)
    nearest = [np.abs(palette - pixels[place].astype(int)).sum(axis=1) for place in places]
    assert all(distances.min() < 60 for distances in nearest)
    return [QUADRANTS[int(distances.argmin())] for distances in nearest]


def test_heic_primary_image() -> None:
    decoded = decode((DATA / "plain.heic").read_bytes(), LIMITS)
    assert (decoded.format, decoded.lossless, decoded.pixels.shape) == (ImageFormat.HEIC, False, (16, 32, 3))
    assert corners(decoded.pixels) == list(QUADRANTS)


def test_heic_is_turned_once_by_its_container_not_again_by_exif() -> None:
    decoded = decode((DATA / "turned.heic").read_bytes(), LIMITS)
    red, green, blue, grey = QUADRANTS
    assert decoded.pixels.shape == (32, 16, 3)
    assert corners(decoded.pixels) == [blue, red, grey, green]


def test_mpo_gives_the_primary_frame() -> None:
    first, second = Image.fromarray(quadrants()), Image.new("RGB", (32, 16), (1, 2, 3))
    data = save(first, "MPO", save_all=True, append_images=[second], quality=100, subsampling=0)
    decoded = decode(data, LIMITS)
    assert decoded.format is ImageFormat.JPEG
    assert corners(decoded.pixels) == list(QUADRANTS)


def test_a_jpeg_of_twelve_bits_is_named_as_such() -> None:
    data = save(Image.fromarray(quadrants()), "JPEG")
    frame = data.index(b"\xff\xc0")
    error = refusal(data[: frame + 4] + b"\x0c" + data[frame + 5 :])
    assert error.code == "format.jpeg_precision"
    assert "12 bits" in str(error)


# -- orientation


def turned(picture: Pixels, orientation: int) -> Image.Image:
    """The file content that looks like `picture` once the orientation is applied. Pillow is the witness."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(picture)
    return image.transpose(undo[orientation]) if orientation in undo else image


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["PNG", "WEBP", "JPEG"])
def test_orientation_is_applied(name: str, orientation: int) -> None:
    picture = scene(600, 520)  # more than one strip
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {"quality": 100, "subsampling": 0} if name == "JPEG" else {"lossless": True}
    shown = pixels_of(turned(picture, orientation), name, exif=exif, **options)
    assert shown.shape == picture.shape
    assert int(np.abs(shown.astype(int) - picture).max()) <= (6 if name == "JPEG" else 0)


@pytest.mark.parametrize("value", [0, 9, 77])
def test_an_impossible_orientation_counts_as_upright(value: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = value
    assert np.array_equal(pixels_of(Image.fromarray(quadrants()), exif=exif), quadrants())


@pytest.mark.parametrize("name", ["PNG", "WEBP", "JPEG"])
def test_what_xmp_says_of_orientation_does_not_count(name: str) -> None:
    """Browsers do not ask it, and nobody writes it without EXIF's."""
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="6"/></x:xmpmeta>'
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", xmp.decode())
    options: dict[str, object] = {"pnginfo": text} if name == "PNG" else {"xmp": xmp}
    data = save(Image.fromarray(quadrants()), name, **options)
    assert b"tiff:Orientation" in data
    assert decode(data, LIMITS).pixels.shape == (16, 32, 3)


def test_damaged_exif_costs_nothing_but_the_orientation() -> None:
    data = save(Image.fromarray(quadrants()), "PNG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff garbage")
    assert np.array_equal(decode(data, LIMITS).pixels, quadrants())


# -- colour models


def test_one_bit_and_grey() -> None:
    grey = scene()[..., 0]
    assert np.array_equal(pixels_of(Image.fromarray(grey)), np.stack([grey] * 3, axis=-1))
    bits = Image.fromarray(grey).convert("1")
    assert np.array_equal(pixels_of(bits), np.asarray(bits.convert("RGB")))


def test_sixteen_bit_grey_keeps_the_upper_byte() -> None:
    samples = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
    assert np.array_equal(pixels_of(Image.fromarray(samples))[..., 1], (samples >> 8).astype(np.uint8))


def test_sixteen_bit_rgb_keeps_the_upper_byte() -> None:
    row = b"\x00" + bytes((0x12, 0xFF, 0x80, 0x00, 0xFE, 0x01)) * 5
    assert decode(raw_png(5, 2, 16, 2, row * 2), LIMITS).pixels[1, 3].tolist() == [0x12, 0x80, 0xFE]


def test_cmyk_looks_as_pillow_shows_it() -> None:
    cmyk = Image.fromarray(scene()).convert("CMYK")
    shown = pixels_of(cmyk, "JPEG", quality=100, subsampling=0)
    wanted = np.asarray(cmyk.convert("RGB")).astype(int)
    assert np.abs(shown - wanted).mean() < 2


SECRET = np.zeros((24, 40), dtype=bool)
SECRET[8:16, 10:30] = True


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("name", ["PNG", "WEBP"])
def test_colour_beneath_full_transparency_does_not_survive(mode: str, name: str) -> None:
    pixels = np.full((24, 40, 4), (90, 90, 90, 255), dtype=np.uint8)
    pixels[SECRET] = (250, 0, 7, 0)
    options = {"lossless": True, "exact": True} if name == "WEBP" else {}
    image = Image.fromarray(pixels).convert(mode)
    shown = pixels_of(image, name, **options)
    assert (shown[SECRET] == 255).all()
    assert (shown[~SECRET] == 90).all()


def test_half_transparent_colour_is_mixed_with_white() -> None:
    image = Image.new("RGBA", (4, 4), (0, 100, 200, 128))
    assert np.abs(pixels_of(image)[0, 0].astype(int) - (127, 177, 227)).max() <= 1


def test_transparent_palette_entries_turn_white() -> None:
    image = Image.new("P", (40, 24), 1)
    image.putpalette([250, 0, 7, 90, 90, 90])
    image.paste(0, (10, 8, 30, 16))
    shown = pixels_of(image, transparency=0)
    assert (shown[SECRET] == 255).all()
    assert (shown[~SECRET] == 90).all()
    assert (pixels_of(image)[SECRET] == (250, 0, 7)).all()


@pytest.mark.parametrize(
    ("depth", "colour_type", "row", "key", "hidden"),
    [
        (1, 0, b"\x50", b"\x00\x01", [1, 3]),
        (2, 0, b"\x1b", b"\x00\x02", [2]),
        (4, 0, b"\x01\x23", b"\x00\x02", [2]),
        (8, 0, b"\x05\x06\x07\x05", b"\x00\x05", [0, 3]),
        (16, 0, bytes.fromhex("1234 1235 0000 1234"), bytes.fromhex("1234"), [0, 3]),
        (8, 2, bytes.fromhex("010203 010204 010203 000000"), bytes.fromhex("000100020003"), [0, 2]),
        (16, 2, bytes.fromhex("123412341234 000000000000") * 2, bytes.fromhex("123412341234"), [0, 2]),
    ],
)
def test_the_transparent_colour_of_a_png_turns_white(
    depth: int, colour_type: int, row: bytes, key: bytes, hidden: list[int]
) -> None:
    data = raw_png(4, 1, depth, colour_type, b"\x00" + row, before=png_chunk(b"tRNS", key))
    shown = decode(data, LIMITS).pixels[0]
    assert (shown[hidden] == 255).all()
    plain = decode(raw_png(4, 1, depth, colour_type, b"\x00" + row), LIMITS).pixels[0]
    kept = [place for place in range(4) if place not in hidden]
    assert np.array_equal(shown[kept], plain[kept])
    assert not (plain[hidden] == 255).all() or depth == 1


# -- profiles


def test_a_profile_is_applied_and_only_then_dropped() -> None:
    # A matrix profile whose red and blue are swapped shows whether it was used at all.
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = swapped.index(b"rXYZ"), swapped.index(b"bXYZ")
    swapped[red : red + 4], swapped[blue : blue + 4] = b"bXYZ", b"rXYZ"
    shown = pixels_of(Image.fromarray(quadrants()), icc_profile=bytes(swapped))
    plain = quadrants()
    assert np.abs(shown.astype(int) - plain[..., ::-1]).max() <= 3


def test_an_srgb_profile_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = noise(64, 64)
    assert np.array_equal(pixels_of(Image.fromarray(picture), icc_profile=profile), picture)


@pytest.mark.parametrize("profile", [b"garbage", b"\x00" * 200])
def test_a_broken_profile_leaves_the_colours_alone(profile: bytes) -> None:
    assert np.array_equal(pixels_of(Image.fromarray(quadrants()), icc_profile=profile), quadrants())


def test_a_profile_for_another_colour_model_is_ignored() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert np.array_equal(pixels_of(Image.fromarray(quadrants()), icc_profile=profile), quadrants())


# -- damage and limits


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_malformed(name: str, kept: float) -> None:
    data = save(Image.fromarray(noise(200, 100)), name)
    assert isinstance(refusal(data[: int(len(data) * kept)]), MalformedImage)


def test_a_truncated_heic_is_malformed() -> None:
    data = (DATA / "plain.heic").read_bytes()
    assert isinstance(refusal(data[:-200]), MalformedImage)


def test_sizes_are_checked_from_the_header_before_anything_is_decoded() -> None:
    header = raw_png(30_000, 30_000, 8, 2, b"")  # no pixels at all: decoding would say malformed
    error = refusal(header)
    assert isinstance(error, LimitExceeded)
    assert (error.code, "30,000 x 30,000" in str(error), "100,000,000" in str(error)) == (
        "limit.pixels",
        True,
        True,
    )
    assert refusal(raw_png(40_000, 1, 8, 2, b"")).code == "limit.side"


def test_a_webp_canvas_is_checked_before_the_codec_sees_it() -> None:
    canvas = struct.pack("<I", 0) + (16_000 - 1).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas
    assert refusal(b"RIFF" + struct.pack("<I", len(body)) + body).code == "limit.pixels"


def test_bytes_are_counted_first() -> None:
    error = refusal(b"x" * 11, Limits(max_bytes=10))
    assert (error.code, "11" in str(error), "10" in str(error)) == ("limit.bytes", True, True)


def test_a_limit_allows_exactly_what_it_says() -> None:
    data = save(Image.fromarray(quadrants()), "PNG")
    limits = Limits(max_bytes=len(data), max_pixels=32 * 16, max_side=32)
    assert decode(data, limits).pixels.shape == (16, 32, 3)
    assert refusal(data, Limits(max_pixels=32 * 16 - 1)).code == "limit.pixels"
    assert refusal(data, Limits(max_side=31)).code == "limit.side"


def test_limits_are_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        Limits(timeout=0)


def test_large_images_and_damaged_metadata_do_not_warn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # Pillow would warn of 32 x 16 pixels
    data = save(Image.fromarray(quadrants()), "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode(data, LIMITS).pixels.shape == (16, 32, 3)
