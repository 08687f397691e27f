"""What any HTTP client may do: ask for the headers alone, name a file in odd ways, leave in the middle."""

from __future__ import annotations

from typing import Any

from fastapi.routing import APIRoute

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
    paths = [*got(place), "/healthz", "/docs", "/openapi.json", "/", "/static/docs.js"]
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
