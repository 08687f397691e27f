"""Copies of several frames: one is delivered at a time, labels say theirs, and an export has each."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from PIL import Image

from gateway.errors import NotFound, VaultError
from gateway.imaging import animated_webp, page_tiff
from gateway.imaging.image import Pixels, Timing
from gateway.labels.coco import InvalidLabels
from gateway.labels.model import Category, LabelFormat
from gateway.services.disclosure import INTERRUPTED
from gateway.services.label_drafts import LabelDrafts
from gateway.services.label_export import LabelExport
from gateway.services.label_sets import LabelSets
from gateway.services.label_submissions import LabelSubmissions
from gateway.services.label_tasks import LabelTasks
from gateway.store.database import Database
from tests.gateway.imaging.samples import noise
from tests.gateway.services.means import GOVERNOR, READER, House
from tests.gateway.store.rows import DATASET, entries

FRAMES: Final = tuple(noise(4, 3, seed) for seed in range(3))
ANIMATION: Final = animated_webp.write(FRAMES, Timing((40, 40, 40), 0))
PAGES: Final = page_tiff.write(FRAMES)
BOTH: Final = pytest.mark.parametrize("data", [ANIMATION, PAGES], ids=["animation", "pages"])


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    house = House(database, tmp_path)
    house.grant()
    return house


def shown(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


@BOTH
def test_one_frame_is_delivered_as_a_picture_and_its_entry_names_it(house: House, data: bytes) -> None:
    house.copy("copy-1", data=data, frames=3)
    for frame, wanted in enumerate(FRAMES):
        delivery = house.broker.deliver(READER, "copy-1", frame=frame)
        assert delivery.media_type in ("image/webp", "image/png")
        np.testing.assert_array_equal(shown(delivery.data), wanted)
        entry = entries(house.database)[-1]
        assert (entry.action, entry.subject, entry.details["frame"]) == ("copy.delivered", "copy-1", frame)


def test_the_copy_as_a_whole_is_what_was_sealed_and_its_entry_names_no_frame(house: House) -> None:
    house.copy("copy-1", data=PAGES, frames=3)
    assert house.broker.deliver(READER, "copy-1").data == PAGES
    assert "frame" not in entries(house.database)[-1].details


def test_a_copy_of_one_frame_is_that_frame(house: House) -> None:
    house.copy("copy-1")
    delivery = house.broker.deliver(READER, "copy-1", frame=0)
    assert (delivery.data, delivery.media_type) == (b"\xff\xd8 a sanitized copy", "image/jpeg")
    assert "frame" not in entries(house.database)[-1].details


def test_a_frame_that_is_not_there_is_not_found_and_nothing_is_entered(house: House) -> None:
    house.copy("copy-1", data=PAGES, frames=3)
    house.copy("copy-2")
    before = len(entries(house.database))
    for copy, frame in (("copy-1", 3), ("copy-2", 1)):
        with pytest.raises(NotFound, match=f"no frame {frame}"):
            house.broker.deliver(READER, copy, frame=frame)
    assert len(entries(house.database)) == before


def test_a_frame_that_does_not_come_or_not_wholly_is_told_by_its_number(house: House) -> None:
    house.copy("copy-1", data=PAGES, frames=4)  # one fewer is in the file
    with pytest.raises(VaultError):
        house.broker.deliver(READER, "copy-1", frame=3)
    failed = entries(house.database)[-1]
    assert (failed.action, failed.details["frame"], failed.details["bytes"]) == ("copy.delivery_failed", 3, 0)

    delivery = house.broker.deliver(READER, "copy-1", frame=2)
    house.broker.undelivered(READER, delivery, sent=5, reason=INTERRUPTED)
    details = entries(house.database)[-1].details
    told = {name: details[name] for name in ("frame", "bytes", "of", "reason")}
    assert told == {"frame": 2, "bytes": 5, "of": len(delivery.data), "reason": INTERRUPTED}


# --- labels


def box(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "category_id": 1, "bbox": [0, 0, 2, 3], **more}


@pytest.fixture
def task(house: House) -> str:
    """Of an animation of three frames."""
    house.copy("copy-1", data=ANIMATION, frames=3)
    LabelSets(house.database, house.clock).replace(GOVERNOR, DATASET, [Category(1, "car")])
    view = LabelTasks(house.database, house.clock).claim(READER, DATASET, task_id=None)
    assert view is not None
    return view.task.id


def exported(house: House) -> Any:
    export = LabelExport(house.database, house.clock).open(GOVERNOR, DATASET, LabelFormat.COCO)
    return json.loads(b"".join(export.content))


def test_labels_of_each_frame_are_kept_and_exported_on_it(house: House, task: str) -> None:
    document = {"annotations": [box(1, frame=2), box(2), box(3, frame=2)]}
    submissions = LabelSubmissions(house.database, house.clock)
    submitted = submissions.submit(READER, task, document)
    assert (submitted.record.frames, [label.frame for label in submitted.record.labels]) == (3, [2, 0, 2])
    assert submissions.submit(READER, task, document).repeated
    found = exported(house)
    images = [(image["id"], image["file_name"], image["frame"]) for image in found["images"]]
    assert images == [(n + 1, f"asset-of-copy-1_00000{n}", n) for n in range(3)]
    assert [(a["id"], a["image_id"]) for a in found["annotations"]] == [(1, 1), (2, 3), (3, 3)]


def test_a_client_that_knows_no_frames_labels_the_first(house: House, task: str) -> None:
    LabelSubmissions(house.database, house.clock).submit(READER, task, {"annotations": [box(1)]})
    found = exported(house)
    assert len(found["images"]) == 3
    assert [annotation["image_id"] for annotation in found["annotations"]] == [1]


def test_a_label_on_a_frame_that_is_not_there_is_refused_and_nothing_is_kept(house: House, task: str) -> None:
    drafts = LabelDrafts(house.database, house.clock)
    for keep in (drafts.save, LabelSubmissions(house.database, house.clock).submit):
        with pytest.raises(InvalidLabels, match=r"annotations\[1\].frame: the image has frames 0 to 2"):
            keep(READER, task, {"annotations": [box(1), box(2, frame=3)]})
    assert drafts.read(READER, task) == ()
    assert exported(house)["images"] == []


def test_a_draft_keeps_what_is_drawn_on_every_frame(house: House, task: str) -> None:
    drafts = LabelDrafts(house.database, house.clock)
    drafts.save(READER, task, {"annotations": [box(1, frame=1), box(2)]})
    assert [(label.number, label.frame) for label in drafts.read(READER, task)] == [(1, 1), (2, 0)]
