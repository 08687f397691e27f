"""Labels out: one COCO document, a ZIP that every tool opens, and neither ever held as a whole."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import pytest
import yaml

from gateway.labels.export import Images, LabelledImage, coco, yolo
from gateway.labels.model import Box, Category, Label, Landmark
from policies.model import Size

SET: Final = [Category(3, "car", "vehicle"), Category(7, "on: off\n# 'x'")]


def images() -> Iterator[LabelledImage]:
    yield LabelledImage("asset-a", Size(200, 100), (Label(9, 7, Box(20, 10, 100, 50)),))
    yield LabelledImage("asset-b", Size(50, 50), ())
    triangle = Label(9, 3, Box(0, 0, 8, 8), ((0, 0, 8, 0, 8, 8),))
    yield LabelledImage("asset-c", Size(16, 32), (triangle, Label(2, 7, Box(0, 16, 16, 16))))


def test_coco_numbers_images_and_annotations_anew() -> None:
    document = json.loads(b"".join(coco(SET, images)))
    assert [(i["id"], i["file_name"]) for i in document["images"]] == [
        (1, "asset-a"),
        (2, "asset-b"),
        (3, "asset-c"),
    ]
    assert [(a["id"], a["image_id"], a["category_id"]) for a in document["annotations"]] == [
        (1, 1, 7),
        (2, 3, 3),
        (3, 3, 7),
    ]
    assert document["annotations"][1]["area"] == 32
    assert document["categories"][0] == {"id": 3, "name": "car", "supercategory": "vehicle"}


def test_a_class_with_landmarks_names_them_and_yolo_leaves_a_bare_point_out() -> None:
    eye = Category(1, "eye", None, ("centre",))
    point = Label(1, 1, Box(8, 8, 0, 0), landmarks=(Landmark(8, 8),))

    def found() -> Iterator[LabelledImage]:
        yield LabelledImage("asset-a", Size(16, 16), (point,))

    document = json.loads(b"".join(coco([eye, SET[0]], found)))
    assert document["categories"][0] == {"id": 1, "name": "eye", "keypoints": ["centre"], "skeleton": []}
    assert "keypoints" not in document["categories"][1]
    assert document["annotations"][0]["keypoints"] == [8, 8, 2]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(yolo([eye], found))))
    assert archive.read("labels/asset-a.txt") == b""


def test_a_dataset_without_labels_is_a_document_too() -> None:
    assert json.loads(b"".join(coco([], lambda: []))) == {"categories": [], "images": [], "annotations": []}
    assert zipfile.ZipFile(io.BytesIO(b"".join(yolo([], lambda: [])))).namelist() == ["data.yaml"]


def test_yolo_says_centres_as_fractions_and_classes_from_nought() -> None:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(yolo(SET, images))))
    assert archive.testzip() is None
    names = ["data.yaml", "labels/asset-a.txt", "labels/asset-b.txt", "labels/asset-c.txt"]
    assert archive.namelist() == names
    assert yaml.safe_load(archive.read("data.yaml"))["names"] == {0: "car", 1: "on: off\n# 'x'"}
    assert archive.read("labels/asset-a.txt") == b"1 0.350000 0.350000 0.500000 0.500000\n"
    assert archive.read("labels/asset-b.txt") == b""
    assert archive.read("labels/asset-c.txt").splitlines() == [
        b"0 0.250000 0.125000 0.500000 0.250000",
        b"1 0.500000 0.750000 1.000000 0.500000",
    ]


def test_the_same_labels_are_the_same_bytes() -> None:
    assert b"".join(yolo(SET, images)) == b"".join(yolo(SET, images))


@pytest.mark.parametrize("write", [coco, yolo])
def test_four_thousand_images_are_never_held_together(
    write: Callable[[Sequence[Category], Images], Iterator[bytes]],
) -> None:
    labels = tuple(Label(n, 3, Box(n, n, 10.125, 10.5)) for n in range(20))

    def many() -> Iterator[LabelledImage]:
        for number in range(4_000):
            yield LabelledImage(f"asset-{number:024}", Size(999, 999), labels)

    tracemalloc.start()
    size = sum(len(piece) for piece in write(SET, many))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 1_000_000
    assert peak < 6_000_000
