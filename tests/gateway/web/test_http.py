"""What any HTTP client may do: ask for the headers alone, name a file in odd ways, leave in the middle."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.types import Message

from policies.access import Role
from tests.gateway.web.asgi import ask
from tests.gateway.web.conftest import Place

NOTHING = "0" * 24


def got(place: Place) -> list[str]:
    """The paths of all GETs that the reference names, with ids of things that are not there."""
    paths = place.app.openapi()["paths"]
    ids = {name: f"{name.removesuffix('_id')}-{NOTHING}" for name in _names(paths)}
    return [path.format_map(ids) for path, verbs in paths.items() if "get" in verbs]


def _names(paths: dict[str, Any]) -> set[str]:
    return {part[1:-1] for path in paths for part in path.split("/") if part.startswith("{")}


def test_every_get_answers_a_head_likewise_and_without_a_body(place: Place) -> None:
    headers = place.headers(Role.OFFICER)
    paths = [*got(place), "/healthz", "/docs", "/openapi.json", "/sign-in", "/demo", "/static/docs.js"]
    assert len(paths) > 15
    for path in paths:
        get, head = (ask(place.app, verb, path, headers=headers) for verb in ("GET", "HEAD"))
        assert head.status_code == get.status_code, path
        assert head.content == b""
        assert head.headers.get("content-type") == get.headers.get("content-type")
        if get.status_code == 200 and "content-length" in get.headers:
            assert head.headers["content-length"] == get.headers["content-length"]


def test_a_head_needs_a_token_where_the_get_does(place: Place) -> None:
    assert ask(place.app, "HEAD", "/v1/grants").status_code == 401


def test_a_head_of_what_is_only_posted_is_refused(place: Place) -> None:
    only_posted = [
        route.path
        for route in place.app.routes
        if isinstance(route, APIRoute) and route.methods == {"POST"} and "{" not in route.path
    ]
    for path in only_posted:
        assert ask(place.app, "HEAD", path).status_code == 405
    assert ask(place.app, "HEAD", "/v1/policies/policy-00000000/submit").status_code == 405


DISPOSITIONS = [
    "attachment; filename*=undefined''x",
    "attachment; filename*=unicode_escape''%5cud800",
    "attachment; filename*=raw_unicode_escape''%5cud800.png",
    "attachment; filename*=utf-7''+2AA-",
    "attachment; filename*=idna''%ff",
    "attachment; filename*=rot13''x",
    "attachment; filename*=hex''x",
    "attachment; filename*=no-such-charset''x",
    "attachment; filename*=utf-16''%d8%00",
    "attachment; filename*0*=undefined''x; filename*1*=y",
    "attachment; filename*0=a; filename*=b; filename*0*=''c",
    "attachment; filename*=''",
    "attachment; filename*='",
    'attachment; filename="é\xff"',
    "attachment; filename*=utf-8''%ff%fe%ed%a0%80",
    ";;;filename*=x*=y",
]


@pytest.fixture(scope="module")
def dataset(place: Place) -> str:
    form = {"name": "crossing", "policy": "street"}
    made = ask(place.app, "POST", "/v1/datasets", headers=place.headers(Role.OFFICER), json=form)
    return str(made.json()["id"])


@pytest.fixture(scope="module")
def uploader(place: Place) -> dict[str, str]:
    return place.headers(Role.UPLOADER)


@pytest.mark.parametrize("disposition", DISPOSITIONS)
def test_an_odd_file_name_is_taken_or_refused_and_breaks_nothing(
    place: Place, dataset: str, uploader: dict[str, str], disposition: str
) -> None:
    headers = {**uploader, "Content-Disposition": disposition.encode("latin-1")}
    for kind in ("image/png", "application/octet-stream"):
        sent = {**headers, "Content-Type": kind}
        body = os.urandom(8)
        answer = ask(place.app, "POST", f"/v1/assets?dataset={dataset}", headers=sent, content=body)
        assert answer.status_code in (202, 422), answer.text
        if answer.status_code == 422:
            assert answer.json()["code"] == "name.charset"


def test_a_sender_who_leaves_in_the_middle_leaves_nothing_behind(
    place: Place, dataset: str, uploader: dict[str, str]
) -> None:
    """Not even a traceback: the exception ends here, and the answer is for nobody."""
    blobs = place.settings.data / "blobs" / "originals"
    before = sorted(blobs.iterdir())
    pieces: list[Message] = [
        {"type": "http.request", "body": b"half of an image", "more_body": True},
        {"type": "http.disconnect"},
    ]
    answers: list[Message] = []

    async def receive() -> Message:
        return pieces.pop(0)

    async def send(message: Message) -> None:
        answers.append(message)

    headers = [(name.lower().encode(), value.encode()) for name, value in uploader.items()]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/assets",
        "raw_path": b"/v1/assets",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "query_string": f"dataset={dataset}".encode(),
        "headers": [*headers, (b"content-type", b"image/png")],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8080),
    }
    asyncio.run(place.app(scope, receive, send))
    assert answers[0]["status"] == 499
    assert sorted(blobs.iterdir()) == before


@pytest.mark.parametrize(
    "until", ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", "2999-01-01T00:00:00Z"]
)
def test_a_grant_for_ever_is_not_valid(place: Place, dataset: str, until: str) -> None:
    person = place.issue(Role.ANNOTATOR).person_id
    form = {"person": person, "dataset": dataset, "purpose": "label", "until": until}
    answer = ask(place.app, "POST", "/v1/grants", headers=place.headers(Role.OFFICER), json=form)
    assert (answer.status_code, answer.json()["code"]) == (422, "grant.too_long")
