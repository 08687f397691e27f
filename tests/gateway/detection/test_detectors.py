"""The real detectors on real pixels: what is there is found, what is not there is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.detection import DetectorSet, ModelStore, Precision, load_detectors, runtime
from gateway.detection.passes import Pixels
from gateway.detection.runtime import Session
from gateway.detection.text import TextLines
from gateway.errors import MissingDetector, MissingModel
from policies.model import Detection, Kind, Region

FACE = Region(172, 60, 275, 178)
"""Where the astronaut's face is, in the photo of 512 x 512 pixels."""


def found(detections: tuple[Detection, ...], kind: Kind, truth: Region) -> list[Detection]:
    """The certain detections of a kind that cover two thirds of the true region."""
    return [
        one
        for one in detections
        if one.kind is kind and one.score >= 0.5 and one.region.overlap(truth) > truth.area * 2 / 3
    ]


def test_a_face_is_found_by_both_opinions(detectors: DetectorSet, astronaut: Pixels) -> None:
    seen = detectors.detect(astronaut, [Kind.FACE])
    (face,) = found(seen, Kind.FACE, FACE)
    assert face.source == "centerface+mediapipe"
    assert face.region.iou(FACE) > 0.6
    assert [one for one in seen if one.score >= 0.5] == [face]


@pytest.mark.parametrize("height", [24, 48, 110, 400])
def test_a_face_is_found_at_any_size(detectors: DetectorSet, astronaut: Pixels, height: int) -> None:
    scale = height / FACE.height
    side = round(512 * scale)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    image = np.zeros((max(side, 600), max(side, 800), 3), dtype=np.uint8) + np.uint8(90)
    image[:side, :side] = cv2.resize(astronaut, (side, side), interpolation=method)
    x0, y0, x1, y1 = (round(value * scale) for value in (FACE.x0, FACE.y0, FACE.x1, FACE.y1))
    assert found(detectors.detect(image, [Kind.FACE]), Kind.FACE, Region(x0, y0, x1, y1))


def test_a_face_on_its_side_is_found(detectors: DetectorSet, astronaut: Pixels) -> None:
    turned = np.ascontiguousarray(np.rot90(astronaut, -1))
    truth = Region(512 - FACE.y1, FACE.x0, 512 - FACE.y0, FACE.x1)
    assert found(detectors.detect(turned, [Kind.FACE]), Kind.FACE, truth)


def street(astronaut: Pixels) -> tuple[Pixels, Region]:
    """A photo's corner, blurred, with a car's rear drawn on it and a plate: characters on white, framed."""
    scene = cv2.GaussianBlur(cv2.resize(astronaut, (960, 720)), (0, 0), 6)
    cv2.rectangle(scene, (250, 300), (710, 620), (70, 20, 25), -1)
    cv2.rectangle(scene, (300, 310), (660, 420), (35, 40, 45), -1)
    cv2.rectangle(scene, (400, 500), (560, 536), (240, 240, 235), -1)
    cv2.rectangle(scene, (400, 500), (560, 536), (20, 20, 20), 2)
    cv2.putText(scene, "KX 482 BT", (408, 527), cv2.FONT_HERSHEY_DUPLEX, 0.82, (15, 15, 20), 2, cv2.LINE_AA)
    return np.asarray(scene, dtype=np.uint8), Region(400, 500, 560, 536)


def test_a_drawn_plate_is_found(detectors: DetectorSet, astronaut: Pixels) -> None:
    scene, truth = street(astronaut)
    assert found(detectors.detect(scene, [Kind.LICENSE_PLATE]), Kind.LICENSE_PLATE, truth)


def test_lines_of_text_are_found(detectors: DetectorSet) -> None:
    page = np.full((400, 900, 3), 245, dtype=np.uint8)
    lines = ("Invoice 2024-117", "Jane Example, 12 Mill Lane", "Total due 88.40")
    for index, line in enumerate(lines):
        cv2.putText(page, line, (60, 100 + 100 * index), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (20, 20, 20), 2)
    seen = detectors.detect(page, [Kind.TEXT])
    for index in range(3):
        assert found(seen, Kind.TEXT, Region(70, 75 + 100 * index, 300, 100 + 100 * index))


def test_nothing_is_found_in_an_even_surface(detectors: DetectorSet) -> None:
    assert detectors.detect(np.full((300, 400, 3), 128, dtype=np.uint8), list(Kind)) == ()


def test_only_the_kinds_asked_for_are_reported(detectors: DetectorSet, astronaut: Pixels) -> None:
    assert {one.kind for one in detectors.detect(astronaut, [Kind.TEXT])} <= {Kind.TEXT}
    assert detectors.detect(astronaut, []) == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (10, 10_000), (33, 31)])
def test_any_shape_is_taken(detectors: DetectorSet, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(7).integers(0, 256, (*shape, 3), dtype=np.uint8)
    for one in detectors.detect(noise, list(Kind)):
        assert one.region.x1 <= shape[1]
        assert one.region.y1 <= shape[0]


def test_a_changed_image_is_looked_at_anew(detectors: DetectorSet) -> None:
    page = np.full((300, 600, 3), 245, dtype=np.uint8)
    assert detectors.detect(page, [Kind.TEXT]) == ()
    cv2.putText(page, "Jane Example", (60, 150), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (20, 20, 20), 3)
    assert detectors.detect(page, [Kind.TEXT])


DETECT = """
import sys, numpy, pathlib
from PIL import Image
from gateway.detection import ModelStore, Precision, load_detectors
from policies.model import Kind
store = ModelStore(pathlib.Path(sys.argv[1]))
names = ["centerface", "mediapipe", "clp", "ppocr-plates", "ppocr"]
detectors = load_detectors(names, [], models=store, threads=2, precision=Precision.F32)
with Image.open(store.path("astronaut")) as image:
    print(detectors.detect(numpy.asarray(image.convert("RGB")), list(Kind)))
"""


def test_two_processes_see_the_same_and_say_nothing_else(model_store: ModelStore) -> None:
    command = [sys.executable, "-c", DETECT, str(model_store.folder)]
    runs = [subprocess.run(command, capture_output=True, check=True) for _ in range(2)]
    assert b"Detection(" in runs[0].stdout
    assert runs[0].stdout == runs[1].stdout
    assert [run.stderr for run in runs] == [b"", b""]


CONTACTS = """
import sys
contacts = []
watched = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.posix_spawn", "os.fork")
sys.addaudithook(lambda event, args: contacts.append((event, args)) if event in watched else None)
import pathlib
from gateway.detection import ModelStore, Precision, load_detectors
store = ModelStore(pathlib.Path(sys.argv[1]))
load_detectors(["centerface", "clp", "ppocr"], [], models=store, threads=1, precision=Precision.F32)
import openvino.tools.ovc
print(contacts, sys.modules["openvino_telemetry"])
"""


def test_the_inference_library_reports_to_nobody(model_store: ModelStore) -> None:
    command = [sys.executable, "-c", CONTACTS, str(model_store.folder)]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"[] None\n"


def test_two_sets_see_the_same(model_store: ModelStore, detectors: DetectorSet, astronaut: Pixels) -> None:
    again = load_detectors(detectors.names, [], models=model_store, threads=2, precision=Precision.F32)
    assert again.detect(astronaut, list(Kind)) == detectors.detect(astronaut, list(Kind))


def test_the_set_names_the_models_it_uses(detectors: DetectorSet, model_store: ModelStore) -> None:
    assert set(detectors.digests) == {"centerface", "mediapipe-full-range", "clp-det", "ppocrv6-det"}
    assert detectors.digests["clp-det"] == model_store.entry("clp-det").file_sha256
    assert detectors.precision is Precision.F32
    assert detectors.absent == {}


def test_an_unknown_detector_is_refused_with_the_known_ones(model_store: ModelStore) -> None:
    with pytest.raises(MissingDetector, match="no detector 'eyes'; a policy can name centerface"):
        load_detectors(["eyes"], [], models=model_store, threads=1, precision=Precision.F32)


def test_a_required_model_that_is_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="privgate models fetch"):
        load_detectors(["centerface"], [], models=ModelStore(tmp_path), threads=1, precision=Precision.F32)


def test_an_optional_detector_that_cannot_run_is_listed(tmp_path: Path) -> None:
    loaded = load_detectors([], ["clp"], models=ModelStore(tmp_path), threads=1, precision=Precision.F32)
    assert loaded.names == ()
    assert "clp-det is absent" in loaded.absent["clp"]


def test_without_its_libraries_mediapipe_names_the_packages(
    model_store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway.detection import mediapipe_faces

    def no_library(model: bytes) -> object:
        raise OSError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr(mediapipe_faces, "_networks", {})
    monkeypatch.setattr(mediapipe_faces, "_started", no_library)
    with pytest.raises(MissingDetector, match=r"libEGL.*apt-get install libegl1"):
        load_detectors(["mediapipe"], [], models=model_store, threads=1, precision=Precision.F32)


class Lines(Session):
    """A text network that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def run(self, pixels: Pixels) -> list[NDArray[np.float32]]:
        self.asked += 1
        return [np.zeros((1, *pixels.shape[:2]), dtype=np.float32)]


def test_lines_are_found_once_an_image_and_anew_where_the_image_could_have_changed() -> None:
    network = Lines()
    lines = TextLines(network)
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    for _ in range(2):
        lines.of(pixels)
    assert network.asked == 2
    fixed = pixels.view()
    fixed.flags.writeable = False
    for _ in range(2):
        lines.of(fixed)
    assert network.asked == 3
    again = pixels.view()
    again.flags.writeable = False
    lines.of(again)
    assert network.asked == 4


def test_no_detector_can_change_the_image() -> None:
    shown: list[Pixels] = []

    class Looking:
        name = "looking"
        kinds = frozenset({Kind.FACE})
        models: tuple[str, ...] = ()

        def detect(self, pixels: Pixels) -> list[Detection]:
            shown.append(pixels)
            return []

    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    seeing = DetectorSet([Looking(), Looking()], absent={}, digests={}, precision=Precision.F32)
    seeing.detect(pixels, [Kind.FACE])
    assert not shown[0].flags.writeable
    assert pixels.flags.writeable


def test_memory_given_back_between_detectors_changes_nothing(
    detectors: DetectorSet, astronaut: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = (Kind.FACE, Kind.LICENSE_PLATE, Kind.TEXT)
    before = detectors.detect(astronaut, kinds)
    monkeypatch.setattr(runtime, "COMFORTABLE", 0)
    assert [detectors.detect(astronaut, kinds) for _ in range(2)] == [before, before]
