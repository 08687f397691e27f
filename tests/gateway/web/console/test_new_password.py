"""A forgotten password, from the officer's page to the person's own: without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from sqlmodel import delete

from gateway.services import resets
from gateway.store.account_tables import SignInTry
from gateway.store.ledger import utc_now
from policies.access import Role
from tests.gateway.store.rows import entries
from tests.gateway.web.console.conftest import House
from tests.support.console import PASSWORD, Browser

FRESH = "five other words are here"


def test_an_officer_hands_on_a_link_and_the_person_sets_a_password(house: House) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    person, login = house.account(Role.REVIEWER)
    before = Browser(house.app)
    before.sign_in(login)
    home = f"/workforce/people/{person}"
    assert "New password link" in officer.get(home).text
    page = officer.act(f"{home}/password").text
    link = re.search(r"http://127\.0\.0\.1:8080(/new-password/[\w-]{32})<", page)
    assert link is not None
    assert "ends in 24 hours" in page
    assert link[1] not in officer.get(home).text
    browser = Browser(house.app)
    assert login in browser.get(link[1]).text
    weak = browser.post(link[1], {"password": "short"})
    assert weak.status_code == 422
    assert "this has 5" in weak.text
    forged = browser.post(link[1], {"password": FRESH}, Sec_Fetch_Site="cross-site")
    assert forged.status_code == 403
    assert browser.post(link[1], {"password": FRESH}).headers["location"] == "/"
    assert person in browser.get("/account").text
    assert before.get("/account").status_code == 303  # their session ended
    assert Browser(house.app).sign_in(login).status_code == 403
    assert Browser(house.app).sign_in(login, FRESH).status_code == 303
    again = Browser(house.app).post(link[1], {"password": PASSWORD})
    assert again.status_code == 404
    assert "Ask for a new link" in again.text
    code = link[1].rpartition("/")[2]
    assert not any(code in entry.to_bytes().decode() for entry in entries(house.database))


def test_an_officers_page_names_the_machine_instead(house: House) -> None:
    me, officer = house.signed_in(Role.OFFICER)
    other, login = house.account(Role.OFFICER)
    page = officer.get(f"/workforce/people/{other}").text
    assert "New password link" not in page
    assert f"privgate accounts reset {login}" in page
    for person in (other, me):
        assert officer.act(f"/workforce/people/{person}/password").status_code == 403
    assert "accounts reset" not in officer.get(f"/workforce/people/{me}").text


def test_who_is_suspended_is_offered_none(house: House) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    person, _ = house.account(Role.ANNOTATOR)
    home = f"/workforce/people/{person}"
    officer.act(f"{home}/suspend")
    assert "New password link" not in officer.get(home).text
    assert officer.act(f"{home}/password").status_code == 409


@pytest.fixture
def untried(house: House) -> Iterator[House]:
    """In which no address has tried anything, nor has when the test is over."""
    for step in range(2):
        with house.database.unit() as unit:
            unit.session.connection().execute(delete(SignInTry))
        if step == 0:
            yield house


def test_an_address_that_guesses_links_waits(untried: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resets, "ADDRESS_TRIES", 3)
    person, _ = untried.account(Role.ANNOTATOR)
    code = resets.offer(untried.database, person, clock=utc_now).code
    browser = Browser(untried.app)
    for _ in range(3):
        guessed = browser.get("/new-password/guessed")
        assert guessed.status_code == 404
        assert "No password was changed" in guessed.text
    assert browser.get("/new-password/guessed").status_code == 429
    assert browser.get(f"/new-password/{code}").status_code == 429
    answer = browser.post(f"/new-password/{code}", {"password": FRESH})
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.text
