"""Reviews over HTTP: datasets whose every image waits for people, and what reviewers do."""

from __future__ import annotations

from typing import Any

import httpx

from gateway.services.ids import new_id
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.store.queries import datasets
from gateway.vault.log_keys import LogKeys
from policies.policy import Policy
from tests.support.gateway import Installation, Person, settled, upload
from tests.support.processes import wait_until

ALL_TO_REVIEW = """
name: looked-at
rules:
  - {{kind: face, method: fill, detectors: [centerface]}}
  - {{kind: license_plate, method: fill, detectors: [clp, ppocr-plates]}}
release: {{sample: 1.0, reviewers: {reviewers}}}
"""


def looked_at_dataset(installation: Installation, officer: Person, *, reviewers: int = 1) -> str:
    """A dataset under a policy that sends every image to so many people."""
    database = Database(installation.database_url, mac=LogKeys(installation.data / "keys").mac)
    policy = Policy.parse(ALL_TO_REVIEW.format(reviewers=reviewers))
    dataset = new_id("dataset")
    try:
        with database.unit() as unit:
            datasets.add(
                unit.session,
                dataset_id=dataset,
                name=dataset,
                policy=policy,
                created_by=officer.id,
                now=utc_now(),
            )
    finally:
        database.close()
    return dataset


def waiting_asset(uploader: Person, dataset: str, data: bytes) -> str:
    """Uploads an image, and gives its asset once that waits for a person."""
    asset = settled(uploader, upload(uploader, dataset, data))
    assert asset["state"] == "needs_review", asset
    return str(asset["id"])


def reviews_of(installation: Installation, asset: str) -> list[str]:
    """The ids of an asset's reviews, by round."""
    query = "SELECT id FROM review WHERE asset_id = :asset ORDER BY created_at, round"
    return [row.id for row in installation.rows(query, asset=asset)]


def claimed(reviewer: Person, review: str) -> str:
    response = reviewer.http.post(f"/v1/reviews/{review}/claim")
    assert response.status_code == 200, response.text
    return review


def sheet_of(reviewer: Person, review: str) -> dict[str, Any]:
    response = reviewer.http.get(f"/v1/reviews/{review}")
    assert response.status_code == 200, response.text
    sheet: dict[str, Any] = response.json()
    return sheet


def image_of(person: Person, review: str, frame: int = 0) -> httpx.Response:
    return person.http.get(f"/v1/reviews/{review}/image", params={"frame": frame})


def decision_of(reviewer: Person, review: str, verdict: str = "release", **changes: Any) -> httpx.Response:
    """changes: moved, rejected, added, as the API takes them."""
    return reviewer.http.post(f"/v1/reviews/{review}/decision", json={"verdict": verdict, **changes})


def decide(reviewer: Person, review: str, verdict: str = "release", **changes: Any) -> dict[str, Any]:
    """The decision's answer. What is to be released was looked at before: an image of one frame."""
    if verdict == "release":
        assert image_of(reviewer, review).status_code == 200
    response = decision_of(reviewer, review, verdict, **changes)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def in_state(person: Person, asset: str, state: str) -> dict[str, Any]:
    """The asset, once it stands there."""

    def look() -> dict[str, Any] | None:
        answer: dict[str, Any] = person.http.get(f"/v1/assets/{asset}").json()
        return answer if answer["state"] == state else None

    return wait_until(look, f"asset {asset} to be {state}", every=0.1)
