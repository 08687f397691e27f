"""The workforce's pages: who may open them, and that each act does what its button says, without a script."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from gateway.services.datasets import Datasets
from gateway.store.ledger import utc_now
from gateway.store.queries import grants
from gateway.web.console.workforce import router
from policies.access import Principal, Role
from tests.gateway.store.rows import entries
from tests.gateway.web.console.conftest import House
from tests.support.console import PASSWORD, Browser


@pytest.fixture
def dataset(house: House, request: pytest.FixtureRequest) -> str:
    """A dataset of this test's own."""
    governor = Principal(house.account(Role.OFFICER)[0], Role.OFFICER)
    made = Datasets(house.database, utc_now).create(governor, name=request.node.name, policy="street")
    return made.id


def live(house: House, person: str, dataset: str) -> bool:
    with house.database.reading() as session:
        grant = grants.best_for(session, person_id=person, dataset_id=dataset)
    return grant is not None and grant.revoked_at is None and grant.until > utc_now()


def actions(house: House, subject: str) -> list[str]:
    return [entry.action for entry in entries(house.database) if entry.subject == subject]


def until(days: int = 10) -> str:
    return (utc_now() + timedelta(days=days)).date().isoformat()


def where(browser: Browser, path: str, form: dict[str, str]) -> str:
    """Where the form's answer leads, once it is done."""
    answer = browser.act(path, form)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OFFICER])
def test_to_other_roles_the_pages_are_not_there(house: House, role: Role) -> None:
    _, browser = house.signed_in(role)
    for path in ("", "/groups", "/grants", "/datasets", "/people/person-0"):
        assert browser.get(f"{router.prefix}{path}").status_code == 404
    assert browser.act("/workforce/invitations", {"role": "officer", "name": "x"}).status_code == 404


def test_a_link_is_shown_once_and_makes_the_account(house: House) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    page = officer.act("/workforce/invitations", {"role": "annotator", "name": "Nell Harlow"})
    link = re.search(r"http://127\.0\.0\.1:8080(/invitation/[\w-]+)", page.text)
    assert link is not None
    assert "Invited" in officer.get("/workforce").text
    assert link[1] not in officer.get("/workforce").text
    nell = Browser(house.app)
    assert nell.post(link[1], {"login": "n.harlow", "password": PASSWORD}).status_code == 303
    assert "Nell Harlow" in nell.get("/account").text
    invited = [entry for entry in entries(house.database) if entry.action == "account.invited"][-1]
    assert invited.details["role"] == "annotator"


def test_an_unnamed_invitation_is_told_beside_the_field(house: House) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    answer = officer.act("/workforce/invitations", {"role": "annotator", "name": "  "})
    assert answer.status_code == 422
    assert "this has 0" in answer.text


def test_one_click_suspends_and_one_brings_back(house: House) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    person, annotator = house.signed_in(Role.ANNOTATOR)
    home = f"/workforce/people/{person}"
    assert "Suspend" in officer.get(home).text
    assert where(officer, f"{home}/suspend", {}) == f"{home}?done=suspended"
    assert annotator.get("/account").status_code == 403
    assert "Suspended" in officer.get("/workforce?show=suspended").text
    assert officer.act(f"{home}/suspend").status_code == 409
    assert where(officer, f"{home}/restore", {}) == f"{home}?done=restored"
    assert annotator.get("/account").status_code == 303  # the session ended with the suspension
    assert officer.act(f"{home}/restore").status_code == 409
    assert actions(house, person)[-3:] == ["person.suspended", "access.denied", "person.restored"]


def test_with_htmx_the_row_alone_comes_back(house: House) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    person, _ = house.account(Role.ANNOTATOR)
    path = f"/workforce/people/{person}/suspend"
    row = officer.post(path, HX_Request="true", X_Privgate_Token=officer.token())
    assert row.text.strip().startswith("<tr>")
    assert "Bring back" in row.text


def test_nobody_suspends_themselves(house: House) -> None:
    person, officer = house.signed_in(Role.OFFICER)
    assert "Suspend<" not in officer.get(f"/workforce/people/{person}").text
    answer = officer.act(f"/workforce/people/{person}/suspend")
    assert answer.status_code == 409
    assert officer.get("/workforce").status_code == 200


def test_a_grant_is_given_extended_and_taken_back(house: House, dataset: str) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    person, login = house.account(Role.ANNOTATOR)
    form = {"dataset": dataset, "who": login.upper(), "purpose": "label-cars", "until": until()}
    assert where(officer, "/workforce/grants", form).endswith("done=given")
    assert live(house, person, dataset)
    page = officer.get(f"/workforce/grants?dataset={dataset}").text
    grant = re.search(r"/workforce/grants/(grant-\w+)/extend", page)
    assert grant is not None
    extend = {"until": until(20), "back": f"/workforce/people/{person}"}
    assert where(officer, grant[0], extend) == f"/workforce/people/{person}?done=extended"
    outside = {"back": "//other.example"}
    assert where(officer, f"/workforce/grants/{grant[1]}/revoke", outside).startswith("/workforce/grants?")
    assert not live(house, person, dataset)
    assert actions(house, grant[1]) == ["grant.created", "grant.extended", "grant.revoked"]
    assert grant[1] not in officer.get(f"/workforce/grants?dataset={dataset}").text
    assert "Taken back" in officer.get(f"/workforce/grants?dataset={dataset}&show=all").text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("who", "nobody-known", "Nobody here is known by this"),
        ("purpose", "Two Words", "short code"),
        ("until", "soon", "The last day is a date"),
        ("until", "2020-01-01", "end before it begins"),
        ("until", "2199-01-01", "90 days at most"),
        ("dataset", "dataset-0", "does not exist"),
    ],
)
def test_what_a_grant_lacks_is_told_and_what_was_written_is_kept(
    house: House, dataset: str, field: str, value: str, words: str
) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    _, login = house.account(Role.ANNOTATOR)
    form = {"dataset": dataset, "who": login, "purpose": "label-cars", "until": until(), field: value}
    answer = officer.act("/workforce/grants", form)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{form["who"]}"' in answer.text


def test_what_a_group_has_follows_who_is_in_it(house: House, dataset: str) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    early, early_login = house.account(Role.ANNOTATOR)
    late, late_login = house.account(Role.ANNOTATOR)
    group = where(officer, "/workforce/groups", {"name": f"Group of {dataset}"}).partition("?")[0]
    assert officer.act("/workforce/groups", {"name": f"Group of {dataset}"}).status_code == 422
    where(officer, f"{group}/members", {"person": early_login})
    form = {
        "dataset": dataset,
        "group": group.rpartition("/")[2],
        "purpose": "label-cars",
        "until": until(),
    }
    where(officer, "/workforce/grants", form)
    assert live(house, early, dataset)
    where(officer, f"{group}/members", {"person": late_login})
    assert live(house, late, dataset)
    assert officer.act(f"{group}/members", {"person": late_login}).status_code == 422
    where(officer, f"{group}/members/{early}/leave", {})
    assert not live(house, early, dataset)
    grant = re.search(r"/workforce/group-grants/(\w+-\w+)/revoke", officer.get(group).text)
    assert grant is not None
    where(officer, grant[0].replace("revoke", "extend"), {"until": until(30)})
    where(officer, grant[0], {})
    assert not live(house, late, dataset)
    assert actions(house, group.rpartition("/")[2]) == [
        "group.created",
        "group.joined",
        "group.joined",
        "group.left",
    ]
    assert actions(house, grant[1]) == [
        "group.granted",
        "group.grant_extended",
        "group.grant_revoked",
    ]


def test_a_dataset_is_made_and_shows_its_policy(house: House) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    form = {"name": "Harlow Lane", "policy": "clinical"}
    assert where(officer, "/workforce/datasets", form).endswith("done=dataset")
    page = officer.get("/workforce/datasets").text
    assert "Harlow Lane" in page
    again = officer.act("/workforce/datasets", form)
    assert again.status_code == 422
    assert "choose another name" in again.text


def test_long_lists_are_read_page_by_page_in_both_directions(house: House) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    for number in range(60):
        officer_id = f"person-page{number:03}"
        with house.database.unit() as unit:
            from gateway.store.queries import people

            people.add_person(unit.session, person_id=officer_id, role=Role.AUDITOR, name=None, now=utc_now())
    first = officer.get("/workforce?show=auditor").text
    older = re.search(r'href="(/workforce\?show=auditor&amp;before=[^"]+)"', first)
    assert older is not None
    assert "person-page059" in first
    assert "person-page000" not in first
    second = officer.get(older[1].replace("&amp;", "&")).text
    assert "person-page000" in second
    newer = re.search(r'href="(/workforce\?show=auditor&amp;after=[^"]+)"', second)
    assert newer is not None
    assert "person-page059" in officer.get(newer[1].replace("&amp;", "&")).text
    assert officer.get("/workforce?before=nonsense").status_code == 422


def test_a_role_is_changed_and_the_person_begins_anew(house: House) -> None:
    me, officer = house.signed_in(Role.OFFICER)
    person, annotator = house.signed_in(Role.ANNOTATOR)
    page = officer.get(f"/workforce/people/{person}").text
    assert 'value="annotator"' not in page
    assert where(officer, f"/workforce/people/{person}/role", {"role": "reviewer"}).endswith("done=role")
    assert "Reviewer" in officer.get(f"/workforce/people/{person}").text
    assert annotator.get("/account").status_code == 303  # signed out
    assert actions(house, person)[-1] == "person.role_changed"
    assert "/role" not in officer.get(f"/workforce/people/{me}").text
    assert officer.act(f"/workforce/people/{me}/role", {"role": "auditor"}).status_code == 409
    assert officer.act(f"/workforce/people/{person}/role", {"role": "king"}).status_code == 422


def test_a_name_is_erased_by_whoever_writes_it_once_more(house: House) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    person, login = house.account(Role.ANNOTATOR)
    path = f"/workforce/people/{person}"
    assert f'data-words="{login}"' in officer.get(path).text
    refused = officer.act(f"{path}/erase", {"typed": "somebody else"})
    assert refused.status_code == 422
    assert f"is not {login}. Nothing was erased." in refused.text
    assert where(officer, f"{path}/erase", {"typed": f" {login} "}).endswith("done=erased")
    page = officer.get(path).text
    assert login not in page
    assert f"{path}/erase" not in page
    assert actions(house, person)[-1] == "person.erased"
