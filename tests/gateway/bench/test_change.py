"""What counts as changed, and as hidden."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from gateway.bench.change import LEVELS, LOOSE, Bar, Judgement, changed_mask, detail, judge, window
from tests.gateway.bench.labelled import box, noise

small = st.tuples(st.integers(1, 6), st.integers(1, 6), st.just(3))
pictures = small.flatmap(lambda shape: st.tuples(arrays(np.uint8, shape), arrays(np.uint8, shape)))


def by_definition(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixel by pixel, as the words say it."""
    height, width, _ = before.shape
    mask = np.zeros((height, width), dtype=np.bool_)
    for y in range(height):
        for x in range(width):
            for channel in range(3):
                around = [
                    int(before[j, i, channel])
                    for j in range(max(y - 1, 0), min(y + 2, height))
                    for i in range(max(x - 1, 0), min(x + 2, width))
                ]
                low, high, new = min(around), max(around), int(after[y, x, channel])
                beyond = max(low - new, new - high) > LEVELS
                moved = abs(new - int(before[y, x, channel])) > LEVELS + (high - low) // 4
                mask[y, x] |= beyond or moved
    return mask


@given(pictures)
def test_a_pixel_changed_when_it_left_its_surroundings_or_its_own_value(
    pair: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    assert np.array_equal(changed_mask(*pair), by_definition(*pair))


@given(small.flatmap(lambda shape: arrays(np.uint8, shape)), st.integers(-LEVELS, LEVELS))
def test_what_an_encoder_loses_is_no_change(before: NDArray[np.uint8], shift: int) -> None:
    after = np.clip(before.astype(np.int16) + shift, 0, 255).astype(np.uint8)
    assert not changed_mask(before, after).any()


@given(
    st.tuples(*[st.floats(-50, 150, allow_nan=False)] * 2, *[st.floats(0, 200, allow_nan=False)] * 2),
    st.floats(0.01, 2),
    st.integers(1, 120),
    st.integers(1, 120),
)
def test_a_window_holds_a_pixel_and_lies_in_the_picture(
    corners: tuple[float, float, float, float], scale: float, height: int, width: int
) -> None:
    rows, columns = window(box(*corners), (height, width), scale)
    assert 0 <= rows.start < rows.stop <= height
    assert 0 <= columns.start < columns.stop <= width


def test_the_inner_part_lies_about_the_middle() -> None:
    rows, columns = window(box(10, 20, 40, 20), (100, 100), 0.8)
    assert (rows, columns) == (slice(22, 38), slice(14, 46))


@pytest.mark.parametrize(("columns", "judgement"), [(14, Judgement.COVERED), (13, Judgement.LEAKED)])
def test_seven_tenths_of_the_inner_part_cover_a_face(columns: int, judgement: Judgement) -> None:
    before = noise(40, 40)
    after = before.copy()
    after[:, 10 : 10 + columns] = 255  # the box's inner part begins there and is 20 wide
    judged = judge(before, after, changed_mask(before, after), box(7.5, 7.5, 25, 25), LOOSE)
    assert judged.changed == columns / 20
    assert judged.judgement is judgement


def test_a_strong_blur_hides_though_it_does_not_cover() -> None:
    before = np.tile(np.array([[[160], [180]], [[180], [160]]], np.uint8), (10, 10, 3))
    after = before.copy()
    after[:, :12] = 120  # six tenths: not enough to cover
    after[:, 12:] = 170  # within the old range, and flat
    judged = judge(before, after, changed_mask(before, after), box(0, 0, 20, 20), Bar(1, 0.7))
    assert judged.detail < 0.1
    assert 0.35 <= judged.changed < 0.7
    assert judged.judgement is Judgement.BLURRED


def test_a_light_blur_leaks() -> None:
    coarse = Image.fromarray(noise(10, 10)).resize((60, 60), Image.Resampling.BICUBIC)
    before = np.asarray(coarse)
    after = before.copy()
    wide = before.astype(np.uint16)
    after[1:-1] = (wide[:-2] + 2 * wide[1:-1] + wide[2:]) // 4
    judged = judge(before, after, changed_mask(before, after), box(5, 5, 50, 50), LOOSE)
    assert judged.judgement is Judgement.LEAKED
    assert judged.detail > 0.5


def test_nothing_is_left_of_the_detail_of_a_filled_box() -> None:
    flat = np.full((30, 30, 3), 7, np.uint8)
    assert detail(flat) == 0
    assert detail(noise(30, 30)) > 0


def test_a_bar_is_made_of_shares() -> None:
    for wrong in ((0, 0.7), (1.1, 0.7), (0.8, 0), (0.8, 1.5)):
        with pytest.raises(ValueError, match="shares"):
            Bar(*wrong)
