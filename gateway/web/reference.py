"""The OpenAPI document: what FastAPI finds out by itself, and what only we know.

Every answer that a route can give is in it, problem documents by status, all with examples. The rules are by
what a route takes, so that a new route is documented without a word; what it alone can answer it declares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI

from gateway.web.examples import example_of
from gateway.web.problems import MEDIA_TYPE, PREFIX

PROBLEM: Final = {
    "title": "Problem",
    "description": "RFC 9457: what broke, what did not happen and what to do. It carries ids, never a name.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Machine-readable; stable."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "The reason, as it stands in the log."},
        "advice": {"type": "string", "description": "What the sender can do."},
        "frames": {
            "type": "array",
            "description": "Of an image under review: those that were not shown to you, from 0.",
            "items": {"type": "integer"},
        },
        "faults": {
            "type": "array",
            "description": "What is wrong where, if it is more than one thing.",
            "items": {
                "type": "object",
                # Of a request: place and fault. Of a policy's text: line and message.
                "oneOf": [
                    {
                        "required": ["place", "fault"],
                        "properties": {"place": {"type": "string"}, "fault": {"type": "string"}},
                    },
                    {
                        "required": ["line", "message"],
                        "properties": {"line": {"type": "integer"}, "message": {"type": "string"}},
                    },
                ],
            },
        },
    },
}

REFERENCE: Final = {"$ref": "#/components/schemas/Problem"}

Members = Mapping[str, Any]

PROBLEMS: Final[dict[int, tuple[str, str, str, Members]]] = {
    # status: what it means here, the problem's type, its detail, and more members
    400: ("The body cannot be read.", "bad-request", "There was an error parsing the body", {}),
    401: (
        "There is no valid bearer token. Counted, not entered in the log.",
        "unauthenticated",
        "a valid bearer token is needed; `privgate tokens create` makes one",
        {},
    ),
    403: (
        "Not allowed, and entered in the log. `code` says why.",
        "access-denied",
        "access denied: grant.expired",
        {"code": "grant.expired"},
    ),
    404: ("There is no such thing here.", "not-found", "dataset dataset-5f0c9a31 does not exist", {}),
    409: (
        "The state of things forbids it; nothing was changed.",
        "conflict",
        "a dataset of this name exists; choose another name",
        {},
    ),
    412: (
        "Another version of tus is spoken here.",
        "precondition-failed",
        "the header Tus-Resumable: 1.0.0 is needed",
        {},
    ),
    415: (
        "Not of a kind that is taken here.",
        "input-refused",
        "a policy is sent as text/yaml",
        {"advice": "send it with Content-Type: text/yaml"},
    ),
    413: (
        "Too large.",
        "input-refused",
        "the upload is larger than 100 MB",
        {"code": "limit.bytes", "advice": "send a smaller file"},
    ),
    422: (
        "Not what this route takes.",
        "invalid-request",
        "body.until: Input should have timezone info",
        {"faults": [{"place": "body.until", "fault": "Input should have timezone info"}]},
    ),
    500: (
        "Something broke that should not; nothing was delivered.",
        "unforeseen",
        "something broke that should not; nothing was delivered. Tell the operator when it was",
        {},
    ),
    503: (
        "Not now: the log, the database or the store of images cannot be reached. Nothing was done.",
        "log-unavailable",
        "the audit entry could not be committed; nothing was done",
        {},
    ),
}

VERBS: Final = ("get", "put", "post", "delete", "patch", "head", "options")


def install(app: FastAPI) -> None:
    """`app.openapi` gives the whole document from now on."""
    found_by_itself = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = completed(found_by_itself())
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def completed(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document with every answer and with examples; the one given is changed."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for name in ("HTTPValidationError", "ValidationError"):  # we answer with problems instead
        schemas.pop(name, None)
    for path, item in document.get("paths", {}).items():
        for verb in VERBS:
            if verb in item:
                _complete(path, verb, item[verb], schemas)
    return document


def _complete(path: str, verb: str, operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    answers = operation.setdefault("responses", {})
    if "422" in answers and MEDIA_TYPE not in answers["422"].get("content", {}):
        del answers["422"]  # FastAPI's own, which is never sent
    for status in _statuses(path, verb, operation):
        answers[str(status)] = {**_problem(status), **answers.get(str(status), {})}
    operation["responses"] = {status: answers[status] for status in sorted(answers)}
    for status, answer in operation["responses"].items():
        _fill_problem(int(status), answer)
    for content in _contents(operation):
        for media in content.values():
            if "example" not in media and "examples" not in media and "schema" in media:
                media["example"] = example_of(media["schema"], schemas)


def _statuses(path: str, verb: str, operation: Mapping[str, Any]) -> Iterator[int]:
    """What a route can answer besides success, by what it takes."""
    body = operation.get("requestBody")
    if body is not None and "application/json" in body.get("content", {}):
        yield 400
    if operation.get("security"):
        yield from (401, 403, 503)
    yield 404  # this process's role may leave the route out
    if verb != "get":
        yield 409
    if body is not None or operation.get("parameters"):
        yield 422
    yield 500


def _problem(status: int) -> dict[str, Any]:
    return {"description": PROBLEMS[status][0]}


def _fill_problem(status: int, answer: dict[str, Any]) -> None:
    """A problem document, with an example, for each status that says that something is wrong."""
    if status < HTTPStatus.BAD_REQUEST:
        return
    _, kind, detail, members = PROBLEMS.get(status, ("", "about", HTTPStatus(status).phrase, {}))
    example = {"type": PREFIX + kind, "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    own = answer.get("content", {}).get(MEDIA_TYPE, {}).get("example", members)
    answer["content"] = {MEDIA_TYPE: {"schema": REFERENCE, "example": example | dict(own)}}
    if status == HTTPStatus.UNAUTHORIZED:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}


def _contents(operation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The media types of the request and of each answer, where they are JSON."""
    for holder in (operation.get("requestBody") or {}, *operation["responses"].values()):
        content = holder.get("content", {})
        yield {kind: media for kind, media in content.items() if "json" in kind}
