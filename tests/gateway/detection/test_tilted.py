"""Outlines of tilted things: given where they say something, and never at the cost of what they leave out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gateway.detection import ppocr
from gateway.detection.boxes import Boxes, moved, suppressed
from gateway.detection.codes import Codes
from gateway.detection.detector import Setting
from gateway.detection.fuse import fuse
from gateway.detection.looks import detections
from gateway.detection.tilted import CORNERS, corners_of, outline_of, without_doubt
from policies.model import Detection, Kind, Redaction, RedactionMethod, Region, Size
from policies.shapes import Polygon

PAGE = np.zeros((400, 400, 3), dtype=np.uint8)


def line(centre: tuple[float, float], length: float, height: float, angle: float, score: float) -> Boxes:
    corners = cv2.boxPoints((centre, (length, height), angle))
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    return np.array([[x0, y0, x1, y1, score, *corners.ravel()]], dtype=np.float32)


def test_the_network_s_tilted_lines_come_with_their_corners() -> None:
    canvas = np.zeros((200, 200), dtype=np.uint8)
    cv2.fillPoly(canvas, [cv2.boxPoints(((100, 100), (120, 12), 45)).astype(np.int32)], 1)
    logits = np.where(canvas > 0, 6, -6).astype(np.float32)
    (found,) = ppocr.tilted(logits, 0.3)
    outline = corners_of(found.tolist())
    assert outline is not None
    assert outline.doubled_area < 2 * 0.5 * (found[2] - found[0]) * (found[3] - found[1])
    assert np.array_equal(ppocr.decode(logits, 0.3), found[None, :5])


def test_an_upright_line_has_none() -> None:
    (found,) = detections(line((200, 200), 160, 20, 0, 0.9), Kind.TEXT, "ppocr", PAGE)
    assert found.polygon is None
    assert outline_of([(0, 0), (9, 0)]) is None


def test_corners_move_with_their_box() -> None:
    tile = line((100, 100), 80, 10, 30, 0.9)
    (image,) = moved(tile, scale=(2.0, 4.0), offset=(10.0, 20.0))
    assert image[5::2].min() == pytest.approx(image[0])
    assert image[6::2].max() == pytest.approx(image[3])


def test_a_line_that_was_dropped_for_its_neighbour_is_hidden_with_it() -> None:
    """Two tilted lines beside each other: their rectangles overlap by more than half."""
    best, beside = line((200, 200), 220, 20, 45, 0.9), line((222, 178), 220, 20, 45, 0.8)
    raw = np.concatenate([best, beside])
    kept = suppressed(raw, 0.5)
    assert len(kept) == 1
    assert corners_of(kept[0].tolist()) is not None
    (told,) = without_doubt(kept, raw, 0.5)
    assert np.isnan(told[CORNERS]).all()
    (found,) = detections(told[None], Kind.TEXT, "ppocr", PAGE)
    assert found.polygon is None


def test_two_looks_at_one_line_keep_its_outline() -> None:
    raw = np.concatenate([line((200, 200), 220, 20, 45, 0.9), line((201, 200), 219, 20, 45, 0.8)])
    (told,) = without_doubt(suppressed(raw, 0.5), raw, 0.5)
    assert corners_of(told.tolist()) is not None


def test_what_is_taken_for_the_same_object_lies_in_the_outline() -> None:
    """A second line in the corner of a tilted one's rectangle is one object with it, and must stay hidden."""
    tilted = Polygon.hull([(100, 100), (300, 300), (290, 310), (90, 110)])
    large = Detection(Kind.TEXT, Region(90, 100, 300, 310), 0.9, "ppocr", polygon=tilted)
    small = Detection(Kind.TEXT, Region(240, 110, 290, 130), 0.6, "ppocr")
    (fused,) = fuse([large, small], Size(400, 400))
    shown = Redaction(fused.region, Kind.TEXT, RedactionMethod.FILL, fused.polygon)
    assert shown.covers(small.region)
    (alone,) = fuse([large], Size(400, 400))
    assert alone.polygon == tilted


def test_a_turned_code_has_an_outline_that_holds_its_corners() -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    code = zxingcpp.create_barcode("turned by thirty degrees", zxingcpp.BarcodeFormat.QRCode)
    picture = cv2.resize(np.array(code.to_image()), (160, 160), interpolation=cv2.INTER_NEAREST)
    page = np.full((400, 400), 255, dtype=np.uint8)
    page[120:280, 120:280] = picture
    turn = cv2.getRotationMatrix2D((200, 200), 30, 1)
    turned = cv2.warpAffine(page, turn, (400, 400), borderValue=255)
    (found,) = Codes(Setting.__new__(Setting)).detect(np.dstack([turned] * 3))
    assert found.polygon is not None
    room = Redaction(Region(0, 0, 400, 400), Kind.CODE, RedactionMethod.FILL, found.polygon)
    dark = np.argwhere(turned < 128)
    spans = np.array(room.spans)
    assert all(spans[y, 0] <= x < spans[y, 1] for y, x in dark)
    assert room.pixels < 0.85 * found.region.area
