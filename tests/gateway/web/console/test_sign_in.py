"""The door: wrong tries, the first officer's set-up, and invitations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway import installation
from gateway.cli.options import open_database
from gateway.services.accounts import INVITATION, create_account, invite
from gateway.services.set_up_code import FILE, kept_code
from gateway.services.sign_in import ADDRESS_TRIES, TRIES
from gateway.settings import Settings
from gateway.store.ledger import utc_now
from gateway.store.queries import vitals
from gateway.web.app import create_app
from policies.access import Role
from tests.gateway.store.rows import entries
from tests.gateway.web.console.conftest import House
from tests.support.console import PASSWORD, Browser

NOBODY = "User name and password do not belong together"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[House]:
    """A gateway in which nobody has an account."""
    settings = Settings.read({"HOME": str(tmp_path)}, data=tmp_path)
    installation.create_keys(settings)
    database = open_database(settings)
    yield House(settings, create_app(settings), database)
    database.close()


def test_the_answer_is_the_same_whether_the_account_is_there_or_not(house: House) -> None:
    _, login = house.account(Role.OFFICER)
    known = Browser(house.app).sign_in(login, "not the right words")
    unknown = Browser(house.app).sign_in("nobody-at-all", "not the right words")
    assert known.status_code == unknown.status_code == 403
    assert NOBODY in known.text
    assert known.text.replace(login, "") == unknown.text.replace("nobody-at-all", "")


def test_a_wrong_password_is_on_the_log_and_an_unknown_name_only_counted(house: House) -> None:
    person, login = house.account(Role.OFFICER)
    before = len(entries(house.database))
    Browser(house.app).sign_in(login, "not the right words")
    Browser(house.app).sign_in("what-somebody-typed", "not the right words")
    (entry,) = entries(house.database)[before:]
    assert (entry.action, entry.subject, entry.details["reason"]) == (
        "session.refused",
        person,
        "password.wrong",
    )
    with house.database.reading() as session:
        assert vitals.counters(session, "sign_ins.")["unknown"] >= 1


def test_after_five_wrong_tries_a_name_waits_even_for_the_right_password(house: House) -> None:
    _, login = house.account(Role.OFFICER)
    browser = Browser(house.app)
    for _ in range(TRIES):
        assert browser.sign_in(login, "not the right words").status_code == 403
    answer = browser.sign_in(login)
    assert answer.status_code == 429
    assert "Wait 15 minutes" in answer.text
    house.passed += timedelta(minutes=15)
    assert browser.sign_in(login).status_code == 303


def test_a_name_that_is_not_there_waits_likewise(house: House) -> None:
    browser = Browser(house.app)
    said = [browser.sign_in("nobody-here", "not the right words").status_code for _ in range(TRIES + 1)]
    assert said == [403] * TRIES + [429]


def test_signing_in_forgets_the_tries_before(house: House) -> None:
    _, login = house.account(Role.OFFICER)
    browser = Browser(house.app)
    for _ in range(2):
        for _ in range(TRIES - 1):
            assert browser.sign_in(login, "not the right words").status_code == 403
        assert browser.sign_in(login).status_code == 303


def test_an_address_that_tries_many_names_waits(fresh: House, monkeypatch: pytest.MonkeyPatch) -> None:
    # The slow hash is not what this is about.
    monkeypatch.setattr("gateway.services.passwords.is_right", lambda *_: False)
    _, login = fresh.account(Role.OFFICER)
    said = [Browser(fresh.app).sign_in(f"name{n}", "x").status_code for n in range(ADDRESS_TRIES)]
    assert set(said) == {403}
    assert Browser(fresh.app).sign_in(login).status_code == 429


def test_a_new_gateway_asks_for_the_first_officer_once(fresh: House) -> None:
    browser = Browser(fresh.app)
    assert browser.get("/").headers["location"] == "/sign-in"
    assert browser.get("/sign-in").headers["location"] == "/set-up"
    code = kept_code(fresh.settings.data)
    assert (fresh.settings.data / FILE).stat().st_mode & 0o777 == 0o600
    form = {"name": "Ines Varga", "login": "I.Varga", "password": PASSWORD}
    for wrong in ("", "AAAA-AAAA-AAAA-AAAA", code[:-1]):
        assert browser.post("/set-up", {**form, "code": wrong}).status_code == 403
    written = f" {code.lower().replace('-', ' ')}"
    assert browser.post("/set-up", {**form, "code": written, "password": "short"}).status_code == 422
    assert browser.post("/set-up", {**form, "code": written}).headers["location"] == "/"
    assert "Ines Varga" in browser.get("/account").text
    assert not (fresh.settings.data / FILE).exists()
    again = Browser(fresh.app).post("/set-up", {**form, "login": "other", "code": code})
    assert again.headers["location"] == "/sign-in"
    assert [e.action for e in entries(fresh.database)] == ["account.created", "session.opened"]
    assert all("Varga" not in e.to_bytes().decode() for e in entries(fresh.database))


def test_without_a_code_nobody_sets_up(fresh: House) -> None:
    form = {"name": "x", "login": "x", "password": PASSWORD, "code": ""}
    assert Browser(fresh.app).post("/set-up", form).status_code == 403


def test_an_invitation_makes_one_account_for_the_person_it_names(house: House) -> None:
    invited = invite(house.database, role=Role.REVIEWER, name="Juri", clock=house.now)
    path = f"/invitation/{invited.code}"
    browser = Browser(house.app)
    page = browser.get(path)
    assert "Welcome, Juri" in page.text
    assert "reviewer" in page.text
    assert browser.post(path, {"login": "juri", "password": "juri"}).status_code == 422
    assert browser.post(path, {"login": "Jürg", "password": PASSWORD}).status_code == 422
    assert browser.post(path, {"login": "juri", "password": PASSWORD}).status_code == 303
    assert invited.person_id in browser.get("/account").text
    assert Browser(house.app).get(path).status_code == 404
    assert Browser(house.app).post(path, {"login": "other", "password": PASSWORD}).status_code == 404
    with house.database.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT digest FROM invitation").scalars().all()
    assert invited.code.encode() not in b"".join(map(bytes, kept))


def test_an_invitation_ends_and_a_fresh_one_takes_the_place_of_the_old(house: House) -> None:
    old = invite(house.database, role=Role.AUDITOR, name=None, clock=utc_now)
    new = invite(house.database, role=Role.AUDITOR, name=None, clock=utc_now, person_id=old.person_id)
    assert Browser(house.app).get(f"/invitation/{old.code}").status_code == 404
    assert Browser(house.app).get(f"/invitation/{new.code}").status_code == 200
    past = utc_now() - INVITATION
    ended = invite(house.database, role=Role.AUDITOR, name=None, clock=lambda: past)
    assert Browser(house.app).get(f"/invitation/{ended.code}").status_code == 404


def test_a_taken_name_is_told_beside_the_field_and_the_link_still_works(house: House) -> None:
    _, login = house.account(Role.OFFICER)
    invited = invite(house.database, role=Role.AUDITOR, name=None, clock=utc_now)
    browser = Browser(house.app)
    taken = browser.post(f"/invitation/{invited.code}", {"login": login.upper(), "password": PASSWORD})
    assert taken.status_code == 422
    assert re.search(r'aria-describedby="f-login-says"', taken.text)
    again = browser.post(f"/invitation/{invited.code}", {"login": f"{login}2", "password": PASSWORD})
    assert again.status_code == 303


def test_a_long_password_costs_no_more_than_a_page(house: House) -> None:
    _, login = house.account(Role.OFFICER)
    assert Browser(house.app).sign_in(login, "x" * 1_900).status_code == 403
    assert Browser(house.app).sign_in(login, "x" * 3_000).status_code == 422


def test_an_account_for_a_known_person_keeps_their_id(house: House) -> None:
    person, _ = house.account(Role.UPLOADER)
    with pytest.raises(Exception, match="has an account already"):
        create_account(
            house.database,
            role=Role.UPLOADER,
            name=None,
            login="second.one",
            password=PASSWORD,
            clock=utc_now,
            person_id=person,
        )
