"""COCO in: what is taken, and one clear sentence for what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.bench.annotations import check_present, of_kinds, read_data
from gateway.bench.errors import InvalidAnnotations
from policies.model import Kind
from tests.gateway.bench.labelled import noise, write_set

FACES = frozenset({Kind.FACE})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two sets: faces on one of two images, a plate on another."""
    write_set(tmp_path / "a", {"x.png": noise(20, 30), "y.png": noise(20, 30)}, {"x.png": [(1, 2, 3, 4)]})
    write_set(tmp_path / "b", {"x.png": noise(20, 30)}, {"x.png": [(1, 2, 3, 4)]}, category=2)
    return tmp_path


def test_a_folder_of_sets_a_set_and_its_file_are_read(data: Path) -> None:
    assert [image.name for image in read_data(data)] == ["a/images/x.png", "a/images/y.png", "b/images/x.png"]
    assert [image.name for image in read_data(data / "a")] == ["a/images/x.png", "a/images/y.png"]
    (file,) = read_data(data / "b" / "annotations.json")
    assert file.path == data / "b" / "images" / "x.png"
    assert [(box.kind, box.x, box.y, box.width, box.height) for box in file.boxes] == [
        (Kind.LICENSE_PLATE, 1, 2, 3, 4)
    ]


def test_images_may_lie_in_a_folder_that_their_names_leave_out(data: Path) -> None:
    document = json.loads((data / "b" / "annotations.json").read_text())
    document["images"][0]["file_name"] = "x.png"
    (data / "b" / "annotations.json").write_text(json.dumps(document))
    check_present(read_data(data / "b"))


def test_sets_that_label_none_of_the_kinds_are_left_out_and_empty_images_stay(data: Path) -> None:
    assert [image.name for image in of_kinds(read_data(data), FACES)] == ["a/images/x.png", "a/images/y.png"]


def test_crowds_and_what_is_to_be_ignored_are_not_scored(data: Path) -> None:
    document = json.loads((data / "a" / "annotations.json").read_text())
    document["annotations"] = [
        {"id": number, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5], **flags}
        for number, flags in enumerate(({}, {"ignore": 1}, {"iscrowd": 1}))
    ]
    (data / "a" / "annotations.json").write_text(json.dumps(document))
    first = read_data(data / "a")[0]
    assert [box.number for box in first.labels(FACES)] == [0]
    assert len(first.boxes) == 3


def test_a_category_by_another_name_is_told_apart_or_left_out(tmp_path: Path) -> None:
    categories = [{"id": 1, "name": "head"}]
    write_set(tmp_path / "a", {"x.png": noise(9, 9)}, {"x.png": [(0, 0, 2, 2)]}, categories=categories)
    with pytest.raises(InvalidAnnotations, match="--category head=KIND"):
        read_data(tmp_path)
    assert read_data(tmp_path, {"head": "face"})[0].boxes[0].kind is Kind.FACE
    left_out = read_data(tmp_path, {"head": "-"})[0]
    assert left_out.boxes[0].kind is None
    assert left_out.labels(frozenset(Kind)) == ()
    with pytest.raises(InvalidAnnotations, match="nose is no kind"):
        read_data(tmp_path, {"head": "nose"})


BOX = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1]}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no list of images": ({"images": {}}, "a list 'images'"),
    "an image without a name": ({"images": [{"id": 1}]}, r"images\[0\] needs id, file_name"),
    "an image outside": ({"images": [{"id": 1, "file_name": "../x.png"}]}, "outside the data"),
    "an absolute name": ({"images": [{"id": 1, "file_name": "/x.png"}]}, "outside the data"),
    "an image twice": ({"images": [{"id": i, "file_name": "x.png"} for i in (1, 2)]}, "listed twice"),
    "a box of no image": ({"annotations": [BOX | {"image_id": 7}]}, r"annotations\[0\] names an image"),
    "a box of no category": ({"annotations": [BOX | {"category_id": 7}]}, "or a category"),
    "three numbers": ({"annotations": [BOX | {"bbox": [0, 0, 1]}]}, "four numbers"),
    "words": ({"annotations": [BOX | {"bbox": ["0", 0, 1, 1]}]}, "four numbers"),
    "no number": ({"annotations": [BOX | {"bbox": [0, 0, float("nan"), 1]}]}, "four numbers"),
    "a negative width": ({"annotations": [BOX | {"bbox": [0, 0, -1, 1]}]}, "negative"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_document_that_is_no_coco_is_refused(case: str, tmp_path: Path) -> None:
    members, said = WRONG[case]
    write_set(tmp_path / "a", {"x.png": noise(9, 9)}, {"x.png": [(0, 0, 2, 2)]}, **members)
    with pytest.raises(InvalidAnnotations, match=said):
        of_kinds(read_data(tmp_path), FACES)


def test_what_is_not_there_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidAnnotations, match="no such folder"):
        read_data(tmp_path / "nowhere")
    with pytest.raises(InvalidAnnotations, match=r"annotations\.json"):
        read_data(data / "a" / "images")
    (data / "a" / "annotations.json").write_text("{")
    with pytest.raises(InvalidAnnotations, match="not readable as JSON"):
        read_data(data)


def test_kinds_that_nobody_labelled_are_named(data: Path) -> None:
    with pytest.raises(InvalidAnnotations, match="labels no text; it labels face, license_plate"):
        of_kinds(read_data(data), frozenset({Kind.TEXT}))


def test_missing_images_are_named_and_counted(data: Path) -> None:
    (data / "a" / "images" / "x.png").unlink()
    (data / "b" / "images" / "x.png").unlink()
    with pytest.raises(
        InvalidAnnotations, match=r"x\.png and 1 more: named in the annotations and not there"
    ):
        check_present(read_data(data))
    with pytest.raises(InvalidAnnotations, match="no image is left"):
        check_present([])
