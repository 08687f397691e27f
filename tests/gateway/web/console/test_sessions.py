"""Sessions: what opens them, what they open, and how they end."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from gateway.services.accounts import disable
from gateway.services.people import issue_token
from gateway.services.sessions import OVERLAP, ROTATE_AFTER, is_token, masked_token
from gateway.store.ledger import utc_now
from gateway.web.console.navigation import LANDINGS
from policies.access import Role
from tests.gateway.store.rows import entries
from tests.gateway.web.asgi import ask
from tests.gateway.web.console.conftest import House
from tests.support.console import Browser


def test_signing_in_leads_to_where_the_role_begins_and_is_on_the_log(house: House) -> None:
    for role in Role:
        person, browser = house.signed_in(role)
        assert browser.get("/").headers["location"] == LANDINGS[role]
        opened = [entry for entry in entries(house.database) if entry.action == "session.opened"]
        assert opened[-1].actor == person
        assert opened[-1].subject.startswith("session-")


def test_every_role_sees_its_own_places_and_no_others(house: House) -> None:
    _, officer = house.signed_in(Role.OFFICER)
    _, annotator = house.signed_in(Role.ANNOTATOR)
    assert 'href="/workforce"' in officer.get("/account").text
    page = annotator.get("/account").text
    assert 'href="/tasks"' in page
    for absent in ("/workforce", "/audit", "/vault", "integrity"):
        assert absent not in page


def test_without_a_session_a_page_leads_to_the_door_and_back(house: House) -> None:
    browser = Browser(house.app)
    where = browser.get("/account?tab=1").headers["location"]
    assert where == "/sign-in?next=%2Faccount%3Ftab%3D1"
    _, login = house.account(Role.OFFICER)
    form = re.search(r'name="next" value="([^"]+)"', browser.get(where).text)
    assert form is not None
    answer = browser.post(
        "/sign-in", {"login": login, "password": "four unrelated words here", "next": form[1]}
    )
    assert answer.headers["location"] == "/account?tab=1"


@pytest.mark.parametrize(
    "next", ["https://other.example/", "//other.example", "/\\other.example", "/v1/assets"]
)
def test_signing_in_never_leads_to_another_site(house: House, next: str) -> None:
    browser = Browser(house.app)
    _, login = house.account(Role.OFFICER)
    form = {"login": login, "password": "four unrelated words here", "next": next}
    assert browser.post("/sign-in", form).headers["location"] == "/"


def test_without_a_session_a_script_and_an_image_are_told_401(house: House) -> None:
    browser = Browser(house.app)
    assert browser.get("/account", Accept="application/json").status_code == 401
    assert browser.get("/account", Accept="image/*").json()["type"] == "urn:privgate:problem:signed-out"
    swapped = browser.get("/account", HX_Request="true")
    assert swapped.status_code == 401
    assert swapped.text.lstrip().startswith("<div")


def test_a_cookie_opens_nothing_under_v1_and_a_token_no_page(house: House) -> None:
    _, browser = house.signed_in(Role.OFFICER)
    assert browser.get("/v1/datasets").status_code == 401
    secret = issue_token(house.database, role=Role.OFFICER, name=None, clock=utc_now).secret
    bearer = {"Authorization": f"Bearer {secret}"}
    assert ask(house.app, "GET", "/v1/datasets", headers=bearer).status_code == 200
    assert ask(house.app, "GET", "/account", headers=bearer).status_code == 401


def test_the_cookie_is_for_this_host_and_no_script(house: House) -> None:
    _, login = house.account(Role.OFFICER)
    answer = Browser(house.app).sign_in(login)
    said = answer.headers["set-cookie"]
    assert re.fullmatch(r"privgate=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax", said)
    encrypted = Browser(house.app, url="https://127.0.0.1:8443").sign_in(login).headers["set-cookie"]
    assert re.fullmatch(r"__Host-privgate=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax; Secure", encrypted)


def test_a_cookie_of_plain_http_opens_nothing_over_tls(house: House) -> None:
    _, browser = house.signed_in(Role.OFFICER)
    browser.url = "https://127.0.0.1:8443"
    assert browser.get("/account").status_code == 303


def test_the_database_holds_no_cookie(house: House) -> None:
    _, browser = house.signed_in(Role.OFFICER)
    data = b"".join(path.read_bytes() for path in house.settings.data.glob("privgate.db*"))
    assert browser.cookies["privgate"].encode() not in data


def test_a_session_ends_after_half_an_hour_without_activity(house: House) -> None:
    _, browser = house.signed_in(Role.OFFICER)
    house.passed += timedelta(minutes=25)
    assert browser.get("/account").status_code == 200
    house.passed += timedelta(minutes=25)
    assert browser.get("/account").status_code == 200
    house.passed += timedelta(minutes=30)
    where = browser.get("/account").headers["location"]
    assert where.endswith("why=idle")
    assert "no activity" in browser.get(where).text


def test_a_page_that_keeps_itself_fresh_is_no_activity(house: House) -> None:
    _, browser = house.signed_in(Role.OFFICER)
    for _ in range(2):
        house.passed += timedelta(minutes=14)
        assert browser.get("/account", X_Privgate_Quiet="1").status_code == 200
    house.passed += timedelta(minutes=2)
    assert browser.get("/account").status_code == 303


def test_a_session_ends_after_twelve_hours_however_busy(house: House) -> None:
    _, browser = house.signed_in(Role.OFFICER)
    for _ in range(35):
        house.passed += timedelta(minutes=20)
        assert browser.get("/account").status_code == 200
    house.passed += timedelta(minutes=21)
    assert browser.get("/account").headers["location"].endswith("why=time")


def test_a_cookie_is_replaced_and_the_old_one_ends_once_the_new_one_came_back(house: House) -> None:
    _, browser = house.signed_in(Role.OFFICER)
    first = dict(browser.cookies)
    house.passed += ROTATE_AFTER
    assert browser.get("/account").status_code == 200
    second = dict(browser.cookies)
    assert second != first
    # The answer may have been lost: until the new cookie comes back, the old one works.
    browser.cookies = first
    house.passed += timedelta(minutes=10)
    assert browser.get("/account").status_code == 200
    browser.cookies = dict(second)
    assert browser.get("/account").status_code == 200
    browser.cookies = dict(first)
    assert browser.get("/account").status_code == 200  # a request that was on its way
    house.passed += OVERLAP
    assert browser.get("/account").status_code == 303
    browser.cookies = dict(second)
    assert browser.get("/account").status_code == 200


def test_signing_in_again_gives_another_session(house: House) -> None:
    _, login = house.account(Role.OFFICER)
    browser = Browser(house.app)
    browser.cookies = {"privgate": "chosen-by-somebody-else"}
    browser.sign_in(login)
    assert browser.cookies["privgate"] != "chosen-by-somebody-else"


def test_signing_out_ends_it_on_the_server_too(house: House) -> None:
    person, browser = house.signed_in(Role.OFFICER)
    kept = dict(browser.cookies)
    assert browser.act("/sign-out").headers["location"] == "/sign-in?why=out"
    assert browser.cookies == {}
    browser.cookies = kept
    assert browser.get("/account").status_code == 303
    assert [e.actor for e in entries(house.database) if e.action == "session.closed"] == [person]


def test_changing_the_password_ends_the_other_sessions(house: House) -> None:
    _, login = house.account(Role.OFFICER)
    here, there = Browser(house.app), Browser(house.app)
    here.sign_in(login)
    there.sign_in(login)
    wrong = here.act("/account/password", {"old": "not this one at all", "new": "another four words then"})
    assert wrong.status_code == 422
    assert "not your password" in wrong.text
    short = here.act("/account/password", {"old": "four unrelated words here", "new": "short"})
    assert "this has 5" in short.text
    assert there.get("/account").status_code == 200
    done = here.act(
        "/account/password", {"old": "four unrelated words here", "new": "another four words then"}
    )
    assert "Your other session was ended" in done.text
    assert there.get("/account").status_code == 303
    assert here.get("/account").status_code == 200
    assert Browser(house.app).sign_in(login).status_code == 403
    assert Browser(house.app).sign_in(login, "another four words then").status_code == 303


def test_a_disabled_account_opens_nothing_any_more(house: House) -> None:
    person, browser = house.signed_in(Role.REVIEWER)
    assert disable(house.database, person, clock=utc_now) == 1
    assert browser.get("/account").status_code == 303


def test_a_token_under_another_mask_is_the_same_token() -> None:
    key, other = bytes(32), bytes([1] * 32)
    one, two = masked_token(key), masked_token(key)
    assert one != two
    assert is_token(one, key)
    assert is_token(two, key)
    assert not is_token(one, other)
    for mangled in ("", "x", one[:-4], one + "AAAA", "é"):
        assert not is_token(mangled, key)


def test_signing_out_everywhere_else_ends_all_sessions_but_this(house: House) -> None:
    person, login = house.account(Role.ANNOTATOR)
    here, there = Browser(house.app), Browser(house.app)
    for browser in (here, there):
        assert browser.sign_in(login).status_code == 303
    assert "One more session of yours is open" in here.get("/account").text
    answer = here.act("/account/sign-out")
    assert "Your other session is ended." in answer.text
    assert "No other session of yours is open." in answer.text
    assert there.get("/account").status_code == 303
    ended = [entry for entry in entries(house.database) if entry.action == "account.signed_out"][-1]
    assert (ended.actor, ended.subject, ended.details) == (person, person, {"sessions": 1})
