"""What guards the console's pages: proof of origin, the page's token, headers, refusals people can read."""

from __future__ import annotations

from typing import Final

import pytest

from gateway.services.people import issue_token
from gateway.services.suspension import SUSPENDED
from gateway.store.ledger import utc_now
from gateway.store.queries import people
from policies.access import Role
from tests.gateway.store.rows import entries
from tests.gateway.web.asgi import ask
from tests.gateway.web.console.conftest import House
from tests.support.console import PASSWORD, Browser

FOREIGN: Final[tuple[dict[str, str], ...]] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://other.example"},
    {"Origin": "null"},
    {},  # neither header: no browser of today
)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_another_site_signs_nobody_in_or_out(house: House, headers: dict[str, str]) -> None:
    _, login = house.account(Role.OFFICER)
    stranger = Browser(house.app)
    form = {"login": login, "password": PASSWORD}
    assert stranger.send("POST", "/sign-in", headers=headers, data=form).status_code == 403
    assert stranger.cookies == {}
    stranger.sign_in(login)
    form = {"token": stranger.token()}
    assert stranger.send("POST", "/sign-out", headers=headers, data=form).status_code == 403
    assert stranger.get("/account").status_code == 200


def test_an_old_browser_proves_its_origin_by_the_older_header(house: House) -> None:
    _, browser = house.signed_in(Role.OFFICER)
    form = {"token": browser.token()}
    headers = {"Origin": "http://127.0.0.1:8080"}
    assert browser.send("POST", "/sign-out", headers=headers, data=form).status_code == 303


def test_an_act_needs_the_token_of_its_own_session(house: House) -> None:
    _, browser = house.signed_in(Role.OFFICER)
    _, other = house.signed_in(Role.OFFICER)
    for form in ({}, {"token": ""}, {"token": "x"}, {"token": other.token()}):
        answer = browser.post("/sign-out", form)
        assert answer.status_code == 403
        assert "Nothing was changed" in answer.text
    assert browser.get("/account").status_code == 200


def test_a_script_sends_the_token_as_a_header(house: House) -> None:
    _, browser = house.signed_in(Role.OFFICER)
    assert browser.post("/sign-out", X_Privgate_Token="x").status_code == 403
    assert browser.post("/sign-out", X_Privgate_Token=browser.token()).status_code == 303


def test_every_page_carries_the_headers_that_keep_it_here(house: House) -> None:
    _, browser = house.signed_in(Role.OFFICER)
    for answer in (browser.get("/account"), browser.get("/nowhere"), Browser(house.app).get("/sign-in")):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in answer.headers["permissions-policy"]


def test_the_api_is_not_touched_by_the_consoles_headers(house: House) -> None:
    assert "content-security-policy" not in ask(house.app, "GET", "/v1/datasets").headers


def test_files_of_pages_are_kept_and_asked_about(house: House) -> None:
    first = ask(house.app, "GET", "/static/css/console.css", headers={"Accept-Encoding": "gzip"})
    assert first.headers["cache-control"] == "no-cache"
    assert first.headers["content-encoding"] == "gzip"
    again = {"If-None-Match": first.headers["etag"]}
    assert ask(house.app, "GET", "/static/css/console.css", headers=again).status_code == 304


def test_no_two_answers_hold_the_same_token(house: House) -> None:
    _, browser = house.signed_in(Role.OFFICER)
    assert browser.token() != browser.token()


def test_a_page_that_is_not_there_says_so_with_a_reference(house: House) -> None:
    answer = Browser(house.app).get("/nowhere")
    assert answer.status_code == 404
    assert "There is no such page here" in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_a_fault_is_a_page_with_a_reference_and_no_words_from_inside(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, browser = house.signed_in(Role.OFFICER)

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("secret words of the inside")

    monkeypatch.setattr(house.app.state.sessions, "find", breaks)
    answer = browser.get("/account")
    assert answer.status_code == 500
    assert "secret words" not in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_suspended_persons_session_and_token_are_refused_and_it_is_on_the_log(house: House) -> None:
    person, browser = house.signed_in(Role.ANNOTATOR)
    secret = issue_token(
        house.database, role=Role.ANNOTATOR, name=None, clock=utc_now, person_id=person
    ).secret
    bearer = {"Authorization": f"Bearer {secret}"}
    with house.database.unit() as unit:
        assert people.set_suspended(unit.session, person, utc_now())
    page = browser.get("/account")
    assert page.status_code == 403
    assert "Your access is suspended" in page.text
    assert ask(house.app, "GET", "/v1/grants", headers=bearer).status_code == 403
    denied = [e for e in entries(house.database) if e.action == "access.denied" and e.actor == person]
    assert [entry.details["reason"] for entry in denied] == [SUSPENDED, SUSPENDED]
    with house.database.unit() as unit:
        assert people.set_suspended(unit.session, person, None)
    assert browser.get("/account").status_code == 200
