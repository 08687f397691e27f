"""What a blur or a mosaic within an ellipse or a polygon can tell: a bounded grid of cells, and no more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import OutputCheckFailed
from gateway.imaging import cells, shaped_cells
from gateway.imaging.check import check_output
from gateway.imaging.encode import encode
from gateway.imaging.image import ImageFormat
from gateway.imaging.redact import apply, bits_of, is_bounded, mask_of, view
from gateway.imaging.twin import bits_left, twin
from policies.model import Kind, Redaction, RedactionMethod, Region, Size
from policies.shapes import Ellipse, Polygon
from tests.gateway.imaging.samples import noise, plan, scene
from tests.policies.strategies import ellipses, grown_polygons

SIZE = Size(160, 120)
BOUNDED = [RedactionMethod.BLUR, RedactionMethod.MOSAIC]
OVAL = Redaction(Region(20, 10, 140, 110), Kind.FACE, RedactionMethod.BLUR, Ellipse(20, 10, 140, 110))
TILTED = Redaction(
    Region(150, 30, 270, 150),
    Kind.LICENSE_PLATE,
    RedactionMethod.MOSAIC,
    Polygon.hull([(170, 30), (270, 130), (250, 150), (150, 50)]),
)


@st.composite
def outlined(draw: st.DrawFn) -> Redaction:
    """A face or a plate within an ellipse or a polygon, blurred or as a mosaic."""
    outline = draw(st.one_of(ellipses(SIZE, margin=20), grown_polygons(SIZE)))
    region = Region.covering(*outline.box, SIZE)
    assert region is not None
    kind = draw(st.sampled_from((Kind.FACE, Kind.LICENSE_PLATE)))
    return Redaction(region, kind, draw(st.sampled_from(BOUNDED)), outline)


@given(outlined(), st.integers(0, 99))
def test_what_is_shown_is_a_grid_of_cells_and_can_be_read_back(stroke: Redaction, seed: int) -> None:
    picture, mask = noise(SIZE.width, SIZE.height, seed), mask_of(stroke)
    shown = view(apply(picture, [stroke]), stroke.region)
    assert is_bounded(shown, stroke.kind, stroke.method, mask)
    shaped = shaped_cells.shaped_grid(stroke.kind, mask)
    code = shaped_cells.read(view(picture, stroke.region), mask, shaped)
    assert np.array_equal(shaped_cells.recover(shown, shaped), code)
    assert cells.are_quantised(code)
    # Another picture with the same cells, though hardly a pixel is the same, looks the same.
    other = twin(picture, [stroke], np.random.Generator(np.random.PCG64(seed)))
    assert np.array_equal(view(apply(other, [stroke]), stroke.region)[mask], shown[mask])


@given(outlined())
def test_an_outline_leaves_no_more_bits_than_its_rectangle_and_no_cell_is_small(stroke: Redaction) -> None:
    grid = cells.grid_for(stroke.kind, stroke.region.height, stroke.region.width)
    assert 0 < bits_of(stroke) <= grid.rows * grid.columns * 3 * cells.CELL_BITS
    assert bits_left([stroke]) == bits_of(stroke)
    mask = mask_of(stroke)
    parts = shaped_cells.members(mask, shaped_cells.shaped_grid(stroke.kind, mask))
    assert np.array_equal(sum(part.astype(int) for part in parts), mask.astype(int))  # each pixel in one
    assert len(parts) == 1 or min(part.sum() for part in parts) >= cells.MIN_CELL**2


def test_what_lies_beside_an_outline_colours_no_cell() -> None:
    """The pixels in the corners of the region are shown as they are; they are no part of what is hidden."""
    one = scene()
    other = one.copy()
    beside = ~mask_of(OVAL)
    view(other, OVAL.region)[beside] = 255 - view(other, OVAL.region)[beside]
    inside = mask_of(OVAL)
    shown, again = (view(apply(each, [OVAL]), OVAL.region) for each in (one, other))
    assert np.array_equal(shown[inside], again[inside])
    assert np.array_equal(again[beside], view(other, OVAL.region)[beside])


def test_a_face_within_an_ellipse_has_the_two_cells_of_its_region() -> None:
    large = Redaction(Region(0, 0, 400, 400), Kind.FACE, RedactionMethod.BLUR, Ellipse(0, 0, 400, 400))
    assert bits_of(large) == 2 * 3 * cells.CELL_BITS


def test_a_picture_that_is_not_cells_is_not_bounded_within_an_outline() -> None:
    mask = mask_of(OVAL)
    shown = view(apply(scene(), [OVAL]), OVAL.region).copy()
    assert is_bounded(shown, OVAL.kind, RedactionMethod.BLUR, mask)
    assert not is_bounded(shown, OVAL.kind, RedactionMethod.MOSAIC, mask)
    assert not is_bounded(view(scene(), OVAL.region), OVAL.kind, RedactionMethod.BLUR, mask)
    shown[0, 0, 0] ^= 1  # in the corner, which is not hidden
    assert is_bounded(shown, OVAL.kind, RedactionMethod.BLUR, mask)
    shown[50, 60, 1] ^= 1
    assert not is_bounded(shown, OVAL.kind, RedactionMethod.BLUR, mask)


# -- the check of the finished file

FORMATS = [
    (ImageFormat.JPEG, False),
    (ImageFormat.PNG, True),
    (ImageFormat.WEBP, True),
    (ImageFormat.WEBP, False),
]
FILLED = Redaction(
    Region(40, 120, 200, 220),
    Kind.TEXT,
    RedactionMethod.FILL,
    Polygon.hull([(40, 130), (190, 120), (200, 210), (50, 220)]),
)
OVER = Redaction(Region(100, 80, 180, 160), Kind.CODE, RedactionMethod.FILL, Ellipse(100, 80, 180, 160))
PLAN = plan(OVAL, TILTED, FILLED, OVER)


@pytest.mark.parametrize(("image_format", "lossless"), FORMATS)
@pytest.mark.parametrize("original", [scene(), noise(320, 240)], ids=["photo-like", "noise"])
def test_a_sound_copy_with_outlines_passes(
    image_format: ImageFormat, lossless: bool, original: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> None:
    expected = apply(original, PLAN.redactions)
    check_output(encode(expected, image_format, lossless=lossless), expected, original, PLAN)


@pytest.mark.parametrize("stroke", PLAN.redactions, ids=["blur", "mosaic", "fill", "fill over it"])
def test_an_outline_that_was_not_hidden_is_found(stroke: Redaction) -> None:
    original = scene()
    expected = apply(original, [each for each in PLAN.redactions if each != stroke])
    with pytest.raises(OutputCheckFailed) as caught:
        check_output(encode(expected, ImageFormat.PNG, lossless=True), expected, original, PLAN)
    assert caught.value.code == "check.region"


@pytest.mark.parametrize(("image_format", "lossless"), FORMATS)
def test_a_change_in_the_corner_that_an_outline_leaves_is_outside(
    image_format: ImageFormat, lossless: bool
) -> None:
    original = scene()
    expected = apply(original, PLAN.redactions)
    touched = expected.copy()
    touched[12:18, 22:28] = 255 - touched[12:18, 22:28]  # within the ellipse's region, beside the ellipse
    copy = encode(touched, image_format, lossless=lossless)
    with pytest.raises(OutputCheckFailed) as caught:
        check_output(copy, expected, original, PLAN)
    assert caught.value.code == "check.outside"
