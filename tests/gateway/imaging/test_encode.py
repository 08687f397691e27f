"""Fresh files: same pixels, same bytes, and nothing but pixels."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.imaging.decode import Limits, decode
from gateway.imaging.encode import encode
from gateway.imaging.formats import sniff
from gateway.imaging.image import ImageFormat
from gateway.imaging.structure import check_structure
from tests.gateway.imaging.samples import noise, scene

EVERY_WAY = [
    (ImageFormat.JPEG, False),
    (ImageFormat.HEIC, False),
    (ImageFormat.AVIF, False),
    (ImageFormat.TIFF, True),
    (ImageFormat.GIF, True),
    (ImageFormat.BMP, True),
    (ImageFormat.PNG, True),
    (ImageFormat.WEBP, True),
    (ImageFormat.WEBP, False),
]


@pytest.mark.parametrize(("image_format", "lossless"), EVERY_WAY)
def test_the_same_pixels_give_the_same_plain_file(image_format: ImageFormat, lossless: bool) -> None:
    picture = scene(131, 77)
    once, again = (encode(picture.copy(), image_format, lossless=lossless) for _ in range(2))
    assert once == again
    assert sniff(once.data) is once.format
    check_structure(once.data, once.format)


@pytest.mark.parametrize(
    ("image_format", "written", "media_type", "suffix"),
    [
        (ImageFormat.JPEG, ImageFormat.JPEG, "image/jpeg", ".jpg"),
        (ImageFormat.HEIC, ImageFormat.JPEG, "image/jpeg", ".jpg"),
        (ImageFormat.AVIF, ImageFormat.JPEG, "image/jpeg", ".jpg"),
        (ImageFormat.PNG, ImageFormat.PNG, "image/png", ".png"),
        (ImageFormat.TIFF, ImageFormat.PNG, "image/png", ".png"),
        (ImageFormat.GIF, ImageFormat.PNG, "image/png", ".png"),
        (ImageFormat.BMP, ImageFormat.PNG, "image/png", ".png"),
        (ImageFormat.WEBP, ImageFormat.WEBP, "image/webp", ".webp"),
    ],
)
def test_what_is_written(
    image_format: ImageFormat, written: ImageFormat, media_type: str, suffix: str
) -> None:
    encoded = encode(scene(16, 16), image_format, lossless=False)
    assert (encoded.format, encoded.media_type, encoded.suffix) == (written, media_type, suffix)


@pytest.mark.parametrize("image_format", [ImageFormat.PNG, ImageFormat.WEBP])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 3), (64, 64)])
def test_lossless_means_every_pixel(image_format: ImageFormat, width: int, height: int) -> None:
    picture = noise(width, height)
    decoded = decode(encode(picture, image_format, lossless=True).data, Limits())
    assert decoded.lossless
    assert np.array_equal(decoded.pixels, picture)


def test_jpeg_keeps_the_colour_of_every_pixel() -> None:
    """4:4:4: with halved chroma, one-pixel stripes of red and blue would both turn purple."""
    stripes = np.zeros((32, 32, 3), dtype=np.uint8)
    stripes[:, ::2, 0] = stripes[:, 1::2, 2] = 255
    shown = decode(encode(stripes, ImageFormat.JPEG, lossless=False).data, Limits()).pixels
    assert int(np.abs(shown.astype(int) - stripes).max()) < 40


def test_lossy_formats_stay_close() -> None:
    picture = scene()
    for image_format in (ImageFormat.JPEG, ImageFormat.WEBP):
        shown = decode(encode(picture, image_format, lossless=False).data, Limits()).pixels
        assert np.abs(shown.astype(int) - picture).mean() < 3.5


def test_arrays_that_are_views_are_taken() -> None:
    picture = scene()
    view = picture[::2, ::-1]
    decoded = decode(encode(view, ImageFormat.PNG, lossless=True).data, Limits())
    assert np.array_equal(decoded.pixels, view)


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 4), (0, 8, 3)])
def test_anything_but_rgb_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="uint8"):
        encode(np.zeros(shape, dtype=np.uint8), ImageFormat.PNG, lossless=True)


def test_noise_of_black_and_white_is_written_too() -> None:
    pixels = np.random.default_rng(1).integers(0, 2, (240, 320, 3), dtype=np.uint8) * np.uint8(255)
    written = encode(pixels, ImageFormat.JPEG, lossless=False)
    assert decode(written.data, Limits()).pixels.shape == pixels.shape
    check_structure(written.data, written.format)
