"""A forgotten password on both databases: one link sets one, and nothing else of the person changes."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.errors import AccessDenied, Conflict, InputRefused, NotFound
from gateway.services import accounts, passwords, resets, roles
from gateway.services.resets import LASTS
from gateway.services.sessions import Ended, Sessions
from gateway.services.sign_in import ADDRESS_TRIES, TRIES, WINDOW, SignIn, TooManyTries, WrongCredentials
from gateway.services.workforce import Workforce
from gateway.store.database import Database
from gateway.store.queries import people, workforce
from policies.access import Principal, Role
from tests.gateway.services.test_accounts import GOVERNOR, PASSWORD, Clock, door, make
from tests.gateway.store.rows import NOW, OFFICER, entries, seed

FRESH = "five other words are here"
HERE = "192.0.2.1"


@pytest.fixture
def clock() -> Clock:
    return Clock()


def use(database: Database, clock: Clock, code: str, password: str = FRESH) -> str:
    return resets.set_password(database, code, password=password, address=HERE, clock=clock)


def works(database: Database, clock: Clock, code: str) -> bool:
    try:
        resets.whose(database, code, address=HERE, clock=clock)
    except NotFound:
        return False
    return True


def signs_in(database: Database, clock: Clock, password: str) -> bool:
    try:
        door(database, clock).open("n.harlow", password, address=HERE)
    except WrongCredentials:
        return False
    return True


def test_a_link_sets_one_password_and_ends_every_session(database: Database, clock: Clock) -> None:
    person = make(database, clock)
    sessions = Sessions(database, clock, idle=timedelta(minutes=30))
    cookie = door(database, clock).open("n.harlow", PASSWORD, address=HERE).cookie
    offered = resets.offer(database, person, clock=clock)
    assert signs_in(database, clock, PASSWORD)  # whoever asks in their name locks nobody out
    assert use(database, clock, offered.code) == person
    assert sessions.find(cookie) is Ended.CLOSED
    assert not signs_in(database, clock, PASSWORD)
    assert signs_in(database, clock, FRESH)
    with pytest.raises(NotFound, match="used before"):
        use(database, clock, offered.code, "and six more words follow")
    with database.reading() as session:
        row = workforce.person(session, person, now=clock())
    assert row is not None
    assert (row.id, row.name, row.login, row.role) == (person, "Nell Harlow", "n.harlow", Role.ANNOTATOR)


def test_log_and_database_hold_neither_code_nor_password(database: Database, clock: Clock) -> None:
    person = make(database, clock)
    door(database, clock).open("n.harlow", PASSWORD, address=HERE)
    offered = resets.offer(database, person, clock=clock, by=OFFICER)
    use(database, clock, offered.code)
    made, done = entries(database)[-2:]
    assert (made.actor, made.action, made.subject, made.details) == (
        OFFICER,
        "account.reset_offered",
        offered.reset_id,
        {"person": person},
    )
    assert (done.actor, done.action, done.subject, done.details) == (
        person,
        "account.password_reset",
        person,
        {"link": offered.reset_id, "sessions": 1},
    )
    with database.engine.connect() as connection:
        rows = [
            str(tuple(bytes(v) if isinstance(v, memoryview) else v for v in row))
            for table in ("password_reset", "account", "log_entry", "sign_in_try")
            for row in connection.execute(text(f"SELECT * FROM {table}"))  # noqa: S608
        ]
    assert len(rows) > 4
    for secret in (offered.code, PASSWORD, FRESH):
        assert not any(secret in row for row in rows)


def test_a_link_ends_after_a_day_and_a_fresh_one_takes_its_place(database: Database, clock: Clock) -> None:
    person = make(database, clock)
    first = resets.offer(database, person, clock=clock)
    second = resets.offer(database, person, clock=clock)
    assert not works(database, clock, first.code)
    assert not works(database, clock, f"{second.code}x")
    clock.time += LASTS - timedelta(seconds=1)
    assert works(database, clock, second.code)
    clock.time += timedelta(seconds=1)
    with pytest.raises(NotFound, match="has ended"):
        use(database, clock, second.code)
    assert signs_in(database, clock, PASSWORD)


def test_a_password_that_will_not_do_leaves_the_link_as_it_was(database: Database, clock: Clock) -> None:
    offered = resets.offer(database, make(database, clock), clock=clock)
    for weak in ("short", "my n.harlow secret"):
        with pytest.raises(InputRefused):
            use(database, clock, offered.code, weak)
    use(database, clock, offered.code)


@pytest.mark.parametrize("ending", ["suspended", "disabled", "erased", "role", "password"])
def test_a_link_ends_with_what_it_was_made_for(database: Database, clock: Clock, ending: str) -> None:
    seed(database)
    person = make(database, clock)
    offered = resets.offer(database, person, clock=clock)
    staff = Workforce(database, clock)
    if ending == "suspended":
        staff.suspend(GOVERNOR, person)
        assert not works(database, clock, offered.code)
        staff.restore(GOVERNOR, person)
    elif ending == "disabled":
        accounts.disable(database, person, clock=clock)
        assert not works(database, clock, offered.code)
        accounts.enable(database, person, clock=clock)
    elif ending == "erased":
        roles.erase_name(database, person, clock=clock)
    elif ending == "role":
        roles.change_role(database, person, Role.REVIEWER, clock=clock)
    else:
        accounts.change_password(database, person, old=PASSWORD, new=FRESH, session_id="", clock=clock)
    with pytest.raises(NotFound, match="does not work"):
        use(database, clock, offered.code)


def test_who_may_not_sign_in_is_not_let_in_by_a_link(database: Database, clock: Clock) -> None:
    seed(database)
    person = make(database, clock)
    offered = resets.offer(database, person, clock=clock)
    with database.unit() as unit:  # whatever ends links meanwhile
        people.set_suspended(unit.session, person, clock())
    with pytest.raises(NotFound):
        use(database, clock, offered.code)
    with pytest.raises(Conflict, match="let them in again first"):
        resets.offer(database, person, clock=clock)
    with pytest.raises(NotFound, match="has no account"):
        resets.offer(database, OFFICER, clock=clock)


def test_of_two_who_use_a_link_at_once_one_sets_the_password(database: Database, clock: Clock) -> None:
    code = resets.offer(database, make(database, clock), clock=clock).code
    together, chosen = threading.Barrier(2), (FRESH, "and six more words follow")

    def one(password: str) -> bool:
        together.wait()
        try:
            use(database, clock, code, password)
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        won = list(pool.map(one, chosen))
    assert sorted(won) == [False, True]
    assert [signs_in(database, clock, password) for password in chosen] == won
    assert [entry.action for entry in entries(database)].count("account.password_reset") == 1


def test_an_officer_offers_it_to_others_but_to_no_officer(database: Database, clock: Clock) -> None:
    seed(database)
    staff = Workforce(database, clock)
    person = make(database, clock)
    officer = make(database, clock, Role.OFFICER, "o.two")
    assert works(database, clock, staff.offer_password(GOVERNOR, person).code)
    for other in (officer, OFFICER):
        with pytest.raises(AccessDenied, match=r"reset\.officer"):
            staff.offer_password(GOVERNOR, other)
        denied = entries(database)[-1]
        assert (denied.action, denied.subject, denied.details["reason"]) == (
            "access.denied",
            other,
            "reset.officer",
        )
    with pytest.raises(AccessDenied):
        staff.offer_password(Principal(person, Role.ANNOTATOR), officer)
    with pytest.raises(NotFound):
        staff.offer_password(GOVERNOR, "person-nobody")
    by_operator = resets.offer(database, officer, clock=clock)
    assert use(database, clock, by_operator.code) == officer


def test_a_role_that_changed_meanwhile_is_seen(database: Database, clock: Clock) -> None:
    officer = make(database, clock, Role.OFFICER)
    with pytest.raises(Conflict, match="is officer by now"):
        resets.offer(database, officer, clock=clock, by=OFFICER, role=Role.REVIEWER)


def test_nobody_is_made_an_officer_by_whoever_could_know_their_password(
    database: Database, clock: Clock
) -> None:
    seed(database)
    staff = Workforce(database, clock)
    person = make(database, clock)
    use(database, clock, staff.offer_password(GOVERNOR, person).code)
    staff.change_role(GOVERNOR, person, Role.REVIEWER)
    with pytest.raises(Conflict, match="set by an officer's link"):
        staff.change_role(GOVERNOR, person, Role.OFFICER)
    clock.time += timedelta(seconds=1)
    use(database, clock, resets.offer(database, person, clock=clock).code, PASSWORD)
    staff.change_role(GOVERNOR, person, Role.OFFICER)


def test_codes_are_tried_no_more_often_than_passwords(database: Database, clock: Clock) -> None:
    code = resets.offer(database, make(database, clock), clock=clock).code
    for _ in range(3):
        assert works(database, clock, code)  # what is right does not count
    for number in range(ADDRESS_TRIES):
        assert not works(database, clock, f"guess{number}")
    with pytest.raises(TooManyTries):
        resets.whose(database, code, address=HERE, clock=clock)
    assert resets.whose(database, code, address="192.0.2.2", clock=clock).login == "n.harlow"
    clock.time += WINDOW
    assert works(database, clock, code)


def test_whoever_was_made_to_wait_signs_in_with_the_new_one(database: Database, clock: Clock) -> None:
    person = make(database, clock)
    for _ in range(TRIES):
        assert not signs_in(database, clock, "not the right words")
    with pytest.raises(TooManyTries):
        signs_in(database, clock, PASSWORD)
    use(database, clock, resets.offer(database, person, clock=clock).code)
    assert SignIn(database, clock, lasts=timedelta(hours=1)).open("n.harlow", FRESH, address=HERE)
    assert clock() == NOW


def test_the_old_password_opens_nothing_that_began_before_and_ends_after(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = resets.offer(database, make(database, clock), clock=clock)
    compare = passwords.is_right

    def meanwhile(password: str, kept: str | None) -> bool:
        right = compare(password, kept)
        use(database, clock, offered.code)
        return right

    with monkeypatch.context() as patched:
        patched.setattr(passwords, "is_right", meanwhile)
        assert not signs_in(database, clock, PASSWORD)
    assert entries(database)[-1].action == "account.password_reset"
    assert signs_in(database, clock, FRESH)
