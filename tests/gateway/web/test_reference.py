"""The API's reference: every route with every answer, and examples that fit their own schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI

from gateway import installation
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.web.app import create_app
from gateway.web.problems import MEDIA_TYPE, TABLE


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("reference")
    settings = Settings.read({"HOME": str(folder)}, data=folder)
    installation.create_keys(settings)
    database = Database(settings.database)
    with database.alone():
        database.migrate()
    database.close()
    return create_app(settings)


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            yield f"{verb.upper()} {path}", operation


def media_types(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(where, media type, its schema and example) of the request and of each answer."""
    holders = {"request": operation.get("requestBody", {}), **operation["responses"]}
    for where, holder in holders.items():
        for kind, media in holder.get("content", {}).items():
            yield where, kind, media


def test_each_json_body_has_an_example_that_fits_its_schema(document: dict[str, Any]) -> None:
    checked = 0
    for name, operation in operations(document):
        for where, kind, media in media_types(operation):
            if "json" not in kind or kind == "application/x-ndjson":
                continue
            given = media.get("example", (media.get("schema", {}).get("examples") or [None])[0])
            assert given is not None, f"{name}, {where}: no example"
            schema = {"components": document["components"], **media["schema"]}
            validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
            faults = [str(fault.message) for fault in validator.iter_errors(given)]
            assert faults == [], f"{name}, {where}: {given}"
            checked += 1
    assert checked > 100


def test_the_check_would_see_an_example_that_does_not_fit() -> None:
    validator = jsonschema_rs.Draft202012Validator(
        {"type": "string", "format": "date-time"}, validate_formats=True
    )
    assert not validator.is_valid("yesterday")


def test_every_success_says_what_it_brings(document: dict[str, Any]) -> None:
    silent = {"GET /v1/assets/{asset_id}/original": {"403"}}  # it never succeeds
    for name, operation in operations(document):
        good = {status: a for status, a in operation["responses"].items() if status < "300"}
        if name in silent:
            assert good == {}
            continue
        assert good, name
        for status, answer in good.items():
            told = answer.get("content") or answer.get("headers")  # tus answers by headers alone
            assert status == "204" or told, f"{name}, {status}"


def test_every_fault_is_a_problem_document(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == [MEDIA_TYPE], f"{name}, {status}"
                example = answer["content"][MEDIA_TYPE]["example"]
                assert example["status"] == int(status)
                assert answer["description"], f"{name}, {status}"


def test_routes_behind_a_token_say_so_and_what_they_refuse(document: dict[str, Any]) -> None:
    public = {"GET /v1/audit/key", "GET /v1/audit/prover-key", "OPTIONS /v1/uploads"}
    for name, operation in operations(document):
        answers = set(operation["responses"])
        assert ("security" in operation) == (name not in public)
        assert name in public or {"401", "403", "503"} <= answers, name
        assert {"404", "500"} <= answers, name
        assert ("409" in answers) == (not name.startswith("GET ")), name


def test_what_an_uploader_can_be_told_is_all_there(document: dict[str, Any]) -> None:
    upload = document["paths"]["/v1/assets"]["post"]
    assert {"200", "202", "401", "403", "404", "409", "413", "422", "500", "503"} == set(upload["responses"])
    assert set(upload["requestBody"]["content"]) == {"image/*", "multipart/form-data"}


def test_the_examples_are_of_the_statuses_that_errors_have(document: dict[str, Any]) -> None:
    known = {(status.value, f"urn:privgate:problem:{kind}") for _, status, kind in TABLE} | {
        (400, "urn:privgate:problem:bad-request"),
        (412, "urn:privgate:problem:precondition-failed"),
        (422, "urn:privgate:problem:invalid-request"),
        (500, "urn:privgate:problem:unforeseen"),
    }
    for _, operation in operations(document):
        for _, kind, media in media_types(operation):
            if kind == MEDIA_TYPE:
                assert (media["example"]["status"], media["example"]["type"]) in known
