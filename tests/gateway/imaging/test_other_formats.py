"""BMP, GIF, AVIF and the rarer kinds of JPEG, as a viewer shows them."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import ExifTags, Image

from gateway.errors import UnsupportedFormat
from gateway.imaging.decode import Limits, decode
from gateway.imaging.image import Pixels
from tests.gateway.imaging.samples import noise, save, scene
from tests.gateway.imaging.test_decode import turned

PICTURE = scene(64, 48)


def shown(data: bytes) -> Pixels:
    return decode(data, Limits()).pixels


def rgb(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("RGB"))


# -- JPEG


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_of_every_subsampling_and_order(subsampling: int, progressive: bool) -> None:
    data = save(
        Image.fromarray(PICTURE), "JPEG", quality=95, subsampling=subsampling, progressive=progressive
    )
    assert np.abs(shown(data).astype(int) - PICTURE).mean() < 6


def inks() -> Image.Image:
    """Patches of the four inks and of mixtures of them, 16 pixels a side: full blocks survive JPEG."""
    steps = [(c, m, y, k) for c in (0, 200) for m in (0, 120) for y in (0, 255) for k in (0, 80)]
    row = np.repeat(np.array(steps, dtype=np.uint8)[None], 16, axis=0)
    return Image.fromarray(np.repeat(row, 16, axis=1), mode="CMYK")


def light(inked: Image.Image) -> Pixels:
    """What four inks leave of white paper, by the plain formula that browsers use without a profile."""
    samples = np.asarray(inked).astype(float)
    left: Pixels = ((255 - samples[..., :3]) * (255 - samples[..., 3:]) / 255).round().astype(np.uint8)
    return left


def test_cmyk_as_adobe_writes_it_is_turned_once() -> None:
    data = save(inks(), "JPEG", quality=100, subsampling=0)
    assert b"Adobe" in data
    assert np.abs(shown(data).astype(int) - light(inks())).max() <= 6


def test_ycck_gives_the_colours_of_the_same_cmyk() -> None:
    """Pillow writes no YCCK: here cyan, magenta and yellow go through the YCbCr formula by hand."""
    samples = np.asarray(inks())
    # libjpeg turns what the formula gives into its complement, and Adobe stores inks turned (255 is none):
    # so it is the inks themselves that become luma and chroma, while black is stored turned.
    luma = Image.fromarray(np.ascontiguousarray(samples[..., :3])).convert("YCbCr")
    mixed = np.dstack([np.asarray(luma), 255 - samples[..., 3]])
    data = save(Image.fromarray(255 - mixed, mode="CMYK"), "JPEG", quality=100, subsampling=0)
    at = data.index(b"Adobe") + 11  # the transform: 0 is CMYK, 2 YCCK
    assert data[at] == 0
    ycck = data[:at] + b"\x02" + data[at + 1 :]
    assert np.abs(shown(ycck).astype(int) - light(inks())).max() <= 8


# -- BMP


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_bmp_of_every_depth(mode: str) -> None:
    image = Image.fromarray(PICTURE).convert(mode)
    assert np.array_equal(shown(save(image, "BMP")), rgb(image))


def bmp(rows: bytes, width: int, height: int, *, bits: int, compression: int, palette: bytes = b"") -> bytes:
    start = 14 + 40 + len(palette)
    colours = len(palette) // 4
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(rows), 0, 0, colours, 0)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + palette + rows


def test_a_bmp_that_is_stored_from_the_top() -> None:
    rows = b"".join(line[:, ::-1].tobytes() for line in PICTURE)
    assert np.array_equal(shown(bmp(rows, 64, -48, bits=24, compression=0)), PICTURE)


def test_a_bmp_of_runs() -> None:
    palette = bytes((0, 0, 0, 0, 30, 20, 10, 0, 60, 50, 40, 0))
    rows = bytes((8, 2, 0, 0, 4, 1, 4, 2, 0, 0, 0, 1))  # bottom row of eight, then four and four
    pixels = shown(bmp(rows, 8, 2, bits=8, compression=1, palette=palette))
    assert pixels[1].tolist() == [[40, 50, 60]] * 8
    assert pixels[0].tolist() == [[10, 20, 30]] * 4 + [[40, 50, 60]] * 4


# -- GIF


def test_gif_shows_its_palette() -> None:
    image = Image.fromarray(PICTURE).quantize(64)
    assert np.array_equal(shown(save(image, "GIF")), rgb(image))


@pytest.mark.parametrize("palette", [[250, 0, 7, 90, 90, 90], [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]])
def test_transparent_entries_of_a_gif_turn_white(palette: list[int]) -> None:
    image = Image.new("P", (40, 24), 1)
    image.putpalette(palette)
    image.paste(0, (10, 8, 30, 16))
    pixels = shown(save(image, "GIF", transparency=0))
    assert (pixels[8:16, 10:30] == 255).all()
    assert (pixels[:8] == palette[3:6]).all()


# -- AVIF


def test_avif_stays_close() -> None:
    assert np.abs(shown(save(Image.fromarray(PICTURE), "AVIF", quality=95)).astype(int) - PICTURE).mean() < 4


def test_avif_flattens_alpha() -> None:
    image = Image.new("RGBA", (32, 32), (250, 0, 7, 255))
    image.paste((250, 0, 7, 0), (0, 0, 32, 16))
    pixels = shown(save(image, "AVIF", quality=100, subsampling="4:4:4"))
    assert (pixels[:14] == 255).all()
    assert np.abs(pixels[18:].astype(int) - (250, 0, 7)).max() <= 6


def test_an_avif_sequence_is_refused() -> None:
    frames = [Image.fromarray(noise(16, 16, seed)) for seed in range(3)]
    with pytest.raises(UnsupportedFormat) as caught:
        shown(save(frames[0], "AVIF", save_all=True, append_images=frames[1:]))
    assert caught.value.code == "frames.multiple"


# -- orientation


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["TIFF", "AVIF"])
def test_orientation_is_applied_once(name: str, orientation: int) -> None:
    picture = scene(300, 260)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    options = {"quality": 95, "subsampling": "4:4:4"} if name == "AVIF" else {}
    pixels = shown(save(turned(picture, orientation), name, exif=exif, **options))
    assert pixels.shape == picture.shape
    assert np.abs(pixels.astype(int) - picture).mean() < (4 if name == "AVIF" else 1e-9)
