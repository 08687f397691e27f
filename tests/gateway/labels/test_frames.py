"""Labels on frames: who may say which, what is refused where, and that each frame is exported as an image."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any, Final

import pytest

from gateway.labels.coco import InvalidLabels, from_text, on_its_frame, parse_labels, to_text
from gateway.labels.export import LabelledImage, coco, yolo
from gateway.labels.model import Box, Category, Label
from policies.model import Size

SIZE: Final = Size(100, 60)
SET: Final = [Category(1, "car")]
FRAMES: Final = 3


def box(number: int, **more: object) -> dict[str, Any]:
    return {"id": number, "category_id": 1, "bbox": [10, 20, 30, 40], **more}


def parse(*annotations: object, frames: int = FRAMES, **members: object) -> list[int]:
    """The frame of each label."""
    document = {"annotations": list(annotations), **members}
    parsed = parse_labels(document, size=SIZE, categories=SET, frames=frames)
    return [label.frame for label in parsed.labels]


def faults(*annotations: object, frames: int = FRAMES, **members: object) -> dict[str, str]:
    with pytest.raises(InvalidLabels) as caught:
        parse(*annotations, frames=frames, **members)
    return {fault["place"]: fault["fault"] for fault in caught.value.faults}


def test_an_annotation_says_its_frame_and_without_it_is_on_the_first() -> None:
    assert parse(box(1), box(2, frame=0), box(3, frame=2), box(4, frame=None)) == [0, 0, 2, 0]


def test_or_it_names_an_image_that_says_it() -> None:
    listed = [{"id": 7, "frame": 2, "width": 100}, {"id": 8, "frame": 1}, {"id": 9}]
    named = [box(1, image_id=7), box(2, image_id=8, frame=1), box(3, image_id=9)]
    assert parse(*named, images=listed) == [2, 1, 0]


@pytest.mark.parametrize("frame", [3, -1, 1.0, "1", True])
def test_a_frame_that_the_image_does_not_have_is_named(frame: object) -> None:
    assert faults(box(1), box(2, frame=frame)) == {"annotations[1].frame": "the image has frames 0 to 2"}
    told = faults(images=[{"id": 1, "frame": frame}])
    assert told == {"images[0].frame": "the image has frames 0 to 2"}


def test_an_image_of_one_frame_has_the_first_and_no_other() -> None:
    assert parse(box(1, frame=0), frames=1) == [0]
    assert faults(box(1, frame=1), frames=1) == {
        "annotations[0].frame": "the image has one frame, which is 0"
    }
    assert set(faults(images=[{"id": 1}, {"id": 2}], frames=1)) == {"images"}


def test_what_contradicts_itself_is_named() -> None:
    listed = [{"id": 7, "frame": 2}, {"id": 8, "frame": 1}]
    assert faults(box(1, image_id=7, frame=1), images=listed) == {
        "annotations[0].frame": "its image_id names frame 2"
    }
    assert faults(box(1, image_id=9), images=listed) == {
        "annotations[0].image_id": "not the id of an image in images"
    }
    assert set(faults(images=[{"id": 7}, {"id": 7, "frame": 1}])) == {"images[1].id"}
    assert faults(images=[{"id": 7}, {"id": 8}]) == {"images[1].frame": "frame 0 is listed twice"}
    assert set(faults(images=[{"id": number, "frame": number % 3} for number in range(4)])) == {"images"}


def test_text_keeps_the_frame_and_says_nothing_of_the_first() -> None:
    first, third = Label(1, 1, Box(1, 2, 3, 4)), Label(2, 1, Box(1, 2, 3, 4), frame=2)
    assert from_text(to_text((first, third))) == (first, third)
    assert "frame" not in to_text((first,))
    assert on_its_frame(third)["frame"] == 2


def images() -> Iterator[LabelledImage]:
    yield LabelledImage("asset-a", SIZE, (Label(1, 1, Box(0, 0, 50, 30)),))
    moving = (Label(1, 1, Box(0, 0, 10, 6), frame=2), Label(2, 1, Box(50, 30, 50, 30)))
    yield LabelledImage("asset-b", SIZE, moving, 3)


def test_each_frame_is_an_image_of_its_own_in_coco() -> None:
    document = json.loads(b"".join(coco(SET, images)))
    size = {"width": 100, "height": 60}
    assert document["images"] == [
        {"id": 1, "file_name": "asset-a", **size},
        {"id": 2, "file_name": "asset-b_000000", **size, "asset": "asset-b", "frame": 0},
        {"id": 3, "file_name": "asset-b_000001", **size, "asset": "asset-b", "frame": 1},
        {"id": 4, "file_name": "asset-b_000002", **size, "asset": "asset-b", "frame": 2},
    ]
    found = [(a["id"], a["image_id"], a["bbox"][0]) for a in document["annotations"]]
    assert found == [(1, 1, 0), (2, 2, 50), (3, 4, 0)]
    assert all("frame" not in annotation for annotation in document["annotations"])


def test_and_in_yolo() -> None:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(yolo(SET, images))))
    names = [f"labels/asset-{name}.txt" for name in ("a", "b_000000", "b_000001", "b_000002")]
    assert archive.namelist() == ["data.yaml", *names]
    assert [len(archive.read(name).splitlines()) for name in names] == [1, 1, 0, 1]
    assert archive.read(names[3]) == b"0 0.050000 0.050000 0.100000 0.100000\n"


def test_what_has_one_frame_is_exported_as_it_ever_was() -> None:
    def single() -> Iterator[LabelledImage]:
        yield LabelledImage("asset-a", SIZE, (Label(9, 1, Box(0, 0, 50, 30)),))

    assert b"".join(coco(SET, single)) == (
        b'{"categories": [{"id": 1, "name": "car"}], "images": [\n'
        b'{"id": 1, "file_name": "asset-a", "width": 100, "height": 60}], "annotations": [\n'
        b'{"id": 1, "category_id": 1, "bbox": [0, 0, 50, 30], "segmentation": [], "area": 1500, '
        b'"iscrowd": 0, "image_id": 1}]}\n'
    )
