"""A policy's way: written, mended, approved by somebody else, tried on real images, applied, and the copies
that were made before it made anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from gateway.client import Client, rollbacks
from gateway.errors import AccessDenied
from policies.model import Kind, Region
from policies.policy import load_policy
from tests.journeys.conftest import House
from tests.support.gateway import Person, content_of, create_dataset, give_grant, settled, upload
from tests.support.pictures import FACE, jpeg, part, pixels_of, plate_png
from tests.support.processes import wait_until

FAULTY = """\
name: Gate
rules:
  - kind: face
    method: blurr
    detectors: [centerface, clp]
  - kind: text
    method: fill
    detectors: [nosuch]
"""

STREET = {rule.kind: rule for rule in load_policy("street").rules}
FACES, PLATES = STREET[Kind.FACE], STREET[Kind.LICENSE_PLATE]

STRICT = f"""\
name: gate
title: Everything that names somebody, filled
rules:
  - kind: face
    method: fill
    detectors: [centerface]
    second_opinion: [mediapipe]
    review: {FACES.review}
    grow: {FACES.grow}
    serves: GDPR Art. 5(1)(c)
  - kind: license_plate
    method: fill
    detectors: [clp, ppocr-plates]
    grow: 0.4
    serves: GDPR Art. 4(1)
"""

LAX = f"""\
name: plates-only
effort: fast
rules:
  - kind: license_plate
    method: blur
    detectors: [clp, ppocr-plates]
    grow: {PLATES.grow}
    review: {PLATES.review}
"""


@dataclass
class Team:
    """Two officers, an uploader, an annotator with a grant, and their dataset with one photo, released."""

    author: Person
    second: Person
    uploader: Person
    annotator: Person
    dataset: str
    asset: str


def post_policy(officer: Person, text: str) -> httpx.Response:
    return officer.http.post("/v1/policies", content=text.encode(), headers={"Content-Type": "text/yaml"})


def policy_id(officer: Person, text: str) -> str:
    response = post_policy(officer, text)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def post(officer: Person, path: str, **json: Any) -> httpx.Response:
    return officer.http.post(f"/v1/{path}", json=json) if json else officer.http.post(f"/v1/{path}")


def approved(author: Person, second: Person, text: str) -> str:
    policy = policy_id(author, text)
    assert post(author, f"policies/{policy}/submit").json()["state"] == "submitted"
    response = post(second, f"policies/{policy}/approve")
    assert response.status_code == 200, response.text
    assert response.json()["state"] == "approved"
    return policy


def previewed(officer: Person, policy: str, dataset: str, last: int = 5) -> dict[str, Any]:
    asked = post(officer, f"policies/{policy}/previews", dataset=dataset, last=last)
    assert asked.status_code == 202, asked.text

    def look() -> dict[str, Any] | None:
        answer: dict[str, Any] = officer.http.get(asked.headers["location"]).json()
        return answer if answer["state"] in ("finished", "failed") else None

    found = wait_until(look, "the preview", every=0.1)
    assert found["state"] == "finished", found
    return found


def put_policy(officer: Person, dataset: str, policy: str, **more: Any) -> httpx.Response:
    return officer.http.put(f"/v1/datasets/{dataset}/policy", json={"policy": policy, **more})


def rederived(officer: Person, dataset: str) -> dict[str, Any]:
    begun = post(officer, f"datasets/{dataset}/rederive")
    assert begun.status_code == 202, begun.text

    def look() -> dict[str, Any] | None:
        answer: dict[str, Any] = officer.http.get(f"/v1/datasets/{dataset}/rederivation").json()
        return answer if answer["state"] != "running" else None

    return wait_until(look, "the re-derivation", every=0.1)


def copies_of(annotator: Person, dataset: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = annotator.http.get(f"/v1/datasets/{dataset}/copies").json()["copies"]
    return listed


@pytest.fixture
def team(house: House, astronaut: Image.Image, request: pytest.FixtureRequest) -> Team:
    author, second = house.officer, house.installation.enrol("officer")
    dataset = create_dataset(author, f"policies, {request.node.name}")
    annotator = house.installation.enrol("annotator")
    give_grant(author, annotator, dataset)
    asset = upload(house.uploader, dataset, jpeg(astronaut))
    assert settled(house.uploader, asset)["state"] == "released"
    return Team(author, second, house.uploader, annotator, dataset, asset)


def test_faults_are_told_by_line_and_nothing_is_kept(house: House) -> None:
    before = house.installation.rows("SELECT count(*) AS n FROM policy_proposal")[0].n
    response = post_policy(house.officer, FAULTY)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    faults = {fault["line"]: fault["message"] for fault in response.json()["faults"]}
    assert set(faults) == {1, 4, 5, 8}
    assert "write one of 'fill', 'blur' or 'mosaic'" in faults[4]
    assert "clp never finds a face; write some of centerface, mediapipe" in faults[5]
    assert "there is no detector nosuch; write some of centerface, clp, mediapipe, ppocr" in faults[8]
    assert house.installation.rows("SELECT count(*) AS n FROM policy_proposal")[0].n == before


def test_from_a_draft_to_a_new_copy_of_every_image(house: House, team: Team) -> None:
    """The whole way with a stricter policy: the old copy is gone the moment the policy is applied."""
    installation, old_copy = house.installation, settled(team.uploader, team.asset)["copy_id"]
    entered = len(installation.entries())
    policy = policy_id(team.author, STRICT)

    # Not before it was submitted, and not by its author.
    assert post(team.second, f"policies/{policy}/approve").status_code == 409
    assert post(team.author, f"policies/{policy}/submit").status_code == 200
    own = post(team.author, f"policies/{policy}/approve")
    assert own.status_code == 403
    assert own.json()["code"] == "policy.own"
    assert put_policy(team.author, team.dataset, policy).status_code == 409  # not approved yet
    decided = post(team.second, f"policies/{policy}/approve").json()
    assert (decided["author"], decided["decided_by"]) == (team.author.id, team.second.id)

    # Tried on the dataset's images before it takes effect, by a worker, in memory.
    assert put_policy(team.author, team.dataset, policy).status_code == 409
    preview = previewed(team.author, policy, team.dataset)
    assert preview["counts"]["images"] == 1
    assert preview["counts"]["harder"] == {"face": 1}  # filled where it was blurred
    assert preview["counts"]["newly_shown"] == {}
    assert (preview["share_released_before"], preview["share_released_after"]) == (1.0, 1.0)
    assert [one["asset"] for one in preview["assets"]] == [team.asset]
    x0, y0, x1, y1 = FACE
    region = preview["assets"][0]["harder"][0]["region"]
    assert Region.parse(region).contains(Region(x0 + 24, y0 + 24, x1 - 24, y1 - 24))

    # Applied: stricter, so what was delivered before is not any more, at once.
    assert content_of(team.annotator, old_copy).status_code == 200
    applied = put_policy(team.author, team.dataset, policy).json()
    assert (applied["stricter"], applied["withdrawn"], applied["stale"]) == (True, 1, 1)
    gone = content_of(team.annotator, old_copy)
    assert (gone.status_code, gone.json()["type"]) == (410, "urn:privgate:problem:withdrawn")
    assert copies_of(team.annotator, team.dataset) == []

    # Made anew.
    done = rederived(team.author, team.dataset)
    assert (done["state"], done["outcomes"]) == ("finished", {"released": 1})
    (new_copy,) = copies_of(team.annotator, team.dataset)
    assert (new_copy["revision"], new_copy["policy_version"]) == (2, decided["version"])
    face = part(pixels_of(content_of(team.annotator, new_copy["id"]).content), FACE)
    assert np.ptp(face[24:-24, 24:-24], axis=(0, 1)).max() <= 8  # one colour, but for the codec
    assert content_of(team.annotator, old_copy).status_code == 410
    assert settled(team.uploader, team.asset)["copy_id"] == new_copy["id"]

    # Every step is on the log, by who did it.
    new = installation.entries()[entered:]
    steps = [
        (e["action"], e["actor"]) for e in new if e["action"].startswith(("policy", "dataset", "access"))
    ]
    worker = next(e["actor"] for e in new if e["action"] == "policy.preview_opened")
    assert steps == [
        ("policy.created", team.author.id),
        ("policy.submitted", team.author.id),
        ("access.denied", team.author.id),
        ("policy.approved", team.second.id),
        ("policy.preview_asked", team.author.id),
        ("policy.preview_opened", worker),
        ("policy.preview_finished", worker),
        ("dataset.policy_applied", team.author.id),
        ("dataset.rederivation_begun", team.author.id),
        ("dataset.rederivation_finished", worker),
    ]
    opened = next(e for e in new if e["action"] == "policy.preview_opened")
    assert opened["details"]["asked_by"] == team.author.id
    assert (opened["details"]["images"], opened["details"]["version"]) == (1, decided["version"])
    put = next(e for e in new if e["action"] == "dataset.policy_applied")["details"]
    assert (put["old"], put["new"]) == (applied["old_version"], decided["version"])


def test_a_laxer_policy_shows_what_it_shows_and_the_old_copy_stays_until_the_new_one(
    house: House, team: Team
) -> None:
    old_copy = settled(team.uploader, team.asset)["copy_id"]
    plate = upload(team.uploader, team.dataset, plate_png())
    assert settled(team.uploader, plate)["state"] == "released"
    policy = approved(team.author, team.second, LAX)

    diff = team.second.http.get(f"/v1/policies/{policy}/diff", params={"against": "street"}).json()
    assert (diff["stricter"], diff["laxer"]) == (False, True)
    assert "faces: no longer looked for; they are shown" in [c["words"] for c in diff["changes"]]

    preview = previewed(team.second, policy, team.dataset)
    assert preview["counts"]["newly_shown"] == {"face": 1}
    assert preview["counts"]["newly_hidden"] == {}
    changed = {one["asset"]: bool(one["newly_shown"]) for one in preview["assets"]}
    assert changed == {team.asset: True, plate: False}

    applied = put_policy(team.second, team.dataset, policy).json()
    assert (applied["stricter"], applied["withdrawn"], applied["stale"]) == (False, 0, 2)
    assert content_of(team.annotator, old_copy).status_code == 200

    assert rederived(team.second, team.dataset)["outcomes"] == {"released": 2}
    assert content_of(team.annotator, old_copy).status_code == 410
    assert {copy["revision"] for copy in copies_of(team.annotator, team.dataset)} == {2}
    # Nothing is left to do: a second time changes nothing.
    again = rederived(team.second, team.dataset)
    assert (again["state"], again["assets"]) == ("finished", 0)
    face = next(c for c in copies_of(team.annotator, team.dataset) if c["asset"] == team.asset)
    shown = part(pixels_of(content_of(team.annotator, face["id"]).content), FACE)
    assert shown.std() > 30


def test_an_officer_may_withdraw_what_hides_enough_too(house: House, team: Team) -> None:
    policy = approved(team.author, team.second, LAX.replace("plates-only", "plates-alone"))
    old_copy = settled(team.uploader, team.asset)["copy_id"]
    previewed(team.author, policy, team.dataset)
    assert put_policy(team.author, team.dataset, policy, withdraw=True).json()["withdrawn"] == 1
    assert content_of(team.annotator, old_copy).status_code == 410


def test_what_was_rejected_or_retired_is_never_applied(house: House, team: Team) -> None:
    policy = policy_id(team.author, STRICT.replace("name: gate", "name: gates"))
    post(team.author, f"policies/{policy}/submit")
    assert post(team.author, f"policies/{policy}/reject", reason="changed-my-mind").status_code == 403
    rejected = post(team.second, f"policies/{policy}/reject", reason="margin-too-wide").json()
    assert (rejected["state"], rejected["reason"]) == ("rejected", "margin-too-wide")
    assert post(team.second, f"policies/{policy}/approve").status_code == 409
    assert put_policy(team.author, team.dataset, policy).status_code == 409

    again = approved(team.author, team.second, STRICT.replace("name: gate", "name: gates"))
    response = team.author.http.post("/v1/datasets", json={"name": f"under {again}", "policy": again})
    assert response.status_code == 201
    assert team.author.http.get(f"/v1/policies/{again}").json()["state"] == "effective"
    assert post(team.author, f"policies/{again}/retire").status_code == 409  # a dataset is under it
    assert put_policy(team.author, response.json()["id"], "street").status_code == 200
    assert post(team.author, f"policies/{again}/retire").json()["state"] == "retired"
    assert put_policy(team.author, team.dataset, again).status_code == 409


def test_the_command_tells_the_same_and_shows_no_image(house: House, team: Team) -> None:
    file = house.installation.root / "lax.yaml"
    file.write_text(LAX)
    page = house.installation.root / "preview.html"
    copies = house.installation.rows("SELECT count(*) AS n FROM copy")[0].n
    options = ("--dataset", team.dataset, "--policy", str(file), "--html", str(page))
    told = house.installation.privgate("policy", "preview", *options).stdout
    assert f"{team.asset}: newly shown 1 face" in told
    assert "released without a person: 100% before, 100% after" in told
    assert team.asset in page.read_text()
    assert "<img" not in page.read_text()
    assert "data:" not in page.read_text()
    assert house.installation.rows("SELECT count(*) AS n FROM copy")[0].n == copies
    opened = house.installation.entries("policy.preview_opened")[-1]
    assert (opened["actor"], opened["subject"], opened["details"]["images"]) == (
        "operator-console",
        team.dataset,
        1,
    )


def test_going_back_takes_two_officers_over_the_api_too(house: House) -> None:
    first, second = house.officer, house.installation.enrol("officer")
    dataset = create_dataset(first, "going back")
    assert put_policy(first, dataset, "cctv").status_code == 200
    assert put_policy(first, dataset, "street").status_code == 409  # alone, nobody goes back
    url, entered = house.installation.url, len(house.installation.entries())
    with Client(url, first.token) as asking, Client(url, second.token) as deciding:
        for answer, state in ((rollbacks.refuse, "refused"), (rollbacks.withdraw, "withdrawn")):
            asked = asking.do(rollbacks.ask(dataset, policy="street", reason="hides-too-much"))
            who = deciding if answer is rollbacks.refuse else asking
            assert who.do(answer(asked.id)).state == state
        asked = asking.do(rollbacks.ask(dataset, policy="street", reason="hides-too-much"))
        with pytest.raises(AccessDenied):
            asking.do(rollbacks.approve(asked.id))
        applied = deciding.do(rollbacks.approve(asked.id))
        assert (applied.policy, applied.old_version) == ("street", asked.leaves)
        listed = asking.do(rollbacks.of_dataset(dataset))
        assert [one.state for one in listed] == ["done", "withdrawn", "refused"]
        assert asking.do(rollbacks.read(asked.id)) == listed[0]
        assert (listed[0].asked_by, listed[0].decided_by) == (first.id, second.id)
    steps = [(entry["action"], entry["actor"]) for entry in house.installation.entries()[entered:]]
    assert steps == [
        ("rollback.asked", first.id),
        ("rollback.refused", second.id),
        ("rollback.asked", first.id),
        ("rollback.withdrawn", first.id),
        ("rollback.asked", first.id),
        ("access.denied", first.id),
        ("rollback.approved", second.id),
        ("dataset.policy_applied", second.id),
    ]
