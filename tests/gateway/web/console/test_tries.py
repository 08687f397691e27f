"""Passwords are guessed no faster in an open session, nor by somebody with an account of their own."""

from __future__ import annotations

import pytest

from gateway.services.sign_in import ADDRESS_TRIES, TRIES
from policies.access import Role
from tests.gateway.store.rows import entries
from tests.gateway.web.console.conftest import House
from tests.support.console import PASSWORD, Browser

NEW = "another four words then"


def test_an_open_session_is_no_place_to_guess_its_password(house: House) -> None:
    person, browser = house.signed_in(Role.ANNOTATOR)
    for _ in range(TRIES):
        wrong = browser.act("/account/password", {"old": "not this one at all", "new": NEW})
        assert "not your password" in wrong.text
    waits = browser.act("/account/password", {"old": PASSWORD, "new": NEW})
    assert waits.status_code == 422
    assert "Wait 15 minutes" in waits.text
    told = [e for e in entries(house.database) if e.action == "account.password_refused"]
    assert [(e.actor, e.subject) for e in told] == [(person, person)] * TRIES


def test_a_password_that_is_changed_in_time_leaves_no_try_behind(house: House) -> None:
    _, browser = house.signed_in(Role.ANNOTATOR)
    for _ in range(2):
        for _ in range(TRIES - 1):
            browser.act("/account/password", {"old": "not this one at all", "new": NEW})
        assert "is changed" in browser.act("/account/password", {"old": PASSWORD, "new": PASSWORD}).text


def test_signing_in_rightly_does_not_forget_what_an_address_has_tried(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody with an account could try a password on all the others, as often as they like."""
    _, login = house.account(Role.ANNOTATOR)
    # The slow hash is not what this is about.
    monkeypatch.setattr("gateway.services.passwords.is_right", lambda given, _: given == PASSWORD)

    def tried(name: str, password: str) -> int:
        return Browser(house.app).sign_in(name, password).status_code

    for n in range(ADDRESS_TRIES - 1):
        assert tried(f"name{n}", "x") == 403
    assert tried(login, PASSWORD) == 303
    assert tried("one-more", "x") == 403
    assert tried("too-many", "x") == 429
