"""A body that no route takes is refused before it is parsed, and before anybody asks who sends it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from tests.journeys.conftest import House

MEGABYTE = 1 << 20


def test_a_large_json_body_is_refused_whoever_sends_it(house: House) -> None:
    url = f"{house.installation.url}/v1/datasets"
    answer = httpx.post(url, content=b" " * (2 * MEGABYTE), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:privgate:problem:body-too-large"


def test_a_body_without_a_length_is_counted_as_it_comes(house: House) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * MEGABYTE

    url = f"{house.installation.url}/v1/grants"
    try:
        answer = httpx.post(url, content=endless(), headers={"Content-Type": "application/json"})
    except httpx.TransportError:
        return  # the server hung up while it was still being sent to
    assert answer.status_code in (400, 413)


def test_a_form_of_many_fields_is_refused(house: House) -> None:
    files = {f"field{number}": (None, "x") for number in range(20)}
    answer = house.uploader.http.post("/v1/assets", files=files)
    assert answer.status_code == 422
    assert "too many parts" in answer.json()["detail"]
