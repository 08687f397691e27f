"""Codes: what the reader read before, nothing reads after its regions are filled."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import zxingcpp
from numpy.typing import NDArray

from gateway.detection import codes as codes_module
from gateway.detection.boxes import Crowded
from gateway.detection.codes import Codes
from gateway.detection.detector import Setting
from gateway.detection.models import ModelStore
from gateway.detection.runtime import Precision
from policies.model import Kind

CONTENT = "4006381333931"
FORMATS = (
    zxingcpp.BarcodeFormat.QRCode,
    zxingcpp.BarcodeFormat.DataMatrix,
    zxingcpp.BarcodeFormat.Aztec,
    zxingcpp.BarcodeFormat.PDF417,
    zxingcpp.BarcodeFormat.Code128,
    zxingcpp.BarcodeFormat.EAN13,
)


@pytest.fixture(scope="module")
def codes(model_store: ModelStore) -> Codes:
    return Codes(Setting(models=model_store, threads=1, precision=Precision.F32))


def page(code_format: zxingcpp.BarcodeFormat, angle: float, height: int | None = None) -> NDArray[np.uint8]:
    """A grey page of 640x640 with one code on it, turned about the middle; bar codes of the given height."""
    code = zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(CONTENT, code_format), scale=3)
    picture = np.array(code, dtype=np.uint8)
    if height is not None:
        picture = np.repeat(picture[:1], height, axis=0)
    canvas = np.full((640, 640), 190, dtype=np.uint8)
    top, left = (640 - picture.shape[0]) // 2, (640 - picture.shape[1]) // 2
    canvas[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    turned = cv2.warpAffine(
        canvas, cv2.getRotationMatrix2D((320, 320), angle, 1), (640, 640), borderValue=190
    )
    return np.repeat(np.asarray(turned, dtype=np.uint8)[:, :, None], 3, axis=2)


def filled(codes: Codes, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    result = pixels.copy()
    for detection in codes.detect(pixels):
        region = detection.region
        result[region.y0 : region.y1, region.x0 : region.x1] = 0
    return result


def readable(pixels: NDArray[np.uint8]) -> bool:
    return any(code.valid for code in zxingcpp.read_barcodes(pixels))


# The reader does not read our PDF417 when it is turned by 17 degrees: there is no positive control.
PLACED = [
    (each, angle)
    for each in FORMATS
    for angle in (0.0, 17.0, 90.0, 180.0)
    if (each, angle) != (zxingcpp.BarcodeFormat.PDF417, 17.0)
]


@pytest.mark.parametrize(("code_format", "angle"), PLACED, ids=str)
def test_a_code_is_found_and_unreadable_once_filled(
    codes: Codes, code_format: zxingcpp.BarcodeFormat, angle: float
) -> None:
    pixels = page(code_format, angle)
    assert readable(pixels)  # the positive control
    detections = codes.detect(pixels)  # of a turned bar code sometimes two parts
    assert {detection.kind for detection in detections} == {Kind.CODE}
    assert max(detection.score for detection in detections) == 1.0
    assert not readable(filled(codes, pixels))


def test_no_row_of_a_tall_bar_code_stays_readable(codes: Codes) -> None:
    pixels = page(zxingcpp.BarcodeFormat.Code128, 0.0, height=560)
    rest = filled(codes, pixels)
    for top in range(0, 640, 16):
        assert not readable(rest[top : top + 16])


def test_two_codes_are_two_detections(codes: Codes) -> None:
    pixels = np.hstack([page(zxingcpp.BarcodeFormat.QRCode, 0.0), page(zxingcpp.BarcodeFormat.Aztec, 0.0)])
    assert len(codes.detect(pixels)) == 2


def test_more_codes_than_are_read_in_all_rounds_are_never_passed_over(
    codes: Codes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader gives 255 at a time: a sheet of more must not come out with the rest readable."""
    code = zxingcpp.create_barcode("A", zxingcpp.BarcodeFormat.QRCode)
    small = np.array(zxingcpp.write_barcode_to_image(code, scale=2), dtype=np.uint8)
    one = np.pad(small, 3, constant_values=255)
    sheet = np.repeat(np.tile(one, (17, 17))[:, :, None], 3, axis=2)
    assert not readable(filled(codes, sheet))
    monkeypatch.setattr(codes_module, "ROUNDS", 1)
    with pytest.raises(Crowded):
        codes.detect(sheet)


def test_an_empty_page_has_no_code(codes: Codes) -> None:
    assert codes.detect(np.full((64, 64, 3), 200, dtype=np.uint8)) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (7, 7)])
def test_odd_shapes_are_taken(codes: Codes, shape: tuple[int, int]) -> None:
    assert codes.detect(np.zeros((*shape, 3), dtype=np.uint8)) == []
