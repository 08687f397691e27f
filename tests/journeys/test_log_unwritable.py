"""If the log cannot be written, nothing is delivered, taken in or changed: the order of effects, shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.journeys.conftest import House
from tests.support.gateway import Installation, content_of, create_dataset, give_grant, released_copy, send
from tests.support.pictures import plate_png


@contextmanager
def log_full(installation: Installation) -> Iterator[None]:
    """Inside, the database refuses every new entry; the test does that through a connection of its own."""
    installation.execute(
        "CREATE TRIGGER log_full BEFORE INSERT ON log_entry BEGIN SELECT RAISE(ABORT, 'the log is full'); END"
    )
    try:
        yield
    finally:
        installation.execute("DROP TRIGGER log_full")


def assert_unavailable(response: httpx.Response) -> None:
    assert response.status_code == 503, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "urn:privgate:problem:log-unavailable"
    assert b"full" not in response.content  # the database's own words stay inside


@pytest.fixture(scope="module")
def copy(house: House) -> str:
    give_grant(house.officer, house.annotator, house.dataset)
    return released_copy(house.uploader, house.dataset, plate_png())


def test_no_byte_of_a_copy_leaves(house: House, copy: str) -> None:
    with log_full(house.installation):
        assert_unavailable(content_of(house.annotator, copy))
    assert content_of(house.annotator, copy).headers["content-type"] == "image/png"


def test_no_upload_is_accepted_and_the_sender_may_repeat_it(house: House) -> None:
    dataset = create_dataset(house.officer, "while the log is full")
    count = "SELECT count(*) AS n FROM asset WHERE dataset_id = :dataset"
    with log_full(house.installation):
        assert_unavailable(send(house.uploader, dataset, plate_png(), key="while-full"))
        assert house.installation.rows(count, dataset=dataset)[0].n == 0
    assert send(house.uploader, dataset, plate_png(), key="while-full").status_code == 202
    assert house.installation.rows(count, dataset=dataset)[0].n == 1


def test_a_denial_stays_a_refusal(house: House, copy: str) -> None:
    entries = len(house.installation.entries())
    with log_full(house.installation):
        assert_unavailable(content_of(house.reviewer, copy))
        assert_unavailable(house.reviewer.http.get(f"/v1/datasets/{house.dataset}/copies"))
    assert len(house.installation.entries()) == entries


def test_no_export_leaves_and_nothing_is_granted(house: House) -> None:
    granted = house.officer.http.get("/v1/grants").json()
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    with log_full(house.installation):
        assert_unavailable(house.auditor.http.get("/v1/audit/export"))
        form = {"person": house.reviewer.id, "dataset": house.dataset, "purpose": "look"}
        response = house.officer.http.post("/v1/grants", json={**form, "until": until})
        assert_unavailable(response)
    assert house.officer.http.get("/v1/grants").json() == granted
