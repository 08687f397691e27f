"""What a redacted picture can still tell: of a fill nothing, of a blur a bounded grid of cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.imaging import cells
from gateway.imaging.encode import encode
from gateway.imaging.image import ImageFormat, Pixels
from gateway.imaging.redact import BLOCK, FILL_COLOURS, apply, is_bounded, view
from gateway.imaging.strokes import method_for
from policies.model import Kind, Redaction, RedactionMethod, Region, Size
from tests.gateway.imaging.samples import noise, redaction, scene
from tests.policies.strategies import redactions as shaped

WIDTH, HEIGHT = 96, 72
SIZE = Size(WIDTH, HEIGHT)
BOUNDED = [RedactionMethod.BLUR, RedactionMethod.MOSAIC]
WITH_CELLS = [Kind.FACE, Kind.LICENSE_PLATE]


@st.composite
def regions(draw: st.DrawFn) -> Region:
    x0, y0 = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    region = Region(x0, y0, draw(st.integers(x0 + 1, WIDTH)), draw(st.integers(y0 + 1, HEIGHT)))
    return region.aligned(BLOCK, SIZE) if draw(st.booleans()) else region


rectangles = st.builds(Redaction, regions(), st.sampled_from(Kind), st.sampled_from(RedactionMethod))
plans = st.lists(st.one_of(rectangles, shaped(SIZE)), max_size=6)
"""Rectangles, ellipses and polygons, by every method."""
seeds = st.integers(0, 2**32 - 1)


def inside(plan: list[Redaction]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    for each in plan:
        for y, (left, right) in enumerate(each.spans, each.region.y0):
            mask[y, left:right] = True
    return mask


# -- laws of every redaction


@given(plans, seeds)
def test_nothing_outside_the_regions_changes(plan: list[Redaction], seed: int) -> None:
    picture = noise(WIDTH, HEIGHT, seed)
    before = picture.copy()
    result = apply(picture, plan)
    assert np.array_equal(result[~inside(plan)], picture[~inside(plan)])
    assert np.array_equal(picture, before)
    assert not np.shares_memory(result, picture)


@given(plans, seeds)
def test_the_order_of_the_list_does_not_matter(plan: list[Redaction], seed: int) -> None:
    picture = noise(WIDTH, HEIGHT, seed)
    shuffled = sorted(plan, key=lambda each: hash((each.region, seed)))
    assert np.array_equal(apply(picture, plan), apply(picture, shuffled))
    assert np.array_equal(apply(picture, plan), apply(picture, plan + plan[:1]))


@given(plans, seeds, seeds)
def test_twins_that_differ_inside_fills_only_are_equal(
    plan: list[Redaction], first: int, second: int
) -> None:
    """Whatever else is planned around and across: what a fill hides changes no pixel anywhere."""
    fills = [each for each in plan if method_for(each) is RedactionMethod.FILL]
    one, other = noise(WIDTH, HEIGHT, first), noise(WIDTH, HEIGHT, second)
    twin = np.where(inside(fills)[..., None], other, one)
    assert np.array_equal(apply(one, plan), apply(twin, plan))


@settings(max_examples=25)
@given(plans, seeds)
@pytest.mark.parametrize(
    ("image_format", "lossless"),
    [
        (ImageFormat.JPEG, False),
        (ImageFormat.PNG, True),
        (ImageFormat.WEBP, True),
        (ImageFormat.WEBP, False),
    ],
)
def test_twins_give_byte_identical_files(
    image_format: ImageFormat, lossless: bool, plan: list[Redaction], seed: int
) -> None:
    fills = [replace(each, method=RedactionMethod.FILL) for each in plan]
    one, other = scene(WIDTH, HEIGHT, seed % 50), noise(WIDTH, HEIGHT, seed)
    twin = np.where(inside(fills)[..., None], other, one)
    files = [encode(apply(each, fills), image_format, lossless=lossless).data for each in (one, twin)]
    assert files[0] == files[1]


# -- fill


@pytest.mark.parametrize("kind", list(Kind))
def test_a_fill_is_one_colour_by_kind(kind: Kind) -> None:
    result = apply(noise(WIDTH, HEIGHT), [redaction(8, 8, 40, 24, kind)])
    assert (view(result, Region(8, 8, 40, 24)) == FILL_COLOURS[kind]).all()
    assert len(set(FILL_COLOURS.values())) == len(Kind)


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.CODE])
@pytest.mark.parametrize("method", BOUNDED)
def test_text_and_codes_are_filled_whatever_is_asked(kind: Kind, method: RedactionMethod) -> None:
    picture = noise(WIDTH, HEIGHT)
    asked, filled = redaction(8, 8, 40, 24, kind, method), redaction(8, 8, 40, 24, kind)
    assert np.array_equal(apply(picture, [asked]), apply(picture, [filled]))
    with pytest.raises(ValueError, match="always filled"):
        cells.grid_for(kind, 32, 32)


@pytest.mark.parametrize("method", BOUNDED)
def test_a_fill_is_never_painted_over(method: RedactionMethod) -> None:
    fill = redaction(16, 16, 48, 48, Kind.TEXT)
    result = apply(noise(WIDTH, HEIGHT), [fill, redaction(8, 8, 64, 64, Kind.FACE, method)])
    assert (view(result, fill.region) == FILL_COLOURS[Kind.TEXT]).all()


# -- blur and mosaic


@given(regions(), st.sampled_from(WITH_CELLS), st.sampled_from(BOUNDED), seeds)
def test_what_is_shown_is_the_cells_and_nothing_else(
    region: Region, kind: Kind, method: RedactionMethod, seed: int
) -> None:
    """Another picture with the same quantised cells, though no pixel need be the same, looks the same."""
    picture = noise(WIDTH, HEIGHT, seed)
    plan = [Redaction(region, kind, method)]
    grid = cells.grid_for(kind, region.height, region.width)
    code = cells.read(view(picture, region), grid)
    expansion = picture.copy()
    view(expansion, region)[:] = cells.paint_flat(code, region.height, region.width)
    shown = apply(picture, plan)
    assert np.array_equal(shown, apply(expansion, plan))
    assert np.array_equal(cells.recover(view(shown, region), grid), code)
    assert is_bounded(view(shown, region), kind, method)


@given(st.sampled_from(WITH_CELLS), st.integers(1, 5000), st.integers(1, 5000))
def test_the_grid_keeps_its_bound_at_every_size(kind: Kind, height: int, width: int) -> None:
    grid = cells.grid_for(kind, height, width)
    assert 1 <= grid.rows * grid.columns <= 2
    assert grid.rows == 1 or height // grid.rows >= cells.MIN_CELL >= BLOCK
    assert grid.columns == 1 or width // grid.columns >= cells.MIN_CELL
    assert grid.rows * grid.columns * 3 * cells.CELL_BITS <= 12


@given(seeds)
def test_a_cell_takes_one_of_four_values_a_channel(seed: int) -> None:
    code = cells.read(noise(64, 64, seed) // 2 + seed % 128, cells.Grid(4, 4))
    assert set(np.unique(code)) <= {32 + 64 * step for step in range(4)}
    assert cells.are_quantised(code)
    assert not cells.are_quantised(code + np.uint8(1))


def test_cells_are_means() -> None:
    picture = np.zeros((32, 32, 3), dtype=np.uint8)
    picture[:16, :16] = 255
    picture[16:, 16:, 1] = np.arange(16) * 17  # mean 127
    code = cells.read(picture, cells.Grid(2, 2))
    assert code[..., 0].tolist() == [[224, 32], [32, 32]]
    assert code[..., 1].tolist() == [[224, 32], [32, 96]]


def test_a_blur_runs_smoothly_and_ends_hard() -> None:
    region = Region(16, 16, 80, 64)
    shown = apply(scene(WIDTH, HEIGHT), [Redaction(region, Kind.FACE, RedactionMethod.BLUR)])
    steps = np.abs(np.diff(view(shown, region).astype(int), axis=1))
    assert int(steps.max()) <= 192 / (region.width / 2) + 1  # the whole range over one cell at most
    mosaic = apply(scene(WIDTH, HEIGHT), [Redaction(region, Kind.FACE, RedactionMethod.MOSAIC)])
    assert len(np.unique(view(mosaic, region).reshape(-1, 3), axis=0)) <= 2


@pytest.mark.parametrize("method", BOUNDED)
def test_overlapping_blurs_read_no_pixel_twice(method: RedactionMethod) -> None:
    """The second reads what the first has left: twins with equal first cells stay equal after both."""
    first = redaction(0, 0, 64, 64, Kind.FACE, method)
    second = redaction(32, 32, 64, 64, Kind.FACE, method)  # wholly inside the first
    one = noise(WIDTH, HEIGHT)
    twin = one.copy()
    code = cells.read(view(one, first.region), cells.grid_for(Kind.FACE, 64, 64))
    view(twin, first.region)[:] = cells.paint_flat(code, 64, 64)
    assert np.array_equal(apply(one, [second, first]), apply(twin, [first, second]))


def test_a_picture_that_is_not_cells_is_not_bounded() -> None:
    region = scene(64, 64)
    region[:, :32] //= 4  # dark beside bright, so that the two cells differ
    assert not is_bounded(region, Kind.FACE, RedactionMethod.BLUR)
    shown = cells.paint_smooth(cells.read(region, cells.grid_for(Kind.FACE, 64, 64)), 64, 64)
    assert is_bounded(shown, Kind.FACE, RedactionMethod.BLUR)
    assert not is_bounded(shown, Kind.FACE, RedactionMethod.MOSAIC)
    shown[5, 7, 1] ^= 1
    assert not is_bounded(shown, Kind.FACE, RedactionMethod.BLUR)


def test_a_fine_mosaic_is_not_bounded() -> None:
    fine = cells.paint_flat(cells.read(scene(64, 64), cells.Grid(8, 8)), 64, 64)
    assert not is_bounded(fine, Kind.FACE, RedactionMethod.MOSAIC)


# -- wrong use


def test_a_region_outside_the_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        apply(noise(WIDTH, HEIGHT), [redaction(0, 0, WIDTH + 1, 8)])


@pytest.mark.parametrize(
    "pixels", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 4), np.uint8), np.zeros((0, 8, 3), np.uint8)]
)
def test_anything_but_rgb_is_refused(pixels: Pixels) -> None:
    with pytest.raises(ValueError, match="uint8"):
        apply(pixels, [])
