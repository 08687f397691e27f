"""The real server against its own reference: whatever is sent, no 5xx and no answer that it does not name.

Schemathesis makes the requests, those that fit the reference and those that do not, and compares each answer
with it: status, media type, schema, headers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, SerializationContext
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.transport.serialization import serialize_binary

from gateway.detection.models import ModelStore
from gateway.web.api.resumable import BODY_TYPE
from tests.journeys.test_denials import ALLOWED, PUBLIC
from tests.support.gateway import Installation, give_grant, released_copy, running, upload
from tests.support.pictures import plate_png
from tests.support.postgres import postgres_server
from tests.support.uploads import create

EXAMPLES = 12
"""Requests of each kind and route; all of them take about half a minute on two quiet cores."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

ROUTES = sorted(set(ALLOWED) | PUBLIC)

REFUSALS = [400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422]
"""412: by tus, the answer to a version that is not spoken."""

CONFIG = SchemathesisConfig.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": [str(status) for status in REFUSALS]}}}
)


@schemathesis.serializer(BODY_TYPE)
def _bytes_of_an_upload(_: SerializationContext, value: Any) -> bytes:
    """Schemathesis knows the media types that many know; this one is tus's own."""
    return serialize_binary(value)


class _Ids(dict[str, str]):
    """Ids of things that are there; of what was not made for this, a well-formed id of nothing."""

    def __missing__(self, name: str) -> str:
        return f"{name.removesuffix('_id')}-{'0' * 24}"


@dataclass(frozen=True)
class Target:
    """The server, its reference, tokens of people who are let in, and ids of things that are there."""

    installation: Installation
    schema: BaseSchema
    tokens: list[str]
    ids: dict[str, str]

    def begin_upload(self) -> None:
        """A resumable upload that is there for the next route to be tried; the one before may be gone."""
        uploader = self.installation.person(self.tokens[2], "uploader")
        self.ids["upload_id"] = create(uploader, self.ids["dataset"], 1_000).rpartition("/")[2]

    def statuses(self, route: tuple[str, str]) -> set[int]:
        """Those that the reference names."""
        verb, path = route
        return {int(status) for status in self.schema.raw_schema["paths"][path][verb.lower()]["responses"]}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory, model_store: ModelStore) -> Iterator[Target]:
    """On PostgreSQL: it is the stricter of the two databases about what a text may hold."""
    with postgres_server() as server:
        database = {"PRIVGATE_DATABASE": server.create("privgate")}
        installation = Installation(tmp_path_factory.mktemp("fuzz"), model_store.folder, database)
        for started in running(installation):
            yield _filled(started)


def _filled(installation: Installation) -> Target:
    roles = ("officer", "annotator", "uploader", "auditor")
    officer, annotator, uploader, auditor = people = [installation.enrol(role) for role in roles]
    form = {"name": "to be tried", "policy": "street", "categories": [{"id": 1, "name": "car"}]}
    dataset = officer.http.post("/v1/datasets", json=form).json()["id"]
    give_grant(officer, annotator, dataset)
    copy = released_copy(uploader, dataset, plate_png())
    batch = uploader.http.post("/v1/batches", json={"dataset": dataset}).json()["id"]
    webhook = officer.http.post("/v1/webhooks", json={"url": "https://hooks.example.org/"}).json()["id"]
    ids = {
        "dataset_id": dataset,
        "dataset": dataset,
        "asset_id": upload(uploader, dataset, plate_png()),
        "copy_id": copy,
        "grant_id": give_grant(officer, auditor, dataset),
        "task_id": annotator.http.post(f"/v1/datasets/{dataset}/tasks/claim").json()["id"],
        "batch_id": batch,
        "batch": batch,
        "webhook_id": webhook,
    }
    schema = schemathesis.openapi.from_url(f"{installation.url}/openapi.json", config=CONFIG)
    return Target(installation, schema, [person.token for person in people], _Ids(ids))


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_the_server_answers_as_its_reference_says(
    target: Target, route: tuple[str, str], mode: GenerationMode
) -> None:
    if "{upload_id}" in route[1]:
        target.begin_upload()
    if mode is GenerationMode.POSITIVE or route not in PUBLIC:
        ask(target, target.schema[route[1]][route[0]], mode)


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda answers: answers.pop("200"), "Undocumented status code"),
        (lambda answers: answers.update({"200": {"content": {"text/csv": {}}}}), "Undocumented Content-Type"),
    ],
)
def test_a_reference_that_said_less_would_be_found_out(
    target: Target, spoil: Callable[[dict[str, Any]], Any], what: str
) -> None:
    document = deepcopy(dict(target.schema.raw_schema))
    spoil(document["paths"]["/v1/datasets"]["get"]["responses"])
    spoiled = schemathesis.openapi.from_dict(document)
    with pytest.raises(FailureGroup) as caught:
        ask(target, spoiled["/v1/datasets"]["get"], GenerationMode.POSITIVE)
    assert [failure.title for failure in caught.value.exceptions] == [what]


def ask(target: Target, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> None:
    """Sends what fits the operation, or does not, and compares the answers with its schema."""
    session = requests.Session()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(generation_mode=mode),
        token=st.sampled_from(target.tokens),
        known=st.booleans(),
    )
    def send(case: Case[Any], token: str, known: bool) -> None:
        checks = [*CHECKS] if known else [*CHECKS, negative_data_rejection]
        if known:  # things that are there, whatever else is wrong with the request
            for found in (case.path_parameters, case.query):
                for name in set(found or {}) & set(target.ids):
                    found[name] = target.ids[name]
        headers = {"Authorization": f"Bearer {token}"}
        response = case.call(base_url=target.installation.url, session=session, headers=headers)
        case.validate_response(response, checks=checks)

    try:
        send()
    finally:
        session.close()


HOSTILE = [
    b"",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"annotations":' * 50_000,
    b"1" * 5_000,
    b"NaN",
    b'{"name": "\\ud800", "policy": "\\udfff"}',
    b'{"name": "a\\u0000b", "policy": "street"}',
    b'{"name": "' + b"x" * 300_000 + b'", "policy": "street"}',
    b'{"annotations": [{"id": 1e400, "category_id": -0, "bbox": [NaN, Infinity, -Infinity, 1e-400]}]}',
    b'{"annotations": [{"id": 1, "id": 2, "category_id": 1, "bbox": [0, 0, 1, 1], "\\ud800": 1}]}',
    b'{"categories": [{"id": 1, "name": "\\u0000"}]}',
    b'{"task": "task-\\u0000", "seconds": 1e3}',
]


@pytest.mark.parametrize("route", [route for route in ROUTES if route[0] in ("POST", "PUT")], ids=" ".join)
@pytest.mark.parametrize("form", ["application/json", "multipart/form-data; boundary=x"])
def test_a_body_that_nobody_should_send_is_refused_as_the_reference_says(
    target: Target, route: tuple[str, str], form: str
) -> None:
    verb, path = route
    named = target.statuses(route)
    query = {"dataset": target.ids["dataset"]}
    for token in target.tokens[:2] if "asset" not in path else target.tokens[2:3]:
        client = target.installation.client({"Authorization": f"Bearer {token}", "Content-Type": form})
        for body in HOSTILE:
            response = client.request(verb, path.format_map(target.ids), content=body, params=query)
            assert response.status_code in named, (body[:60], response.text[:400])
            assert response.status_code < 500, (body[:60], response.text[:400])


MARKS = ["%00", "a%00b", "%FF", "..%2F..", "%0d%0aX-Injected:%201", "dataset-00000000%00", "x" * 5_000]


@pytest.mark.parametrize("route", [route for route in ROUTES if "{" in route[1]], ids=" ".join)
@pytest.mark.parametrize("mark", MARKS)
def test_an_id_that_is_none_is_refused_as_the_reference_says(
    target: Target, route: tuple[str, str], mark: str
) -> None:
    verb, path = route
    client = target.installation.client({"Authorization": f"Bearer {target.tokens[0]}"})
    for where in (path[: path.index("{")] + mark + path[path.index("}") + 1 :], None):
        url = where or f"{path.format_map(target.ids)}?after={mark}&dataset={mark}&format={mark}"
        response = client.request(verb, url)
        assert response.status_code < 500, (url, response.text[:400])
        assert response.status_code in target.statuses(route) | {405}, (url, response.text[:400])
        assert "x-injected" not in response.headers


def test_a_dataset_named_in_a_form_is_an_id_or_nothing(target: Target) -> None:
    client = target.installation.client({"Authorization": f"Bearer {target.tokens[2]}"})
    for dataset in ("\x00", "dataset-00000000\x00", "x" * 900, "dataset-é"):
        files = {"file": ("a.png", b"x", "image/png")}
        response = client.post("/v1/assets", data={"dataset": dataset}, files=files)
        assert response.status_code in (404, 422), response.text
