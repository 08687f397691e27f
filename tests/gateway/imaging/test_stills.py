"""One frame of a copy of several: exactly the one asked for, in a file of pixels and nothing else."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gateway.errors import OutputCheckFailed
from gateway.imaging import animated_webp, page_tiff
from gateway.imaging.image import ImageFormat, Pixels, Timing
from gateway.imaging.stills import still
from gateway.imaging.structure import check_structure
from tests.gateway.imaging.samples import noise, save, scene


def moving(frames: list[Pixels]) -> bytes:
    return animated_webp.write(frames, Timing((40,) * len(frames), 0))


WRITERS = {ImageFormat.WEBP: moving, ImageFormat.PNG: page_tiff.write}
"""By what a still of such a copy is written as."""

BOTH = pytest.mark.parametrize("becomes", WRITERS, ids=["animation", "pages"])


def seen(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def same_as(frames: list[Pixels], becomes: ImageFormat) -> None:
    data = WRITERS[becomes](frames)
    for number, frame in enumerate(frames):
        found = still(data, number)
        assert found.format is becomes
        check_structure(found.data, becomes)
        np.testing.assert_array_equal(seen(found.data), frame)


def steps(width: int, height: int) -> list[Pixels]:
    """Frames of which each differs from the last in another way: a part, nothing, one corner, everything."""
    first = scene(width, height)
    part = first.copy()
    part[height // 3 : height // 2, 1 : width // 2] = (255, 0, 9)
    corner = part.copy()
    corner[-1, -1] ^= 255
    other = noise(width, height)
    last = other.copy()
    last[0, 0] ^= 255
    return [first, part, part.copy(), corner, other, last]


@BOTH
@pytest.mark.parametrize("size", [(64, 48), (37, 23), (3, 1)], ids=str)
def test_each_frame_is_cut_out_as_it_was_written(becomes: ImageFormat, size: tuple[int, int]) -> None:
    same_as(steps(*size), becomes)


def test_pages_of_several_strips_are_whole() -> None:
    wide = [noise(500, 400, seed) for seed in range(2)]
    same_as(wide, ImageFormat.PNG)


@BOTH
@given(st.lists(st.integers(0, 3), min_size=2, max_size=6))
def test_any_order_of_frames_comes_out_as_it_went_in(becomes: ImageFormat, order: list[int]) -> None:
    few = steps(8, 6)
    same_as([few[number] for number in order], becomes)


@BOTH
@pytest.mark.parametrize("number", [-1, 6])
def test_a_frame_that_is_not_there_is_none(becomes: ImageFormat, number: int) -> None:
    with pytest.raises(OutputCheckFailed) as caught:
        still(WRITERS[becomes](steps(8, 6)), number)
    assert caught.value.code == "check.frame"


def foreign() -> dict[str, bytes]:
    first, second = (Image.fromarray(scene(16, 12, seed)) for seed in (0, 1))
    written = moving(steps(8, 6))
    return {
        "nothing": b"",
        "a single WebP": save(first, "WEBP", lossless=True),
        "an animation of Pillow's": save(first, "WEBP", save_all=True, append_images=[second]),
        "pages of Pillow's": save(first, "TIFF", save_all=True, append_images=[second]),
        "an animation cut short": written[:-9],
        "an animation with more": written + b"more",
    }


@pytest.mark.parametrize("name", foreign())
def test_only_files_of_ours_are_cut(name: str) -> None:
    with pytest.raises(OutputCheckFailed):
        still(foreign()[name], 0)
