"""Policies at the console, over HTTP: who sees what, what the editor answers, and whose act is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from gateway.services.one_person import vouch
from gateway.store.queries import datasets, policies
from policies.access import Principal, Role
from policies.policy import PRESETS, load_policy
from tests.gateway.store.rows import entries
from tests.gateway.web.console.conftest import House
from tests.support.console import PASSWORD, Browser

STREET = (PRESETS / "street.yaml").read_text("utf-8")


@dataclass(frozen=True)
class Officers:
    """Two of them, signed in once for all tests of this file, by id and browser."""

    first_id: str
    first: Browser
    second_id: str
    second: Browser


@pytest.fixture(scope="module")
def officers(shared_house: House) -> Officers:
    return Officers(*shared_house.signed_in(Role.OFFICER), *shared_house.signed_in(Role.OFFICER))


def own(name: str) -> str:
    """A policy of one's own: street, under another name."""
    return STREET.replace("name: street", f"name: {name}")


def saved(officer: Browser, text: str, *, of: str = "street") -> str:
    """The id of the draft."""
    answer = officer.act("/policies/new", {"from": of, "source": text})
    assert answer.status_code == 303, answer.text
    found = re.fullmatch(r"/policies/(policy-[0-9a-f]{24})\?done=saved", answer.headers["location"])
    assert found is not None
    return found[1]


def asked(officer: Browser, path: str, body: dict[str, Any]) -> httpx.Response:
    headers = {"Sec-Fetch-Site": "same-origin", "X-Privgate-Token": officer.token()}
    return officer.send("POST", path, headers=headers, json=body)


def edited(officer: Browser, place: str, value: object, source: str = STREET) -> dict[str, Any]:
    body = {"source": source, "base": "street", "place": place, "value": value}
    answer = asked(officer, "/policies/edit", body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_the_presets_stand_with_the_clause_that_each_rule_serves(officers: Officers) -> None:
    officer = officers.first
    assert all(f'href="/policies/{name}"' in officer.get("/policies").text for name in ("street", "strict"))
    page = officer.get("/policies/street").text
    for rule in load_policy("street").rules:
        assert rule.serves in page


def test_an_auditor_reads_and_acts_on_nothing(house: House, officers: Officers) -> None:
    officer = officers.first
    _, auditor = house.signed_in(Role.AUDITOR)
    policy = saved(officer, own("for-the-auditor"))
    page = auditor.get(f"/policies/{policy}")
    assert page.status_code == 200
    assert "<form" not in page.text.replace('<form class="push row" method="get"', "").replace(
        '<form class="find"', ""
    ).replace('<form method="post" action="/sign-out"', "")
    for path in ("/policies/new", f"/policies/{policy}/effect/dataset-{'0' * 24}"):
        assert auditor.get(path).status_code == 404
    assert auditor.act(f"/policies/{policy}/submit").status_code == 404


@pytest.mark.parametrize("role", [Role.UPLOADER, Role.REVIEWER, Role.ANNOTATOR, Role.OPERATOR])
def test_policies_are_absent_for_everybody_else(house: House, role: Role) -> None:
    _, somebody = house.signed_in(role)
    assert somebody.get("/policies").status_code == 404
    assert somebody.get("/policies/street").status_code == 404


def test_a_fault_names_the_line_and_the_field(officers: Officers) -> None:
    officer = officers.first
    told = asked(officer, "/policies/check", {"source": STREET.replace("grow: 0.15", "grow: 1.4")}).json()
    line = STREET.splitlines().index("    grow: 0.15") + 1
    assert told["faults"] == [
        {
            "line": line,
            "place": "rules.license_plate.grow",
            "message": "Plates, margin: is 1.4; write at most 1.0",
        }
    ]
    assert told["values"]["rules.license_plate.grow"] == "1.4"


def test_text_that_is_no_yaml_names_its_line_and_leaves_the_form_alone(officers: Officers) -> None:
    officer = officers.first
    told = asked(officer, "/policies/check", {"source": "name: gate\nrules: [\n"}).json()
    assert told["values"] is None
    assert [fault["line"] for fault in told["faults"]] == [3]
    assert edited(officer, "title", "Gate", "name: gate\nrules: [\n")["source"] == "name: gate\nrules: [\n"


def test_a_field_changes_its_characters_of_the_yaml_and_tells_what_it_does(officers: Officers) -> None:
    officer = officers.first
    told = edited(officer, "rules.face.grow", ".2")
    assert told["source"] == STREET.replace("grow: 0.08", "grow: 0.2")
    assert told["kept"] is True
    assert told["says"]["rules.face.grow"] == "A box of 100 pixels is hidden 140 pixels wide."
    assert [(one["sign"], one["edge"]) for one in told["changes"]] == [("+", "more")]


def test_a_kind_comes_and_goes_with_its_box(officers: Officers) -> None:
    officer = officers.first
    more = edited(officer, "rules.code", True)
    assert more["values"]["rules.code"] is True
    assert edited(officer, "rules.code", False, more["source"])["source"] == STREET


def test_what_is_faulty_is_not_saved_and_comes_back_as_it_was_typed(house: House, officers: Officers) -> None:
    officer = officers.first
    text = own("faulty").replace("hide: 0.5", "hide: 1.5")
    answer = officer.act("/policies/new", {"from": "street", "source": text})
    assert answer.status_code == 422
    assert "hide: 1.5" in answer.text
    assert "Line 10" in answer.text
    assert not [one for one in entries(house.database) if one.details.get("version") == "faulty"]


def test_a_saved_draft_takes_the_place_of_the_one_it_began_as(house: House, officers: Officers) -> None:
    officer = officers.first
    first = saved(officer, own("replaced"))
    second = saved(officer, own("replaced").replace("grow: 0.08", "grow: 0.1"), of=first)
    with house.database.reading() as session:
        assert policies.get(session, first).state == "retired"
        assert policies.get(session, second).state == "draft"


def test_its_author_sees_no_approve_button_and_is_refused_on_the_log(
    house: House, officers: Officers
) -> None:
    person, author = officers.first_id, officers.first
    second = officers.second
    policy = saved(author, own("own-work"))
    assert author.act(f"/policies/{policy}/submit").status_code == 303
    assert "/approve" not in author.get(f"/policies/{policy}").text
    assert author.act(f"/policies/{policy}/approve").status_code == 403
    denied = [one for one in entries(house.database) if one.action == "access.denied"][-1]
    assert (denied.actor, denied.details["reason"]) == (person, "policy.own")
    assert f"/policies/{policy}/approve" in second.get(f"/policies/{policy}").text
    assert second.act(f"/policies/{policy}/approve").status_code == 303
    with house.database.reading() as session:
        assert policies.get(session, policy).state == "approved"


def test_who_made_a_second_officer_of_themselves_reads_why_they_do_not_decide(
    house: House, officers: Officers
) -> None:
    author, other_self = officers.first, Browser(house.app)
    invitation = author.act("/workforce/invitations", {"role": "officer", "name": "Bo Tran"})
    link = re.search(r"(/invitation/[\w-]+)</code>", invitation.text)
    assert link is not None
    assert other_self.post(link[1], {"login": "b.tran", "password": PASSWORD}).status_code == 303
    policy = saved(author, own("alone"))
    author.act(f"/policies/{policy}/submit")
    page = other_self.get(f"/policies/{policy}").text
    assert "<code>privgate accounts vouch b.tran</code>" in page
    assert "/approve" not in page
    assert "<b>alone 1</b> waits for a second officer" in other_self.get("/policies").text
    refused = other_self.act(f"/policies/{policy}/approve")
    assert refused.status_code == 403
    assert "privgate accounts vouch" in refused.text
    dataset = house.app.state.services.datasets.create(
        first_principal(officers.first_id), name="harbour, alone", policy="street"
    ).id
    assert author.act(f"/policies/cctv/effect/{dataset}").status_code == 303
    author.act(f"/policies/datasets/{dataset}/rollbacks", {"policy": "street", "reason": "put-by-mistake"})
    back = other_self.get(at(dataset)).text
    assert "<code>privgate accounts vouch b.tran</code>" in back
    assert "/approve" not in back
    assert "harbour, alone</b> back to street: waits for a second officer" in other_self.get("/policies").text
    vouch(house.database, "b.tran")
    assert "/approve" in other_self.get(at(dataset)).text
    assert other_self.act(f"/policies/{policy}/approve").status_code == 303


def test_a_rejection_carries_its_reason_and_its_author_reads_it(officers: Officers) -> None:
    author = officers.first
    second = officers.second
    policy = saved(author, own("too-narrow"))
    author.act(f"/policies/{policy}/submit")
    assert second.act(f"/policies/{policy}/reject", {"reason": "No, thanks"}).status_code == 422
    assert second.act(f"/policies/{policy}/reject", {"reason": "margin-too-narrow"}).status_code == 303
    assert "The margin is too narrow" in author.get(f"/policies/{policy}").text


def test_what_waits_is_told_to_whom_it_waits_for(officers: Officers) -> None:
    author = officers.first
    second = officers.second
    policy = saved(author, own("waiting"))
    author.act(f"/policies/{policy}/submit")
    assert "<b>waiting 1</b> waits for you, as its author may not" in second.get("/policies").text
    assert "<b>waiting 1</b> waits for a second officer" in author.get("/policies").text


def test_going_back_takes_two_officers_and_the_way_is_on_the_log(house: House, officers: Officers) -> None:
    asking, first = officers.first_id, officers.first
    deciding, second = officers.second_id, officers.second
    dataset = house.app.state.services.datasets.create(
        first_principal(asking), name="harbour, over and back", policy="street"
    ).id
    assert first.act(f"/policies/cctv/effect/{dataset}").status_code == 303
    # It was under street: alone, nobody goes back to that.
    assert first.act(f"/policies/street/effect/{dataset}").status_code == 409
    form = {"policy": "street", "reason": "hides-too-much"}
    assert first.act(f"/policies/datasets/{dataset}/rollbacks", form).status_code == 303
    waits = re.search(r"/policies/rollbacks/(rollback-[0-9a-f]{24})/approve", second.get(at(dataset)).text)
    assert waits is not None
    assert "/approve" not in first.get(at(dataset)).text
    assert first.act(f"/policies/rollbacks/{waits[1]}/approve").status_code == 403
    assert second.act(f"/policies/rollbacks/{waits[1]}/approve").status_code == 303
    with house.database.reading() as session:
        assert datasets.get(session, dataset).policy_name == "street"
    applied = [one for one in entries(house.database) if one.action == "dataset.policy_applied"][-1]
    assert (applied.actor, applied.details["asked_by"]) == (deciding, asking)
    assert second.get(at(dataset)).text.count("roll back</span>") == 1


def test_a_roll_back_is_refused_or_taken_back_and_nothing_changes(house: House, officers: Officers) -> None:
    asking, first = officers.first_id, officers.first
    second = officers.second
    dataset = house.app.state.services.datasets.create(
        first_principal(asking), name="harbour, not back", policy="street"
    ).id
    first.act(f"/policies/cctv/effect/{dataset}")
    for who, word in ((second, "refuse"), (first, "withdraw")):
        first.act(f"/policies/datasets/{dataset}/rollbacks", {"policy": "street", "reason": "put-by-mistake"})
        found = re.search(rf"/policies/rollbacks/(rollback-[0-9a-f]+)/{word}", who.get(at(dataset)).text)
        assert found is not None
        assert who.act(f"/policies/rollbacks/{found[1]}/{word}").status_code == 303
        assert second.act(f"/policies/rollbacks/{found[1]}/approve").status_code == 409
    with house.database.reading() as session:
        assert datasets.get(session, dataset).policy_name == "cctv"


def first_principal(person: str) -> Principal:
    return Principal(person, Role.OFFICER)


def at(dataset: str) -> str:
    return f"/policies/datasets/{dataset}"
