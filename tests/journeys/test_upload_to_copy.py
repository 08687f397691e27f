"""Upload, copy, annotator, auditor: the one path an image takes, over HTTP, on a real photo."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from tests.journeys.conftest import House
from tests.support.gateway import (
    all_on_the_tree,
    content_of,
    create_dataset,
    give_grant,
    released_copy,
    send,
    settled,
    upload,
    verify_offline,
)
from tests.support.marker import mark, traces
from tests.support.pictures import FACE, PLATE, jpeg, large_plate_png, part, pixels_of, png


def test_an_annotator_reads_the_sanitized_copy_and_an_auditor_verifies_the_log(
    house: House, astronaut: Image.Image, tmp_path: Path
) -> None:
    installation, sent = house.installation, jpeg(astronaut)
    grant = give_grant(house.officer, house.annotator, house.dataset, purpose="label-people")
    copy = released_copy(house.uploader, house.dataset, sent, name="portrait.jpg")
    response = content_of(house.annotator, copy)
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/jpeg"
    before, after = pixels_of(sent), pixels_of(response.content)
    assert after.shape == before.shape
    assert np.abs(part(after, FACE) - part(before, FACE)).mean() > 12  # of 255: the face is another
    assert np.abs(part(after, (0, 300, 512, 512)) - part(before, (0, 300, 512, 512))).mean() < 2  # codec loss
    delivered = [e for e in installation.entries("copy.delivered") if e["subject"] == copy]
    assert len(delivered) == 1
    assert delivered[0]["actor"] == house.annotator.id
    assert delivered[0]["details"]["grant"] == grant
    assert delivered[0]["details"]["purpose"] == "label-people"
    assert delivered[0]["details"]["dataset"] == house.dataset

    all_on_the_tree(installation)
    verified = verify_offline(house.auditor, installation, tmp_path)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert json.loads(verified.stdout)["verdict"] == "verified"
    covered = json.loads(verified.stdout)["covered"]
    logged = [json.loads(line) for line in (tmp_path / "export.jsonl").read_text().splitlines()]
    of_delivery = [
        r["index"] for r in logged if copy in r.get("entry", "") and "copy.delivered" in r["entry"]
    ]
    assert len(of_delivery) == 1
    assert of_delivery[0] < covered


def test_a_lossless_copy_differs_only_inside_the_redacted_regions(house: House) -> None:
    sent = large_plate_png()
    give_grant(house.officer, house.annotator, house.dataset)
    asset = settled(house.uploader, upload(house.uploader, house.dataset, sent))
    assert asset["state"] == "released", asset
    after = pixels_of(content_of(house.annotator, asset["copy_id"]).content)
    before = pixels_of(sent)
    assert np.abs(part(after, PLATE) - part(before, PLATE)).mean() > 12
    changed = np.argwhere((after != before).any(axis=2))
    (y0, x0), (y1, x1) = changed.min(axis=0), changed.max(axis=0)
    # The plate is 210x50 at (375, 385): its margin and the alignment to blocks end before these bounds.
    assert x0 >= 300
    assert x1 < 660
    assert y0 >= 350
    assert y1 < 470


def test_a_multipart_upload_takes_the_same_path(house: House, astronaut: Image.Image) -> None:
    files = {"file": ("scan.png", png(astronaut.crop((64, 0, 448, 320))), "image/png")}
    response = house.uploader.http.post("/v1/assets", data={"dataset": house.dataset}, files=files)
    assert response.status_code == 202
    asset = settled(house.uploader, response.json()["id"])
    assert asset["state"] == "released"
    assert asset["hidden"] >= 1


def test_the_intake_file_name_is_nowhere_in_the_clear(house: House, astronaut: Image.Image) -> None:
    image = mark(astronaut.crop((64, 0, 448, 320)))
    give_grant(house.officer, house.annotator, house.dataset)
    answers = [send(house.uploader, house.dataset, image.data, name=image.file_name)]
    asset = settled(house.uploader, answers[0].json()["id"])
    files = {"file": (image.file_name, image.data, "image/png")}
    answers += [
        house.uploader.http.get(f"/v1/assets/{asset['id']}"),
        house.annotator.http.get(f"/v1/datasets/{house.dataset}/copies"),
        content_of(house.annotator, asset["copy_id"]),
        house.auditor.http.get("/v1/audit/export"),
        house.uploader.http.post("/v1/assets", data={"dataset": "dataset-00000000"}, files=files),
    ]
    assert [answer.status_code for answer in answers] == [202, 200, 200, 200, 200, 404]
    word = image.secrets["name"]
    for answer in answers:
        assert word not in answer.content
        assert word not in repr(answer.headers.raw).encode()
    assert traces(image, house.installation.places()) == []


def test_what_is_no_image_is_held_with_its_reason(house: House) -> None:
    asset = settled(house.uploader, upload(house.uploader, house.dataset, b"%PDF-1.7 not an image"))
    assert asset["state"] == "quarantined"
    assert asset["reason"] == "format.pdf"
    assert asset["copy_id"] is None


def test_a_repeated_request_is_the_same_asset_and_another_under_its_key_is_refused(house: House) -> None:
    sent = large_plate_png()
    first = send(house.uploader, house.dataset, sent, key="journey-repeat")
    again = send(house.uploader, house.dataset, sent, key="journey-repeat")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    other = send(house.uploader, house.dataset, sent + b"x", key="journey-repeat")
    assert other.status_code == 422
    assert other.json()["type"] == "urn:privgate:problem:idempotency-key-reused"
    assert settled(house.uploader, first.json()["id"])["state"] == "released"


def test_two_equal_requests_at_once_make_one_asset(house: House) -> None:
    dataset = create_dataset(house.officer, "twice at once")
    with ThreadPoolExecutor(4) as pool:
        sent = large_plate_png()
        answers = list(pool.map(lambda _: send(house.uploader, dataset, sent, key="journey-race"), range(4)))
    taken = {answer.json()["id"] for answer in answers if answer.status_code == 202}
    assert len(taken) == 1
    # Whoever came while another was at it is told to repeat, and then gets the one asset.
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert send(house.uploader, dataset, sent, key="journey-race").json()["id"] in taken
    query = "SELECT count(*) AS n FROM asset WHERE dataset_id = :dataset"
    assert house.installation.rows(query, dataset=dataset)[0].n == 1
    assert settled(house.uploader, taken.pop())["state"] == "released"
