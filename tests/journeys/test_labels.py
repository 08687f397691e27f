"""Work for annotators: tasks claimed, leased, given back, submitted and exported, over HTTP."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.journeys.conftest import House
from tests.journeys.test_denials import one_denial, refused
from tests.support.gateway import Person, content_of, create_dataset, end_grant, give_grant, released_copy
from tests.support.pictures import large_plate_png, pixels_of

CATEGORIES = [
    {"id": 3, "name": "car", "supercategory": "vehicle"},
    {"id": 7, "name": "lamp: left", "supercategory": None},
]
BOX = {"id": 1, "category_id": 3, "bbox": [200, 285, 560, 215]}
TRIANGLE = {"id": 2, "category_id": 7, "segmentation": [[222, 320, 302, 320, 302, 372]]}


@dataclass(frozen=True)
class Street:
    """A dataset with a label set, three released copies and two annotators who hold grants."""

    house: House
    dataset: str
    first: Person
    second: Person
    copies: frozenset[str]

    def claim(self, person: Person, **form: Any) -> httpx.Response:
        return person.http.post(f"/v1/datasets/{self.dataset}/tasks/claim", json=form)

    def tasks(self, person: Person) -> dict[str, Any]:
        response = person.http.get(f"/v1/datasets/{self.dataset}/tasks")
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def export(self, form: str) -> httpx.Response:
        return self.house.officer.http.get(f"/v1/datasets/{self.dataset}/labels", params={"format": form})


def submit(person: Person, task: str, *annotations: dict[str, Any]) -> httpx.Response:
    return person.http.put(f"/v1/tasks/{task}/labels", json={"annotations": list(annotations)})


def make_street(house: House, *pictures: bytes) -> Street:
    form = {"name": f"to label {time.time_ns()}", "policy": "street", "categories": CATEGORIES}
    dataset = house.officer.http.post("/v1/datasets", json=form).json()["id"]
    first, second = house.installation.enrol("annotator"), house.installation.enrol("annotator")
    give_grant(house.officer, first, dataset)
    give_grant(house.officer, second, dataset)
    copies = frozenset(released_copy(house.uploader, dataset, picture) for picture in pictures)
    return Street(house, dataset, first, second, copies)


@pytest.fixture(scope="module")
def shared(house: House) -> Street:
    return make_street(house, large_plate_png(), large_plate_png(), large_plate_png())


@pytest.fixture
def street(shared: Street) -> Iterator[Street]:
    """The shared dataset, with every claim given back afterwards."""
    yield shared
    for person in (shared.first, shared.second):
        for task in shared.tasks(person)["tasks"]:
            if task["yours"]:
                assert person.http.post(f"/v1/tasks/{task['id']}/release").status_code == 200


def test_two_who_claim_at_once_never_get_the_same_task(street: Street) -> None:
    assert street.tasks(street.first)["counts"] == {"open": 3, "claimed": 0, "submitted": 0}
    with ThreadPoolExecutor(6) as pool:
        asked = [street.first, street.second] * 3
        answers = list(pool.map(street.claim, asked))
    taken = [answer.json()["id"] for answer in answers if answer.status_code == 200]
    assert len(taken) == len(set(taken)) == 3
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 204, 204, 204]
    assert {a.json()["copy_id"] for a in answers if a.status_code == 200} == street.copies
    assert street.tasks(street.first)["counts"] == {"open": 0, "claimed": 3, "submitted": 0}
    own = {task["id"] for p in (street.first, street.second) for task in street.tasks(p)["tasks"]}
    assert own == set(taken)


def test_a_lease_that_ends_gives_the_task_back_and_a_late_submission_is_refused(street: Street) -> None:
    task = street.claim(street.first, seconds=1).json()
    assert task["yours"]
    time.sleep(1.1)
    late = submit(street.first, task["id"], BOX)
    assert late.status_code == 409, late.text
    assert "claim it again" in late.json()["detail"]
    assert street.first.http.post(f"/v1/tasks/{task['id']}/renew").status_code == 409
    seen = street.second.http.get(f"/v1/tasks/{task['id']}").json()
    assert (seen["state"], seen["yours"], seen["lease_until"]) == ("open", False, None)
    # Nothing is lost: the same person claims the same task again and submits what was refused.
    again = street.claim(street.first, task=task["id"])
    assert again.status_code == 200, again.text
    assert submit(street.first, task["id"], BOX).status_code == 200


def test_somebody_else_may_have_taken_it_meanwhile(street: Street) -> None:
    task = street.claim(street.first, seconds=1).json()["id"]
    time.sleep(1.1)
    assert street.claim(street.second, task=task).status_code == 200
    assert submit(street.first, task, BOX).status_code == 409
    assert street.claim(street.first, task=task).status_code == 409
    assert street.second.http.get(f"/v1/tasks/{task}").json()["submissions"] == 0


def test_a_renewed_lease_lasts_longer_and_a_released_task_is_open(street: Street) -> None:
    task = street.claim(street.first, seconds=60).json()
    renewed = street.first.http.post(f"/v1/tasks/{task['id']}/renew", json={"seconds": 600})
    assert renewed.json()["lease_until"] > task["lease_until"]
    released = street.first.http.post(f"/v1/tasks/{task['id']}/release")
    assert (released.status_code, released.json()["state"]) == (200, "open")
    assert submit(street.first, task["id"], BOX).status_code == 409


def test_no_lease_outlasts_its_grant(street: Street) -> None:
    newcomer = street.house.installation.enrol("annotator")
    give_grant(street.house.officer, newcomer, street.dataset, seconds=300)
    until = street.house.officer.http.get("/v1/grants").json()[0]["until"]
    task = street.claim(newcomer, seconds=600).json()
    assert task["lease_until"] == until
    assert newcomer.http.post(f"/v1/tasks/{task['id']}/renew").json()["lease_until"] == until
    assert newcomer.http.post(f"/v1/tasks/{task['id']}/release").status_code == 200


def test_a_grant_revoked_in_the_middle_ends_claims_renewals_and_submissions(street: Street) -> None:
    newcomer = street.house.installation.enrol("annotator")
    grant = give_grant(street.house.officer, newcomer, street.dataset)
    task = street.claim(newcomer).json()["id"]
    assert street.house.officer.http.delete(f"/v1/grants/{grant}").status_code == 200
    asked: dict[str, Callable[[], httpx.Response]] = {
        "task.claim": lambda: street.claim(newcomer),
        "task.renew": lambda: newcomer.http.post(f"/v1/tasks/{task}/renew"),
        "task.release": lambda: newcomer.http.post(f"/v1/tasks/{task}/release"),
        "task.read": lambda: newcomer.http.get(f"/v1/tasks/{task}"),
        "task.list": lambda: newcomer.http.get(f"/v1/datasets/{street.dataset}/tasks"),
        "label.submit": lambda: submit(newcomer, task, BOX),
    }
    for action, ask in asked.items():
        with one_denial(street.house, newcomer, action, "grant.revoked"):
            refused(ask(), "grant.revoked")
    # The task is at once somebody else's to take.
    assert street.claim(street.first, task=task).status_code == 200


def test_an_expired_grant_ends_submissions_even_of_a_task_that_was_claimed(street: Street) -> None:
    newcomer = street.house.installation.enrol("annotator")
    grant = give_grant(street.house.officer, newcomer, street.dataset)
    task = street.claim(newcomer, seconds=1).json()["id"]  # soon another's: this one cannot give it back
    end_grant(street.house.installation, grant)
    with one_denial(street.house, newcomer, "label.submit", "grant.expired"):
        refused(submit(newcomer, task, BOX), "grant.expired")


def test_faults_are_named_by_index_and_field_and_nothing_is_kept(street: Street) -> None:
    task = street.claim(street.first).json()["id"]
    wrong = [
        BOX | {"bbox": [900, 10, 100, 20]},
        BOX | {"id": 1, "category_id": 99},
        {"id": "x", "category_id": 3, "segmentation": [[0, 0, 10, 10]]},
    ]
    response = submit(street.first, task, *wrong)
    assert response.status_code == 422
    assert response.json()["code"] == "labels.invalid"
    assert [fault["place"] for fault in response.json()["faults"]] == [
        "annotations[0].bbox",
        "annotations[1].category_id",
        "annotations[2].id",
        "annotations[2].segmentation[0]",
        "annotations[2].bbox",
    ]
    kept = street.first.http.get(f"/v1/tasks/{task}").json()
    assert (kept["submissions"], kept["yours"]) == (0, True)
    assert submit(street.first, task, BOX).status_code == 200


def test_what_is_submitted_is_what_is_exported_and_the_newest_counts(house: House) -> None:
    street = make_street(house, large_plate_png())
    task = street.claim(street.first).json()
    first = submit(street.first, task["id"], BOX)
    assert first.status_code == 200, first.text
    # Sent again, because the answer was lost: the same submission, and the claim is over all the same.
    assert submit(street.first, task["id"], BOX).json()["id"] == first.json()["id"]
    assert submit(street.first, task["id"], TRIANGLE).status_code == 409
    assert street.claim(street.second, task=task["id"]).status_code == 409
    assert street.claim(street.first, task=task["id"]).status_code == 200
    document = {
        "info": {"contributor": "Ann"},
        "images": [{"id": 5, "width": 960, "height": 640, "file_name": "secret.png"}],
        "categories": CATEGORIES,
        "annotations": [BOX | {"image_id": 5}, TRIANGLE | {"image_id": 5, "iscrowd": 0}],
    }
    second = street.first.http.put(f"/v1/tasks/{task['id']}/labels", json=document)
    assert second.status_code == 200, second.text
    assert (second.json()["number"], second.json()["labels"]) == (2, 2)
    assert second.json()["ignored"] == ["images[].file_name", "info"]

    exported = street.export("coco")
    assert exported.headers["content-type"] == "application/json"
    assert "secret" not in exported.text
    coco = exported.json()
    assert coco["images"] == [{"id": 1, "file_name": task["asset"], "width": 960, "height": 640}]
    assert coco["categories"][0] == CATEGORIES[0]
    assert [(a["image_id"], a["category_id"], a["bbox"], a["area"]) for a in coco["annotations"]] == [
        (1, 3, [200, 285, 560, 215], 560 * 215),
        (1, 7, [222, 320, 80, 52], 80 * 52 / 2),
    ]
    assert coco["annotations"][1]["segmentation"] == TRIANGLE["segmentation"]

    archive = zipfile.ZipFile(io.BytesIO(street.export("yolo").content))
    assert archive.testzip() is None
    assert '0: "car"' in archive.read("data.yaml").decode()
    lines = archive.read(f"labels/{task['asset']}.txt").decode().splitlines()
    assert lines == ["0 0.500000 0.613281 0.583333 0.335938", "1 0.272917 0.540625 0.083333 0.081250"]
    actions = [
        entry["action"] for entry in house.installation.entries() if entry["subject"] == street.dataset
    ]
    assert actions[-2:] == ["labels.exported", "labels.exported"]
    kept = [e["details"] for e in house.installation.entries("labels.submitted")]
    assert [(d["number"], d["labels"]) for d in kept if d["task"] == task["id"]] == [(1, 1), (2, 2)]


def test_a_label_drawn_on_the_copy_lies_in_the_right_place_of_the_oriented_original(
    house: House,
) -> None:
    """The camera lay on its side (EXIF orientation 6): stored 640x400, seen 400x640."""
    upright = np.full((640, 400, 3), (90, 120, 90), np.uint8)
    upright[80:200, 250:370] = (220, 40, 40)
    stored = Image.fromarray(np.rot90(upright).copy())  # turned right by the reader, it is upright again
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    stored.save(buffer, "JPEG", quality=95, exif=exif)
    original = buffer.getvalue()

    street = make_street(house, original)
    task = street.claim(street.first).json()
    assert (task["width"], task["height"]) == (400, 640)
    copy = pixels_of(content_of(street.first, task["copy_id"]).content)
    assert copy.shape == (640, 400, 3)
    assert submit(street.first, task["id"], BOX | {"bbox": _bbox_of_red(copy)}).status_code == 200

    bbox = street.export("coco").json()["annotations"][0]["bbox"]
    with Image.open(io.BytesIO(original)) as image:
        oriented = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert np.abs(np.array(bbox) - np.array(_bbox_of_red(oriented))).max() <= 2  # codec loss at the edge
    assert np.abs(np.array(bbox) - np.array([250, 80, 120, 120])).max() <= 2


def _bbox_of_red(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> list[int]:
    red = (pixels[..., 0] > 150) & (pixels[..., 1] < 100)
    (y0, x0), (y1, x1) = np.argwhere(red).min(axis=0), np.argwhere(red).max(axis=0) + 1
    return [int(x0), int(y0), int(x1 - x0), int(y1 - y0)]


def test_nothing_an_annotator_is_told_says_what_was_hidden_or_where(street: Street) -> None:
    task = street.claim(street.first).json()["id"]
    told = [
        street.first.http.get(f"/v1/datasets/{street.dataset}/tasks").text,
        street.first.http.get(f"/v1/tasks/{task}").text,
        street.first.http.get(f"/v1/datasets/{street.dataset}/copies").text,
        street.first.http.post(f"/v1/tasks/{task}/renew").text,
    ]
    for text in told:
        names = set(_names(json.loads(text)))
        assert not names & {
            "redactions",
            "detections",
            "regions",
            "region",
            "hidden",
            "report",
            "kind",
            "score",
        }


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for member in value.values():
            yield from _names(member)
    elif isinstance(value, list):
        for member in value:
            yield from _names(member)


def test_a_label_set_can_grow_and_what_labels_name_stays(house: House) -> None:
    street = make_street(house, large_plate_png())
    task = street.claim(street.first).json()["id"]
    assert submit(street.first, task, BOX).status_code == 200

    def put(found: list[dict[str, Any]]) -> httpx.Response:
        url = f"/v1/datasets/{street.dataset}/categories"
        return house.officer.http.put(url, json={"categories": found})

    assert put([*CATEGORIES, {"id": 8, "name": "bicycle"}]).status_code == 200
    assert put([CATEGORIES[0]]).status_code == 200
    assert put([CATEGORIES[1]]).status_code == 409
    assert put([{"id": 3, "name": "lorry"}]).status_code == 409
    twice = put([{"id": 1, "name": "a"}, {"id": 1, "name": "b"}])
    assert twice.status_code == 422
    assert [c["id"] for c in street.tasks(street.first)["categories"]] == [3]


def test_without_a_label_set_there_is_nothing_to_claim(house: House) -> None:
    person, dataset = house.installation.enrol("annotator"), create_dataset(house.officer, "no label set")
    give_grant(house.officer, person, dataset)
    response = person.http.post(f"/v1/datasets/{dataset}/tasks/claim")
    assert response.status_code == 409
    assert "label set" in response.json()["detail"]


def test_a_withdrawn_image_is_offered_to_nobody(house: House) -> None:
    street = make_street(house, large_plate_png())
    task = street.claim(street.first).json()
    state = "UPDATE asset SET state = :state WHERE id = :id"
    house.installation.execute(state, state="needs_review", id=task["asset"])
    assert submit(street.first, task["id"], BOX).status_code == 409
    assert street.tasks(street.first)["counts"] == {"open": 0, "claimed": 0, "submitted": 0}
    assert street.first.http.post(f"/v1/tasks/{task['id']}/release").status_code == 200
    assert street.claim(street.first).status_code == 204
    assert street.claim(street.first, task=task["id"]).status_code == 409
    house.installation.execute(state, state="released", id=task["asset"])
    assert street.claim(street.first).json()["id"] == task["id"]


def several(name: str, count: int) -> tuple[bytes, list[np.ndarray[Any, np.dtype[np.uint8]]]]:
    """A file of frames, and their pixels: each of a colour of its own, in which there is nothing to hide."""
    colours = ((40 * number, 90, 200 - 40 * number) for number in range(count))
    first, *rest = (Image.new("RGB", (64, 48), colour) for colour in colours)
    buffer = io.BytesIO()
    more = {"lossless": True, "duration": 80} if name == "WEBP" else {}
    first.save(buffer, name, save_all=True, append_images=rest, **more)
    return buffer.getvalue(), [np.asarray(image) for image in (first, *rest)]


def test_each_frame_of_an_animation_and_of_pages_is_seen_labelled_and_exported(house: House) -> None:
    brought = [several("WEBP", 3), several("TIFF", 2)]
    street = make_street(house, *(data for data, _ in brought))
    by_count = {len(frames): frames for _, frames in brought}
    boxes: dict[str, dict[int, list[float]]] = {}
    for _ in brought:
        task = street.claim(street.first).json()
        wanted, content = by_count[task["frames"]], f"/v1/copies/{task['copy_id']}/content"
        for frame, pixels in enumerate(wanted):
            answer = street.first.http.get(content, params={"frame": frame})
            assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
            assert answer.headers["content-type"] in ("image/png", "image/webp")
            np.testing.assert_array_equal(pixels_of(answer.content), pixels)
        assert street.first.http.get(content, params={"frame": len(wanted)}).status_code == 404
        whole = content_of(street.first, task["copy_id"])
        assert whole.headers["content-type"] == task["media_type"]
        with Image.open(io.BytesIO(whole.content)) as image:
            assert getattr(image, "n_frames", 1) == len(wanted)
        boxes[task["asset"]] = {n: [10 * n, 8, 9, 20] for n in range(1, len(wanted))}
        labels = [BOX | {"id": n, "bbox": bbox, "frame": n} for n, bbox in boxes[task["asset"]].items()]
        too_far = submit(street.first, task["id"], *labels, BOX | {"id": 9, "frame": len(wanted)})
        assert (too_far.status_code, too_far.json()["code"]) == (422, "labels.invalid")
        assert submit(street.first, task["id"], *labels).status_code == 200

    delivered = [e["details"].get("frame") for e in house.installation.entries("copy.delivered")]
    assert {0, 1, 2, None} <= set(delivered)
    coco = street.export("coco").json()
    assert len(coco["images"]) == 5
    names = {image["id"]: (image["asset"], image["frame"]) for image in coco["images"]}
    found = {names[a["image_id"]]: a["bbox"] for a in coco["annotations"]}
    assert found == {(asset, n): bbox for asset, each in boxes.items() for n, bbox in each.items()}
    archive = zipfile.ZipFile(io.BytesIO(street.export("yolo").content))
    for image in coco["images"]:
        lines = archive.read(f"labels/{image['file_name']}.txt").splitlines()
        assert len(lines) == (1 if image["frame"] else 0)
