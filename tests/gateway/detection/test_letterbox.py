"""Every place of an image is in a tile of the network's size, and comes back to where it was."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.detection.letterbox import LARGEST_SCALE, letterboxes, scales
from gateway.detection.looks import located

sides = st.integers(1, 300)
inputs = st.tuples(st.integers(32, 130), st.integers(32, 130))


def numbered(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Each pixel tells where it is: x in red, y in green; blue is 1, which the padding is not."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x % 256, y % 256, np.ones_like(x)], axis=2).astype(np.uint8)


@settings(deadline=None, max_examples=60)
@given(sides, sides, inputs, st.data())
def test_each_pixel_is_in_a_tile_and_comes_back(
    width: int, height: int, size: tuple[int, int], data: st.DataObject
) -> None:
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    found = 0
    for tile in letterboxes(numbered(width, height), 1.0, size, 114):
        assert tile.pixels.shape == (*size, 3)
        rows, columns = np.nonzero((tile.pixels == (x % 256, y % 256, 1)).all(axis=2))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            box = np.array([[column, row, column + 1, row + 1, 1]], dtype=np.float32)
            x0, y0, x1, y1, _ = located(box, tile)[0].tolist()
            assert (round(x0) % 256, round(y0) % 256) == (x % 256, y % 256)
            assert (round(x1 - x0), round(y1 - y0)) == (1, 1)
            found += (round(x0), round(y0)) == (x, y)
    assert found >= 1


@settings(deadline=None, max_examples=60)
@given(st.integers(8, 300), st.integers(8, 300), st.floats(0.2, 2.0), st.data())
def test_a_box_comes_back_from_any_scale(width: int, height: int, scale: float, data: st.DataObject) -> None:
    """A white field in black: the box around what is light in the tile is the field, within a pixel."""
    x0 = data.draw(st.integers(0, width // 2))
    y0 = data.draw(st.integers(0, height // 2))
    x1, y1 = x0 + width // 2, y0 + height // 2
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[y0:y1, x0:x1] = 255
    size = (max(round(height * scale), 1) + 7, max(round(width * scale), 1) + 13)
    (tile,) = letterboxes(pixels, scale, size, 0)
    rows, columns = np.nonzero(tile.pixels[:, :, 0] > 127)
    if not len(rows):
        return  # reduced to less than half a pixel
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, 1]
    back = located(np.array([box], dtype=np.float32), tile)[0, :4]
    assert np.abs(back - (x0, y0, x1, y1)).max() <= 1 / scale + 1.5


def test_an_image_of_the_inputs_size_is_one_tile() -> None:
    pixels = numbered(128, 96)
    (tile,) = letterboxes(pixels, 1.0, (96, 128), 114)
    assert np.array_equal(tile.pixels, pixels)


def test_what_is_left_is_grey_on_both_sides() -> None:
    (tile,) = letterboxes(numbered(40, 64), 1.0, (64, 64), 114)
    assert (tile.pixels[:, :12] == 114).all()
    assert (tile.pixels[:, 52:] == 114).all()
    assert tile.offset == (-12.0, 0.0)


def test_small_images_are_at_most_doubled_and_no_scale_comes_twice() -> None:
    assert scales((128, 256), 512, 300) == [0.25, 0.5]
    assert scales((128, 256), 20, 10) == [LARGEST_SCALE]
