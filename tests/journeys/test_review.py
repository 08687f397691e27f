"""An image that needs people: who may see it, what they decide, and what the annotator then gets."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from policies.model import Kind
from tests.journeys.conftest import House
from tests.journeys.test_denials import one_denial, refused
from tests.journeys.test_log_unwritable import assert_unavailable, log_full
from tests.support.gateway import Person, content_of, give_grant, settled, upload
from tests.support.pictures import distinct, part, photo_with_plate, pixels_of, png, three_pages, tiff
from tests.support.reviews import (
    claimed,
    decide,
    decision_of,
    image_of,
    in_state,
    looked_at_dataset,
    reviews_of,
    sheet_of,
    waiting_asset,
)

PATCH = {"x0": 400, "y0": 300, "x1": 480, "y1": 360}
ELSEWHERE = {"x0": 8, "y0": 240, "x1": 504, "y1": 504}
"""Larger than all that the machine finds, so that who adds it disagrees with who does not."""


@pytest.fixture(scope="module")
def dataset(house: House) -> str:
    found = looked_at_dataset(house.installation, house.officer)
    give_grant(house.officer, house.annotator, found)
    return found


@pytest.fixture(scope="module")
def dataset_of_two(house: House) -> str:
    """Under a policy that wants two reviewers."""
    found = looked_at_dataset(house.installation, house.officer, reviewers=2)
    give_grant(house.officer, house.annotator, found)
    return found


@pytest.fixture(scope="module")
def scene(astronaut: Image.Image) -> bytes:
    return png(photo_with_plate(astronaut))


@pytest.fixture
def picture(scene: bytes) -> bytes:
    """A face and a plate; for each test an asset of its own."""
    return distinct(scene)


@pytest.fixture(scope="module")
def reviewers(house: House) -> list[Person]:
    return [house.installation.enrol("reviewer") for _ in range(3)]


def filled(pixels: NDArray[np.uint8], box: tuple[int, int, int, int]) -> bool:
    """Whether the box shows nothing but fills, of which there is one colour a kind."""
    return len(np.unique(part(pixels, box).reshape(-1, 3), axis=0)) <= len(Kind)


def index_of(sheet: dict[str, Any], kind: str) -> int:
    return [region["kind"] for region in sheet["regions"]].index(kind)


def box_of(sheet: dict[str, Any], index: int) -> tuple[int, int, int, int]:
    region = sheet["regions"][index]["region"]
    return (region["x0"], region["y0"], region["x1"], region["y1"])


def test_a_reviewer_adds_a_region_and_rejects_one_and_the_annotator_gets_the_new_copy(
    house: House, dataset: str, picture: bytes
) -> None:
    asset = waiting_asset(house.uploader, dataset, picture)
    old = house.uploader.http.get(f"/v1/assets/{asset}").json()
    assert old["reason"] == "sampled"
    assert content_of(house.annotator, old["copy_id"]).status_code == 404
    [review] = reviews_of(house.installation, asset)
    queued = house.reviewer.http.get("/v1/reviews").json()["reviews"]
    assert review in [one["id"] for one in queued]
    claimed(house.reviewer, review)

    before = len(house.installation.entries())
    shown = image_of(house.reviewer, review)
    assert shown.status_code == 200
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["content-type"] == "image/png"
    original = pixels_of(picture)
    assert np.array_equal(pixels_of(shown.content), original)
    [entry] = house.installation.entries()[before:]
    assert (entry["action"], entry["actor"], entry["subject"]) == (
        "original.shown",
        house.reviewer.id,
        asset,
    )

    sheet = sheet_of(house.reviewer, review)
    plate = index_of(sheet, "license_plate")
    assert all(one["score"] >= 0.4 and one["source"] and one["rule"] for one in sheet["regions"])
    answer = decide(
        house.reviewer,
        review,
        rejected=[{"index": plate, "reason": "not_real"}],
        added=[{"kind": "text", "region": PATCH}],
    )
    assert answer["follows"] == "released"
    new = in_state(house.uploader, asset, "released")
    assert new["copy_id"] != old["copy_id"]
    content = content_of(house.annotator, new["copy_id"])
    assert content.status_code == 200
    after = pixels_of(content.content)
    assert filled(after, (400, 300, 480, 360))
    shown_again, hidden_still = (box_of(sheet, index_of(sheet, kind)) for kind in ("license_plate", "face"))
    assert np.array_equal(part(after, shown_again), part(original, shown_again))
    assert filled(after, hidden_still)
    assert content_of(house.annotator, old["copy_id"]).status_code == 404

    log = {
        entry["action"]: entry
        for entry in house.installation.entries()
        if review in str(entry) or (entry["subject"] == asset and entry["action"] == "asset.released")
    }
    assert log["region.rejected"]["details"]["reason"] == "not_real"
    assert log["region.rejected"]["actor"] == house.reviewer.id
    assert log["review.decided"]["actor"] == house.reviewer.id
    assert log["asset.released"]["details"]["instead"] == old["copy_id"]
    [told] = house.officer.http.get(f"/v1/assets/{asset}/reviews").json()
    assert told["review"]["state"] == "closed"
    assert (told["decision"]["reviewer"], told["decision"]["verdict"]) == (house.reviewer.id, "release")
    assert told["decision"]["rejected"] == {"not_real": 1}
    assert told["decision"]["hidden"]["added"] == 1


def test_nobody_sees_the_original_but_who_holds_the_review_while_it_lasts(
    house: House, dataset: str, picture: bytes, reviewers: list[Person]
) -> None:
    asset = waiting_asset(house.uploader, dataset, picture)
    [review] = reviews_of(house.installation, asset)
    holder, other = reviewers[:2]
    with one_denial(house, holder, "review.image", "review.unassigned"):
        refused(image_of(holder, review), "review.unassigned")
    claimed(holder, review)
    for person in (other, house.annotator, house.officer, house.uploader, house.operator, house.auditor):
        with one_denial(house, person, "review.image", "review.unassigned"):
            refused(image_of(person, review), "review.unassigned")
    assert other.http.post(f"/v1/reviews/{review}/claim").status_code == 409
    assert image_of(holder, review).status_code == 200
    house.installation.execute(
        "UPDATE review SET assigned_until = '2020-01-01 00:00:00.000000' WHERE id = :review", review=review
    )
    with one_denial(house, holder, "review.image", "review.expired"):
        refused(image_of(holder, review), "review.expired")
    with one_denial(house, holder, "review.decide", "review.expired"):
        refused(decision_of(holder, review), "review.expired")
    claimed(other, review)  # what lapsed is free again
    with one_denial(house, holder, "review.image", "review.unassigned"):
        refused(image_of(holder, review), "review.unassigned")
    assert other.http.post(f"/v1/reviews/{review}/release").status_code == 200
    with one_denial(house, other, "review.image", "review.unassigned"):
        refused(image_of(other, review), "review.unassigned")


def test_an_original_is_not_shown_when_the_log_cannot_be_written(
    house: House, dataset: str, picture: bytes
) -> None:
    [review] = reviews_of(house.installation, waiting_asset(house.uploader, dataset, picture))
    claimed(house.reviewer, review)
    assert image_of(house.reviewer, review).status_code == 200
    with log_full(house.installation):
        assert_unavailable(image_of(house.reviewer, review))
        assert_unavailable(decision_of(house.reviewer, review))
    assert sheet_of(house.reviewer, review)["review"]["state"] == "assigned"


def unseen(response: httpx.Response) -> list[int]:
    """The frames that a refused release names."""
    problem = response.json()
    assert (response.status_code, problem["code"]) == (409, "review.unseen"), response.text
    assert problem["advice"]
    frames: list[int] = problem["frames"]
    return frames


def test_an_image_that_was_not_fetched_is_not_released(house: House, dataset: str, picture: bytes) -> None:
    [review] = reviews_of(house.installation, waiting_asset(house.uploader, dataset, picture))
    claimed(house.reviewer, review)
    assert unseen(decision_of(house.reviewer, review)) == [0]
    assert house.reviewer.http.head(f"/v1/reviews/{review}/image").status_code == 200  # nothing of it arrives
    assert unseen(decision_of(house.reviewer, review)) == [0]
    assert image_of(house.reviewer, review).status_code == 200
    assert decision_of(house.reviewer, review).json()["follows"] == "released"


def test_each_page_is_fetched_before_the_image_is_released(house: House, dataset: str) -> None:
    [review] = reviews_of(house.installation, waiting_asset(house.uploader, dataset, tiff(three_pages())))
    claimed(house.reviewer, review)
    for frame in (0, 2):
        assert image_of(house.reviewer, review, frame).status_code == 200
    assert image_of(house.reviewer, review, 3).status_code == 404
    sheet = sheet_of(house.reviewer, review)
    assert (sheet["frames"], sheet["unseen"]) == (3, [1])
    assert unseen(decision_of(house.reviewer, review)) == [1]
    assert image_of(house.reviewer, review, 1).status_code == 200
    assert decision_of(house.reviewer, review).json()["follows"] == "released"


def test_two_who_agree_release_what_hides_all_that_either_hides(
    house: House, dataset_of_two: str, picture: bytes, reviewers: list[Person]
) -> None:
    asset = waiting_asset(house.uploader, dataset_of_two, picture)
    one, two = reviews_of(house.installation, asset)
    first, second = reviewers[:2]
    claimed(first, one)
    with one_denial(house, first, "review.claim", "review.same-person"):
        refused(first.http.post(f"/v1/reviews/{two}/claim"), "review.same-person")
    answer = decide(first, one, added=[{"kind": "text", "region": PATCH}])
    assert (answer["follows"], answer["disagreed"]) == (None, False)
    assert two not in [each["id"] for each in first.http.get("/v1/reviews").json()["reviews"]]
    claimed(second, two)
    assert "text" not in {region["kind"] for region in sheet_of(second, two)["regions"]}
    answer = decide(second, two)
    assert answer["follows"] == "released"
    copy = in_state(house.uploader, asset, "released")["copy_id"]
    after = pixels_of(content_of(house.annotator, copy).content)
    assert filled(after, (400, 300, 480, 360))


def test_two_who_disagree_call_a_third(
    house: House, dataset_of_two: str, picture: bytes, reviewers: list[Person]
) -> None:
    asset = waiting_asset(house.uploader, dataset_of_two, picture)
    one, two = reviews_of(house.installation, asset)
    first, second, third = reviewers
    decide(first, claimed(first, one))
    answer = decide(second, claimed(second, two), added=[{"kind": "text", "region": ELSEWHERE}])
    assert (answer["follows"], answer["disagreed"]) == (None, True)
    [three] = set(reviews_of(house.installation, asset)) - {one, two}
    for person in (first, second):
        with one_denial(house, person, "review.claim", "review.same-person"):
            refused(person.http.post(f"/v1/reviews/{three}/claim"), "review.same-person")
    assert decide(third, claimed(third, three))["follows"] == "released"
    copy = in_state(house.uploader, asset, "released")["copy_id"]
    after = pixels_of(content_of(house.annotator, copy).content)
    assert filled(after, (8, 240, 504, 504))  # what one of them hid stays hidden


def test_a_quarantined_image_has_no_copy_that_anybody_gets(
    house: House, dataset: str, picture: bytes
) -> None:
    asset = waiting_asset(house.uploader, dataset, picture)
    [review] = reviews_of(house.installation, asset)
    assert decide(house.reviewer, claimed(house.reviewer, review), "quarantine")["follows"] == "quarantined"
    held = house.uploader.http.get(f"/v1/assets/{asset}").json()
    assert (held["state"], held["reason"]) == ("quarantined", "review.quarantine")
    assert content_of(house.annotator, held["copy_id"]).status_code == 404
    assert house.reviewer.http.post(f"/v1/reviews/{review}/claim").status_code == 409


def test_a_decision_that_does_not_fit_the_image_is_refused_whole(
    house: House, dataset: str, picture: bytes
) -> None:
    [review] = reviews_of(house.installation, waiting_asset(house.uploader, dataset, picture))
    claimed(house.reviewer, review)
    assert image_of(house.reviewer, review).status_code == 200
    entries = len(house.installation.entries())
    outside = {"x0": 0, "y0": 0, "x1": 9000, "y1": 8}
    for changes in (
        {"rejected": [{"index": 99, "reason": "duplicate"}]},
        {"rejected": [{"index": 0, "reason": "because"}]},
        {"rejected": [{"index": 0, "reason": "animal"}, {"index": 0, "reason": "animal"}]},
        {"moved": [{"index": 0, "region": outside}]},
        {"added": [{"kind": "face", "region": PATCH, "method": "blur"}]},  # the policy fills
        {"added": [{"kind": "face", "region": {**PATCH, "x1": 400}}]},
    ):
        response = decision_of(house.reviewer, review, **changes)
        assert response.status_code == 422, (changes, response.text)
    assert len(house.installation.entries()) == entries
    assert sheet_of(house.reviewer, review)["review"]["state"] == "assigned"


def test_a_face_that_fills_the_image_waits_for_a_person_under_street(
    house: House, astronaut: Image.Image
) -> None:
    close = astronaut.crop((190, 60, 280, 190)).resize((540, 780))
    asset = settled(house.uploader, upload(house.uploader, house.dataset, png(close)))
    assert (asset["state"], asset["reason"]) == ("needs_review", "face.large")
