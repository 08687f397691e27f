"""Accounts, invitations, sessions and groups on both databases: once is once, and the log holds ids only."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from gateway.errors import AccessDenied, Conflict, InputRefused, NotFound
from gateway.services import accounts, passwords
from gateway.services.groups import Groups
from gateway.services.sessions import OVERLAP, ROTATE_AFTER, Ended, Present, Sessions
from gateway.services.sign_in import SignIn, WrongCredentials
from gateway.services.suspension import SUSPENDED
from gateway.services.workforce import Workforce
from gateway.store.database import Database
from gateway.store.queries import grants
from policies.access import Principal, Role
from tests.gateway.store.rows import DATASET, NOW, OFFICER, entries, seed

PASSWORD = "four unrelated words here"
GOVERNOR = Principal(OFFICER, Role.OFFICER)


class Clock:
    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


def make(database: Database, clock: Clock, role: Role = Role.ANNOTATOR, login: str = "n.harlow") -> str:
    return accounts.create_account(
        database, role=role, name="Nell Harlow", login=login, password=PASSWORD, clock=clock
    )


def door(database: Database, clock: Clock) -> SignIn:
    return SignIn(database, clock, lasts=timedelta(hours=12))


def test_neither_name_nor_login_nor_password_is_on_the_log(database: Database, clock: Clock) -> None:
    person = make(database, clock)
    opened = door(database, clock).open("N.Harlow", PASSWORD, address="192.0.2.1")
    with pytest.raises(WrongCredentials):
        door(database, clock).open("n.harlow", "another one entirely", address="192.0.2.1")
    written = [entry.to_bytes().decode() for entry in entries(database)]
    for secret in ("harlow", "Nell", PASSWORD, opened.cookie, "192.0.2"):
        assert not any(secret in line for line in written)
    assert {entry.action for entry in entries(database)} == {
        "account.created",
        "session.opened",
        "session.refused",
    }
    assert person in written[0]


def test_an_invitation_makes_one_account(database: Database, clock: Clock) -> None:
    invited = accounts.invite(database, role=Role.REVIEWER, name="Mira", clock=clock)
    assert accounts.invitee(database, invited.code, clock=clock).role is Role.REVIEWER
    accounts.accept(database, invited.code, login="mira", password=PASSWORD, clock=clock)
    with pytest.raises(NotFound, match="used before"):
        accounts.accept(database, invited.code, login="other", password=PASSWORD, clock=clock)
    with pytest.raises(Conflict, match="has an account already"):
        accounts.invite(database, role=Role.REVIEWER, name=None, clock=clock, person_id=invited.person_id)


def test_the_first_officer_is_made_once(database: Database, clock: Clock) -> None:
    assert accounts.needs_set_up(database)
    accounts.create_first_officer(database, name="Ines", login="ines", password=PASSWORD, clock=clock)
    assert not accounts.needs_set_up(database)
    with pytest.raises(Conflict, match="is set up"):
        accounts.create_first_officer(database, name="Eve", login="eve", password=PASSWORD, clock=clock)


def test_a_cookie_is_replaced_and_the_session_goes_on(database: Database, clock: Clock) -> None:
    make(database, clock)
    sessions = Sessions(database, clock, idle=timedelta(minutes=30))
    first = door(database, clock).open("n.harlow", PASSWORD, address="").cookie
    clock.time += ROTATE_AFTER
    found = sessions.find(first)
    assert isinstance(found, Present)
    assert found.cookie is not None
    assert isinstance(sessions.find(found.cookie), Present)
    clock.time += OVERLAP
    assert sessions.find(first) is Ended.CLOSED
    assert isinstance(sessions.find(found.cookie), Present)
    sessions.close(found.principal.id, found.session_id)
    assert sessions.find(found.cookie) is Ended.CLOSED


def test_suspending_ends_sessions_and_each_use_is_denied_on_the_log(database: Database, clock: Clock) -> None:
    seed(database)
    person = make(database, clock)
    sessions = Sessions(database, clock, idle=timedelta(minutes=30))
    workforce = Workforce(database, clock)
    cookie = door(database, clock).open("n.harlow", PASSWORD, address="").cookie
    assert workforce.suspend(GOVERNOR, person).sessions == 1
    with pytest.raises(AccessDenied, match=SUSPENDED):
        sessions.find(cookie)
    with pytest.raises(WrongCredentials):
        door(database, clock).open("n.harlow", PASSWORD, address="")
    workforce.restore(GOVERNOR, person)
    assert sessions.find(cookie) is Ended.CLOSED
    door(database, clock).open("n.harlow", PASSWORD, address="")
    assert [(entry.action, entry.details.get("reason")) for entry in entries(database)][-5:] == [
        ("person.suspended", None),
        ("access.denied", SUSPENDED),
        ("session.refused", SUSPENDED),
        ("person.restored", None),
        ("session.opened", None),
    ]


def test_only_an_officer_keeps_the_workforce(database: Database, clock: Clock) -> None:
    seed(database)
    other = Principal(make(database, clock), Role.ANNOTATOR)
    workforce = Workforce(database, clock)
    groups = Groups(database, clock, longest=timedelta(days=90))
    for refused in (
        lambda: workforce.people(other),
        lambda: workforce.suspend(other, OFFICER),
        lambda: workforce.restore(other, OFFICER),
        lambda: workforce.invite(other, role=Role.OFFICER, name=None),
        lambda: groups.create(other, "mine"),
    ):
        with pytest.raises(AccessDenied):
            refused()


def test_what_a_group_has_follows_who_is_in_it(database: Database, clock: Clock) -> None:
    seed(database)
    groups = Groups(database, clock, longest=timedelta(days=90))
    early, late = (make(database, clock, login=login) for login in ("early", "late"))
    group = groups.create(GOVERNOR, "Lane team")
    groups.add(GOVERNOR, group.id, early)
    until = clock() + timedelta(days=10)
    given = groups.grant(GOVERNOR, group_id=group.id, dataset_id=DATASET, purpose="label", until=until)
    assert groups.add(GOVERNOR, group.id, late) == 1
    assert [_until(database, person) for person in (early, late)] == [until, until]
    assert groups.remove(GOVERNOR, group.id, early) == 1
    later = until + timedelta(days=5)
    assert groups.extend(GOVERNOR, given.id, until=later) == 1
    assert [_until(database, person) for person in (early, late)] == [None, later]
    assert groups.revoke(GOVERNOR, given.id) == 1
    assert _until(database, late) is None
    assert groups.add(GOVERNOR, group.id, early) == 0  # what was taken back is given to nobody
    with pytest.raises(InputRefused, match="90 days at most"):
        groups.grant(
            GOVERNOR,
            group_id=group.id,
            dataset_id=DATASET,
            purpose="label",
            until=clock() + timedelta(days=91),
        )


def test_a_hash_of_nobodys_is_never_right() -> None:
    kept = passwords.hash_of(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert passwords.is_right(PASSWORD, kept)
    assert not passwords.is_right("another one entirely", kept)
    assert not passwords.is_right("the password of nobody", None)


@pytest.mark.parametrize("password", ["eleven char", "x" * 257, "aaaaaaaaaaaaaaaa", "my n.harlow secret"])
def test_what_is_guessed_too_easily_is_refused(password: str) -> None:
    with pytest.raises(InputRefused):
        passwords.check(password, login="n.harlow")


def _until(database: Database, person: str) -> datetime | None:
    """Until when they have the dataset; None where they have not."""
    with database.reading() as session:
        grant = grants.best_for(session, person_id=person, dataset_id=DATASET)
    return None if grant is None or grant.revoked_at is not None else grant.until
