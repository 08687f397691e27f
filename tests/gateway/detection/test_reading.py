"""Lines are read where a policy wants it: by EasyOCR with the extra `ocr`, else refused with a command."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from gateway.detection import DetectorSet, ModelStore, Precision, load_detectors
from gateway.detection.detector import Setting
from gateway.detection.passes import Pixels
from gateway.detection.reader import load_reader
from gateway.errors import MissingDetector, MissingModel
from policies.identifiers import ReadLine, judge
from policies.model import Detection, Kind, Reading, Region
from tests.support.ocr import needs_ocr

LEFT, RIGHT = Region(8, 8, 60, 24), Region(100, 60, 160, 76)


class Two:
    """Sees a line and a plate in every picture."""

    name = "two"
    kinds = frozenset({Kind.TEXT, Kind.LICENSE_PLATE})
    models: tuple[str, ...] = ()

    def detect(self, pixels: Pixels) -> list[Detection]:
        return [Detection(Kind.TEXT, LEFT, 0.9, "two"), Detection(Kind.LICENSE_PLATE, RIGHT, 0.9, "two")]


class Stopper:
    """Reads STOP everywhere."""

    name = "stopper"
    models: tuple[str, ...] = ()

    def read(self, pixels: Pixels, regions: Sequence[Region]) -> list[ReadLine]:
        return [ReadLine(region, "STOP", 1.0) for region in regions]


def seen(reader: Stopper | None, known: frozenset[str] = frozenset()) -> dict[Kind, Reading | None]:
    made = DetectorSet([Two()], absent={}, digests={}, precision=Precision.F32, reader=reader)
    picture = np.zeros((100, 200, 3), dtype=np.uint8)
    return {one.kind: one.reading for one in made.detect(picture, list(Kind), known=known)}


def test_lines_are_read_and_nothing_else_is() -> None:
    assert seen(Stopper()) == {Kind.TEXT: Reading.HARMLESS, Kind.LICENSE_PLATE: None}
    assert seen(None) == {Kind.TEXT: None, Kind.LICENSE_PLATE: None}


def test_the_headers_words_take_part() -> None:
    assert seen(Stopper(), frozenset({"stop"}))[Kind.TEXT] is Reading.NAME


@pytest.mark.parametrize("library", ["torch", "torchvision", "easyocr"])
def test_without_a_library_it_is_refused_with_the_command_that_installs_it(
    library: str, model_store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("easyocr_reader", "easyocr_libraries"):
        monkeypatch.delitem(sys.modules, f"gateway.detection.{name}", raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingDetector, match=r"lines: identifiers.*run `make install EXTRAS=ocr`"):
        load_reader(Setting(models=model_store, threads=1, precision=Precision.F32))


def drawn(*lines: str) -> tuple[Pixels, list[Region]]:
    """Large dark letters on paper, and where each line stands."""
    page = Image.new("RGB", (900, 100 * len(lines) + 40), (245, 245, 240))
    font, draw, regions = ImageFont.load_default(48), ImageDraw.Draw(page), []
    for index, line in enumerate(lines):
        x0, y0, x1, y1 = draw.textbbox((60, 100 * index + 40), line, font=font)
        draw.text((60, 100 * index + 40), line, font=font, fill=(20, 20, 30))
        regions.append(Region(int(x0) - 8, int(y0) - 8, int(x1) + 8, int(y1) + 8))
    return np.ascontiguousarray(np.asarray(page)), regions


@pytest.fixture(scope="module")
def reading(model_store: ModelStore) -> DetectorSet:
    return load_detectors(["ppocr"], [], models=model_store, threads=2, precision=Precision.F32, reading=True)


@needs_ocr
def test_drawn_lines_are_read(reading: DetectorSet) -> None:
    assert reading.reader is not None
    pixels, regions = drawn("PORTABLE", "Thank you", "Jane Davidson", "MRN 4711023")
    lines = reading.reader.read(pixels, regions)
    assert [line.text.lower() for line in lines] == ["portable", "thank you", "jane davidson", "mrn 4711023"]
    assert judge(lines) == (Reading.HARMLESS, Reading.HARMLESS, Reading.NAME, Reading.NUMBER)


@needs_ocr
def test_a_region_that_ends_within_a_line_is_not_trusted(reading: DetectorSet) -> None:
    assert reading.reader is not None
    pixels, (whole,) = drawn("STOPPARD")
    part = Region(whole.x0, whole.y0, whole.x0 + whole.width // 2, whole.y1)
    assert [line.confidence for line in reading.reader.read(pixels, [part])] == [0.0]


@needs_ocr
def test_what_cannot_be_a_line_is_not_read(reading: DetectorSet) -> None:
    assert reading.reader is not None
    pixels, _ = drawn("STOP")
    upright, low, wide = Region(60, 0, 65, 100), Region(0, 0, 50, 5), Region(0, 0, 900, 8)
    lines = reading.reader.read(pixels, [upright, low, wide])
    assert [(line.text, line.confidence) for line in lines] == [("", 0.0)] * 3


@needs_ocr
def test_what_is_found_is_read_and_the_weights_are_named(reading: DetectorSet) -> None:
    pixels, (_, identifier) = drawn("PORTABLE", "Jane Davidson, 22.04.1957")
    found = reading.detect(pixels, [Kind.TEXT])
    assert {one.reading for one in found if one.region.overlap(identifier)} <= set(Reading) - {
        Reading.HARMLESS
    }
    assert Reading.HARMLESS in {one.reading for one in found}
    assert set(reading.digests) == {"ppocrv6-det", "easyocr-english"}


@needs_ocr
def test_without_the_weights_it_is_refused_with_the_command_that_brings_them(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="run `privgate models fetch easyocr-english`"):
        load_reader(Setting(models=ModelStore(tmp_path), threads=1, precision=Precision.F32))
