"""The folder of a store goes away and comes back, as a volume does: nothing is held, lost or let out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.journeys.conftest import House
from tests.support.gateway import content_of, create_dataset, give_grant, released_copy, send, settled
from tests.support.pictures import plate_png
from tests.support.processes import wait_until


@contextmanager
def unmounted(house: House, part: str) -> Iterator[None]:
    folder = house.installation.data / "blobs" / part
    elsewhere = folder.with_name(f"{part}-unmounted")
    folder.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(folder)


def away(house: House) -> list[str]:
    return [found.part for found in house.installation.rows("SELECT part FROM outage")]


def assert_not_now(response: httpx.Response) -> None:
    assert (response.status_code, response.headers["retry-after"]) == (503, "30")
    assert response.json()["type"] == "urn:privgate:problem:vault-unavailable"


def test_what_arrives_in_an_outage_waits_and_what_is_asked_for_is_to_be_asked_again(house: House) -> None:
    dataset = create_dataset(house.officer, "while a store is away")
    give_grant(house.officer, house.annotator, dataset)
    copy = released_copy(house.uploader, dataset, plate_png())
    with unmounted(house, "originals"):
        assert_not_now(send(house.uploader, dataset, plate_png(), key="while-away"))
    with unmounted(house, "copies"):
        assert_not_now(content_of(house.annotator, copy))
        sent = send(house.uploader, dataset, plate_png())
        assert sent.status_code == 202
        asset = sent.json()["id"]

        def row() -> tuple[str, str, int] | None:
            (found,) = house.installation.rows("SELECT * FROM asset WHERE id = :asset", asset=asset)
            return (found.state, found.reason, found.attempts) if found.reason else None

        assert wait_until(row, "the job to wait") == ("received", "vault.unavailable", 0)
        assert wait_until(lambda: away(house), "the outage to be noted") == ["copies"]
    assert settled(house.uploader, asset)["state"] == "released"
    assert away(house) == []
    assert content_of(house.annotator, copy).is_success
