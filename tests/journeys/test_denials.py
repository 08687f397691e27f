"""What is refused: 403 and exactly one entry that says why; without a token 401, counted and not entered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.journeys.conftest import House
from tests.support.gateway import (
    Person,
    content_of,
    create_dataset,
    end_grant,
    finished_proof,
    give_grant,
    proof_of,
    released_copy,
    settled,
    upload,
)
from tests.support.pictures import plate_png
from tests.support.processes import wait_until
from tests.support.reviews import looked_at_dataset, reviews_of, waiting_asset
from tests.support.uploads import BODY, create


@contextmanager
def one_denial(house: House, person: Person, asked: str, reason: str) -> Iterator[None]:
    """Inside, exactly one "access.denied" entry comes: this person's, for this question and reason."""
    before = len(house.installation.entries())
    yield
    new = house.installation.entries()[before:]
    assert [entry["action"] for entry in new] == ["access.denied"]
    assert new[0]["actor"] == person.id
    assert new[0]["details"]["asked"] == asked
    assert new[0]["details"]["reason"] == reason


def refused(response: httpx.Response, reason: str) -> None:
    assert response.status_code == 403, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == reason


@pytest.fixture(scope="module")
def copy(house: House) -> str:
    """A released copy of the shared dataset, brought in by the uploader."""
    return released_copy(house.uploader, house.dataset, plate_png())


def test_an_annotator_who_asks_for_an_original_is_refused_and_recorded(house: House, copy: str) -> None:
    give_grant(house.officer, house.annotator, house.dataset)
    listed = house.annotator.http.get(f"/v1/datasets/{house.dataset}/copies").json()["copies"]
    asset = next(c["asset"] for c in listed if c["id"] == copy)
    with one_denial(house, house.annotator, "original.read", "original.sealed"):
        refused(house.annotator.http.get(f"/v1/assets/{asset}/original"), "original.sealed")


def test_a_grant_opens_its_own_dataset_and_no_other(house: House, copy: str) -> None:
    newcomer = house.installation.enrol("annotator")
    elsewhere = create_dataset(house.officer, "another street")
    give_grant(house.officer, newcomer, elsewhere)
    with one_denial(house, newcomer, "copy.read", "grant.none"):
        refused(content_of(newcomer, copy), "grant.none")
    with one_denial(house, newcomer, "copy.list", "grant.none"):
        refused(newcomer.http.get(f"/v1/datasets/{house.dataset}/copies"), "grant.none")


def test_an_expired_grant_opens_nothing(house: House, copy: str) -> None:
    newcomer = house.installation.enrol("annotator")
    grant = give_grant(house.officer, newcomer, house.dataset)
    assert content_of(newcomer, copy).status_code == 200
    end_grant(house.installation, grant)
    with one_denial(house, newcomer, "copy.read", "grant.expired"):
        refused(content_of(newcomer, copy), "grant.expired")
    with one_denial(house, newcomer, "copy.list", "grant.expired"):
        refused(newcomer.http.get(f"/v1/datasets/{house.dataset}/copies"), "grant.expired")


def test_a_revoked_grant_opens_nothing_from_the_next_request_on(house: House, copy: str) -> None:
    newcomer = house.installation.enrol("annotator")
    grant = give_grant(house.officer, newcomer, house.dataset)
    assert content_of(newcomer, copy).status_code == 200
    assert house.officer.http.delete(f"/v1/grants/{grant}").status_code == 200
    with one_denial(house, newcomer, "copy.read", "grant.revoked"):
        refused(content_of(newcomer, copy), "grant.revoked")


def test_who_has_no_valid_token_is_turned_away_and_counted_but_not_entered(house: House, copy: str) -> None:
    installation = house.installation
    query = "SELECT coalesce(sum(value), 0) AS n FROM counter WHERE name = 'requests.unauthenticated'"
    counted, entered = installation.rows(query)[0].n, len(installation.entries())
    clients = [installation.client(), installation.client({"Authorization": "Bearer privgate_guessed"})]
    for client in clients:
        response = client.get(f"/v1/copies/{copy}/content")
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.headers["content-type"] == "application/problem+json"
    assert len(installation.entries()) == entered
    wait_until(lambda: installation.rows(query)[0].n >= counted + 2, "the count of both")


def test_a_revoked_token_is_no_token(house: House, copy: str) -> None:
    newcomer = house.installation.enrol("annotator")
    give_grant(house.officer, newcomer, house.dataset)
    assert content_of(newcomer, copy).status_code == 200
    house.installation.privgate("tokens", "revoke", newcomer.token_id)
    entered = len(house.installation.entries())
    assert content_of(newcomer, copy).status_code == 401
    assert len(house.installation.entries()) == entered


ROLES = ("officer", "uploader", "annotator", "auditor", "reviewer", "operator")

ALLOWED = {
    # By role and route: what is not named here is refused. Copies open by grant, not by role, and in this
    # table nobody has one.
    ("POST", "/v1/datasets"): {"officer"},
    ("GET", "/v1/datasets"): {"officer", "uploader"},
    ("POST", "/v1/grants"): {"officer"},
    ("GET", "/v1/grants"): {"officer"},
    ("DELETE", "/v1/grants/{grant_id}"): {"officer"},
    ("POST", "/v1/policies"): {"officer"},
    ("GET", "/v1/policies"): {"officer", "auditor"},
    ("GET", "/v1/policies/{policy_id}"): {"officer", "auditor"},
    ("GET", "/v1/policies/{policy_id}/diff"): {"officer", "auditor"},
    ("POST", "/v1/policies/{policy_id}/submit"): {"officer"},
    ("POST", "/v1/policies/{policy_id}/approve"): {"officer"},
    ("POST", "/v1/policies/{policy_id}/reject"): {"officer"},
    ("POST", "/v1/policies/{policy_id}/retire"): {"officer"},
    ("POST", "/v1/policies/{policy_id}/previews"): {"officer"},
    ("GET", "/v1/policy-previews/{preview_id}"): {"officer"},
    ("PUT", "/v1/datasets/{dataset_id}/policy"): {"officer"},
    ("POST", "/v1/datasets/{dataset_id}/rollbacks"): {"officer"},
    ("GET", "/v1/datasets/{dataset_id}/rollbacks"): {"officer", "auditor"},
    ("GET", "/v1/rollbacks/{rollback_id}"): {"officer", "auditor"},
    # The first two of another officer's, the third of the stranger officer's own.
    ("POST", "/v1/rollbacks/{rollback_id}/approve"): {"officer"},
    ("POST", "/v1/rollbacks/{rollback_id}/refuse"): {"officer"},
    ("POST", "/v1/rollbacks/{rollback_id}/withdraw"): {"officer"},
    ("POST", "/v1/datasets/{dataset_id}/rederive"): {"officer"},
    ("GET", "/v1/datasets/{dataset_id}/rederivation"): {"officer"},
    ("POST", "/v1/assets"): {"uploader"},
    ("GET", "/v1/assets"): {"officer", "operator"},
    ("POST", "/v1/assets/{asset_id}/proofs"): {"officer", "auditor"},
    ("GET", "/v1/assets/{asset_id}/proofs"): {"officer", "auditor"},
    ("POST", "/v1/datasets/{dataset_id}/proofs"): {"officer", "auditor"},
    ("GET", "/v1/datasets/{dataset_id}/proofs"): {"officer", "auditor"},
    ("GET", "/v1/proofs/{proof_id}"): {"officer", "auditor"},
    ("GET", "/v1/proofs/{proof_id}/certificate"): {"officer", "auditor"},
    # Each asks for a quarantined image of their own.
    ("POST", "/v1/assets/{asset_id}/requeue"): {"officer", "operator"},
    ("GET", "/v1/assets/{asset_id}"): {"officer", "uploader"},
    ("GET", "/v1/assets/{asset_id}/original"): set(),
    ("POST", "/v1/batches"): {"uploader"},
    ("GET", "/v1/batches"): {"officer"},
    ("GET", "/v1/batches/{batch_id}"): {"officer", "uploader"},
    ("GET", "/v1/batches/{batch_id}/assets"): {"officer", "uploader"},
    ("POST", "/v1/batches/{batch_id}/close"): {"uploader"},
    ("POST", "/v1/uploads"): {"uploader"},
    ("HEAD", "/v1/uploads/{upload_id}"): {"uploader"},
    ("PATCH", "/v1/uploads/{upload_id}"): {"uploader"},
    ("DELETE", "/v1/uploads/{upload_id}"): {"uploader"},
    ("POST", "/v1/webhooks"): {"officer"},
    ("GET", "/v1/webhooks"): {"officer"},
    ("DELETE", "/v1/webhooks/{webhook_id}"): {"officer"},
    ("GET", "/v1/datasets/{dataset_id}/copies"): set(),
    ("GET", "/v1/copies/{copy_id}/content"): set(),
    ("GET", "/v1/datasets/{dataset_id}/tasks"): {"officer"},
    ("POST", "/v1/datasets/{dataset_id}/tasks/claim"): set(),
    ("GET", "/v1/tasks/{task_id}"): set(),
    ("POST", "/v1/tasks/{task_id}/renew"): set(),
    ("POST", "/v1/tasks/{task_id}/release"): set(),
    ("PUT", "/v1/tasks/{task_id}/labels"): set(),
    ("PUT", "/v1/datasets/{dataset_id}/categories"): {"officer"},
    ("GET", "/v1/datasets/{dataset_id}/labels"): {"officer"},
    ("GET", "/v1/audit/export"): {"officer", "auditor"},
    ("GET", "/v1/audit/verification"): {"officer", "auditor"},
    ("GET", "/v1/assets/{asset_id}/reviews"): {"officer", "auditor"},
    # These reviews are the stranger reviewer's at the moment.
    ("GET", "/v1/reviews"): {"reviewer"},
    ("POST", "/v1/reviews/{review_id}/claim"): {"reviewer"},
    ("GET", "/v1/reviews/{review_id}"): {"reviewer"},
    ("GET", "/v1/reviews/{review_id}/image"): {"reviewer"},
    ("POST", "/v1/reviews/{review_id}/decision"): {"reviewer"},
    ("POST", "/v1/reviews/{review_id}/release"): {"reviewer"},
}

PUBLIC = {("GET", "/v1/audit/key"), ("GET", "/v1/audit/prover-key"), ("OPTIONS", "/v1/uploads")}
"""Public keys: whoever verifies needs them, nobody can do harm with them. And the version of tus."""


def test_every_route_is_in_the_table_of_what_roles_may(house: House) -> None:
    paths = house.installation.client().get("/openapi.json").json()["paths"]
    routes = {(verb.upper(), path) for path, verbs in paths.items() for verb in verbs}
    assert routes == set(ALLOWED) | PUBLIC


@pytest.mark.parametrize("route", sorted(ALLOWED), ids=" ".join)
def test_each_role_may_what_the_table_says_and_nothing_else(
    house: House, route: tuple[str, str], strangers: dict[str, Person], things: dict[str, str]
) -> None:
    entered = len(house.installation.entries())
    statuses = {role: _ask(route, strangers[role], things, role).status_code for role in ROLES}
    allowed = {role for role, status in statuses.items() if status < 300}
    assert allowed == ALLOWED[route], statuses
    assert {status for role, status in statuses.items() if role not in allowed} <= {403}, statuses
    denials = [e for e in house.installation.entries()[entered:] if e["action"] == "access.denied"]
    assert [e["details"]["role"] for e in denials] == [role for role in ROLES if role not in allowed]


@pytest.mark.parametrize("route", sorted(ALLOWED), ids=" ".join)
def test_no_route_answers_without_a_token(
    house: House, route: tuple[str, str], things: dict[str, str]
) -> None:
    nobody = Person("", "", "", "nobody", house.installation.client())
    assert _ask(route, nobody, things, "nobody").status_code == 401


@pytest.fixture(scope="module")
def strangers(house: House) -> dict[str, Person]:
    """One person a role; none has a grant."""
    return {role: house.installation.enrol(role) for role in ROLES}


@pytest.fixture(scope="module")
def things(house: House, copy: str, strangers: dict[str, Person]) -> dict[str, str]:
    """What the routes' ids stand for. The asset is the stranger uploader's, the grant nobody else's."""
    asset = upload(strangers["uploader"], house.dataset, plate_png())
    assert settled(strangers["uploader"], asset)["state"] == "released"
    person = house.installation.enrol("annotator")
    grant = give_grant(house.officer, person, house.dataset)
    looked_at = looked_at_dataset(house.installation, house.officer)
    waiting = [waiting_asset(house.uploader, looked_at, plate_png()) for _ in range(2)]
    [review], [to_decide] = (reviews_of(house.installation, each) for each in waiting)
    reviews = {"review_id": review, "review_to_decide": to_decide}
    categories = {"categories": [{"id": 1, "name": "car"}]}
    house.officer.http.put(f"/v1/datasets/{house.dataset}/categories", json=categories)
    task = person.http.post(f"/v1/datasets/{house.dataset}/tasks/claim").json()["id"]
    ids = {"asset_id": asset, "copy_id": copy, "grant_id": grant, "task_id": task}
    ids |= {**reviews, **_held(house), **_policies(house), **_rollbacks(house, strangers["officer"])}
    batch = strangers["uploader"].http.post("/v1/batches", json={"dataset": house.dataset})
    begun, ended = (create(strangers["uploader"], house.dataset, 9).rpartition("/")[2] for _ in range(2))
    webhook = house.officer.http.post("/v1/webhooks", json={"url": "https://hooks.example.org/"})
    ids |= {"batch_id": batch.json()["id"], "webhook_id": webhook.json()["id"]}
    ids |= {"upload_id": begun, "ended_upload_id": ended}
    ids["proof_id"] = proof_of(house.officer, asset)["id"]
    return {"dataset_id": house.dataset, "person_id": person.id, **ids}


def _held(house: House) -> dict[str, str]:
    """A quarantined image for each role, and for nobody."""
    assets = {
        f"held_for_{role}": upload(house.uploader, house.dataset, f"no image for {role}".encode())
        for role in (*ROLES, "nobody")
    }
    for asset in assets.values():
        assert settled(house.uploader, asset)["state"] == "quarantined"
    return assets


def _policies(house: House) -> dict[str, str]:
    """A policy of the shared officer's for each thing that can be done to one, and a preview."""
    officer = house.officer
    ids = {f"policy_to_{verb}": proposed(officer, verb) for verb in ("submit", "approve", "reject", "retire")}
    for verb in ("approve", "reject"):
        officer.http.post(f"/v1/policies/{ids[f'policy_to_{verb}']}/submit").raise_for_status()
    asked = officer.http.post("/v1/policies/cctv/previews", json={"dataset": house.dataset, "last": 1})
    officer.http.post(f"/v1/datasets/{house.dataset}/rederive").raise_for_status()
    return {**ids, "policy_id": ids["policy_to_submit"], "preview_id": asked.json()["id"]}


def _rollbacks(house: House, stranger: Person) -> dict[str, str]:
    """A dataset that can go back, and a request of the right officer's for each thing that is done to one."""
    asking = {"approve": house.officer, "refuse": house.officer, "withdraw": stranger}
    ids = {"dataset_to_ask": moved_on(house.officer, "to ask")}
    for verb, officer in asking.items():
        dataset = moved_on(house.officer, f"to {verb}")
        asked = officer.http.post(f"/v1/datasets/{dataset}/rollbacks", json=BACK)
        ids[f"rollback_to_{verb}"] = str(asked.raise_for_status().json()["id"])
    return {**ids, "rollback_id": ids["rollback_to_approve"]}


BACK = {"policy": "street", "reason": "for-a-test"}


def moved_on(officer: Person, name: str) -> str:
    """The id of a dataset without images that was under `street` and is not any more."""
    dataset = create_dataset(officer, f"{name} a roll back")
    officer.http.put(f"/v1/datasets/{dataset}/policy", json={"policy": "cctv"}).raise_for_status()
    return dataset


def proposed(officer: Person, name: str) -> str:
    """The id of a new draft that nobody wrote before."""
    text = f"{{name: for-{name}, rules: [{{kind: face, method: fill, detectors: [centerface]}}]}}"
    response = officer.http.post("/v1/policies", content=text, headers={"Content-Type": "text/yaml"})
    return str(response.raise_for_status().json()["id"])


def _ask(  # noqa: C901  (a form for each kind of route)
    route: tuple[str, str], person: Person, things: dict[str, str], role: str
) -> httpx.Response:
    """A well-formed request, so that a refusal is about who asks."""
    verb, path = route
    things = things | ({"asset_id": things[f"held_for_{role}"]} if path.endswith("/requeue") else {})
    extra: dict[str, Any] = {}
    if path.endswith("/decision"):  # it ends the review, so it has one of its own
        things = {**things, "review_id": things["review_to_decide"]}
        extra = {"json": {"verdict": "quarantine"}}
    if "{review_id}" in path and role == "reviewer":
        person.http.post(f"/v1/reviews/{things['review_id']}/claim").raise_for_status()
    if path.startswith("/v1/policies") or path.endswith("/policy"):
        verb_of = path.rpartition("/")[2]
        things = {**things, "policy_id": things.get(f"policy_to_{verb_of}", things["policy_id"])}
        extra = _of_policies(route, things, role)
    elif "rollbacks" in path:
        verb_of = path.rpartition("/")[2]
        things = {**things, "rollback_id": things.get(f"rollback_to_{verb_of}", things["rollback_id"])}
        if route == ("POST", "/v1/datasets/{dataset_id}/rollbacks"):
            things, extra = {**things, "dataset_id": things["dataset_to_ask"]}, {"json": BACK}
        elif verb_of == "approve":
            extra = {"json": {}}
    elif route == ("POST", "/v1/datasets"):
        extra = {"json": {"name": f"by {role} at {datetime.now(UTC).isoformat()}", "policy": "street"}}
    elif route == ("POST", "/v1/grants"):
        until = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
        grant = {"dataset": things["dataset_id"], "purpose": "label-cars", "until": until}
        extra = {"json": {"person": things["person_id"], **grant}}
    elif route == ("PUT", "/v1/datasets/{dataset_id}/categories"):
        extra = {"json": {"categories": [{"id": 1, "name": "car"}]}}
    elif route == ("PUT", "/v1/tasks/{task_id}/labels"):
        extra = {"json": {"annotations": []}}
    elif route == ("POST", "/v1/batches"):
        extra = {"json": {"dataset": things["dataset_id"]}}
    elif route == ("POST", "/v1/datasets/{dataset_id}/proofs"):
        extra = {"json": {"sample": 1}}
    elif route == ("POST", "/v1/batches/{batch_id}/close"):
        extra = {"json": {}}
    elif route == ("POST", "/v1/webhooks"):
        extra = {"json": {"url": "https://hooks.example.org/"}}
    elif path.startswith("/v1/uploads"):
        if verb == "DELETE" and role == "uploader":  # another one: the table goes on to ask for the first
            path = "/v1/uploads/{ended_upload_id}"
        extra = {
            "params": {"dataset": things["dataset_id"]},
            "headers": {**BODY, "Upload-Length": "9", "Upload-Offset": "0"},
        }
    elif route == ("GET", "/v1/assets"):
        extra = {"params": {"dataset": things["dataset_id"]}}
    elif route == ("POST", "/v1/assets"):
        extra = {"params": {"dataset": things["dataset_id"]}, "content": b"an upload"}
    answer = person.http.request(verb, path.format(**things), **extra)
    if verb == "POST" and path.endswith("/proofs") and answer.is_success:
        # Or its entries would come in the middle of another test.
        for proof in answer.json().get("proofs", [answer.json()]):
            finished_proof(person, proof["id"])
    return answer


def _of_policies(route: tuple[str, str], things: dict[str, str], role: str) -> dict[str, Any]:
    match route:
        case ("POST", "/v1/policies"):
            rule = "{kind: face, method: fill, detectors: [centerface]}"
            return {
                "content": f"{{name: by-{role}, rules: [{rule}]}}",
                "headers": {"Content-Type": "text/yaml"},
            }
        case ("GET", "/v1/policies/{policy_id}/diff"):
            return {"params": {"against": "street"}}
        case ("POST", "/v1/policies/{policy_id}/reject"):
            return {"json": {"reason": "for-a-test"}}
        case ("POST", "/v1/policies/{policy_id}/previews"):
            return {"json": {"dataset": things["dataset_id"], "last": 1}}
        case ("PUT", "/v1/datasets/{dataset_id}/policy"):
            return {"json": {"policy": "street"}}
        case _:
            return {}
