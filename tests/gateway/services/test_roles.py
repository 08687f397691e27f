"""Another role, and a name that is erased: what they had ends, who they are to the log does not change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from gateway.errors import AccessDenied, Conflict, NotFound
from gateway.services import accounts, people, roles
from gateway.services.grants import Grants
from gateway.services.groups import Groups
from gateway.services.roles import LaidDown
from gateway.services.sessions import Ended, Present, Sessions
from gateway.services.sign_in import SignIn
from gateway.services.workforce import Workforce
from gateway.store.database import Database
from gateway.store.queries import assets, copies, grants, reviews, workforce
from gateway.store.queries import people as rows
from gateway.store.records import ReviewRecord
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from policies.review import ReviewState
from tests.gateway.services.test_accounts import GOVERNOR, PASSWORD, Clock, make
from tests.gateway.store.rows import DATASET, NOW, OFFICER, asset_record, copy_record, entries, seed


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(database: Database) -> Database:
    """With an officer who has a token, and a dataset."""
    seed(database)
    people.issue_token(database, role=Role.OFFICER, name=None, clock=lambda: NOW, person_id=OFFICER)
    return database


def signed_in(database: Database, clock: Clock, login: str) -> str:
    return SignIn(database, clock, lasts=timedelta(hours=12)).open(login, PASSWORD, address="").cookie


def busy(database: Database, clock: Clock) -> tuple[str, str, str]:
    """Somebody with a session, a token, a grant of their own and one by a group, and a review to decide.

    Their id, their cookie and their token.
    """
    person = make(database, clock)
    token = people.issue_token(database, role=Role.ANNOTATOR, name=None, clock=clock, person_id=person).secret
    groups = Groups(database, clock, longest=timedelta(days=90))
    until = clock() + timedelta(days=3)
    team = groups.create(GOVERNOR, "Lane team").id
    groups.add(GOVERNOR, team, person)
    groups.grant(GOVERNOR, group_id=team, dataset_id=DATASET, purpose="label", until=until)
    Grants(database, clock, longest=timedelta(days=90)).create(
        GOVERNOR, person_id=person, dataset_id=DATASET, purpose="check", until=until
    )
    with database.unit() as unit:
        assets.add(unit.session, asset_record("asset-1", AssetState.NEEDS_REVIEW), sealed_name=None)
        copies.add(unit.session, copy_record("copy-1", "asset-1"))
        reviews.add(
            unit.session,
            ReviewRecord(
                id="review-1",
                asset_id="asset-1",
                dataset_id=DATASET,
                copy_id="copy-1",
                round=1,
                state=ReviewState.OPEN,
                risk=1,
                reasons=(),
                attempts=0,
                assigned_to=None,
                assigned_at=None,
                assigned_until=None,
                created_at=NOW,
                decided_at=None,
            ),
        )
        reviews.assign(unit.session, "review-1", person_id=person, since=NOW, until=until)
    return person, signed_in(database, clock, "n.harlow"), token


def left(database: Database, person: str) -> tuple[int, int, ReviewState]:
    """Working grants, groups, and where the review stands."""
    with database.reading() as session:
        return (
            len(grants.working(session, person, now=NOW)),
            len(workforce.groups_of(session, person)),
            reviews.get(session, "review-1").state,
        )


def test_a_new_role_begins_with_nothing(house: Database, clock: Clock) -> None:
    person, cookie, token = busy(house, clock)
    sessions = Sessions(house, clock, idle=timedelta(minutes=30))
    laid = Workforce(house, clock).change_role(GOVERNOR, person, Role.REVIEWER)
    assert laid == LaidDown(sessions=1, tokens=1, grants=2, tasks=0, reviews=1)
    assert left(house, person) == (0, 0, ReviewState.OPEN)
    assert sessions.find(cookie) is Ended.CLOSED
    with house.reading() as session:
        assert rows.principal_of(session, rows.token_digest(token)) is None
    anew = sessions.find(signed_in(house, clock, "n.harlow"))
    assert isinstance(anew, Present)
    assert anew.principal == Principal(person, Role.REVIEWER)
    (changed,) = [entry for entry in entries(house) if entry.action == "person.role_changed"]
    assert (changed.actor, changed.subject) == (OFFICER, person)
    assert changed.details == {
        "old": "annotator",
        "new": "reviewer",
        "sessions": 1,
        "tokens": 1,
        "grants": 2,
        "tasks": 0,
        "reviews": 1,
    }
    told = [entry.action for entry in entries(house)][-6:-1]
    assert told == ["group.left", "grant.revoked", "grant.revoked", "token.revoked", "person.role_changed"]


def test_an_erased_person_is_an_id_and_nothing_else(house: Database, clock: Clock) -> None:
    person, cookie, token = busy(house, clock)
    before = [entry.to_bytes() for entry in entries(house)]
    laid = Workforce(house, clock).erase(GOVERNOR, person)
    assert (laid.sessions, laid.tokens, laid.grants, laid.reviews) == (1, 1, 2, 1)
    assert Sessions(house, clock, idle=timedelta(minutes=30)).find(cookie) is Ended.NONE
    with house.reading() as session:
        row = workforce.person(session, person, now=NOW)
        assert row is not None
        assert (row.name, row.login, row.role) == (None, None, Role.ANNOTATOR)
        assert rows.principal_of(session, rows.token_digest(token)) is None
        assert workforce.meant(session, "n.harlow") == workforce.meant(session, "Nell Harlow") == []
    written = [entry.to_bytes() for entry in entries(house)]
    assert written[: len(before)] == before  # the log never held the name, so nothing in it changes
    assert entries(house)[-1].action == "person.erased"
    with pytest.raises(Conflict, match="an id and nothing else already"):
        roles.erase_name(house, person, clock=clock)


def test_an_invitation_to_somebody_erased_works_no_more(house: Database, clock: Clock) -> None:
    invited = accounts.invite(house, role=Role.REVIEWER, name="Mira", clock=clock)
    roles.erase_name(house, invited.person_id, clock=clock)
    with pytest.raises(NotFound):
        accounts.accept(house, invited.code, login="mira", password=PASSWORD, clock=clock)


def test_nobody_does_it_to_themselves_and_none_but_an_officer_to_others(
    house: Database, clock: Clock
) -> None:
    person = make(house, clock)
    office = Workforce(house, clock)
    acts: list[Callable[[], LaidDown]] = [
        lambda: office.change_role(GOVERNOR, OFFICER, Role.AUDITOR),
        lambda: office.erase(GOVERNOR, OFFICER),
    ]
    for act in acts:
        with pytest.raises(Conflict, match="to themselves"):
            act()
    other = Principal(person, Role.ANNOTATOR)
    beyond: list[Callable[[], LaidDown]] = [
        lambda: office.change_role(other, OFFICER, Role.AUDITOR),
        lambda: office.erase(other, OFFICER),
    ]
    for refused in beyond:
        with pytest.raises(AccessDenied):
            refused()


def test_the_last_officer_stays_one(house: Database, clock: Clock) -> None:
    acts: list[Callable[[], LaidDown]] = [
        lambda: roles.change_role(house, OFFICER, Role.AUDITOR, clock=clock),
        lambda: roles.erase_name(house, OFFICER, clock=clock),
    ]
    for act in acts:
        with pytest.raises(Conflict, match="last officer"):
            act()
    second = make(house, clock, Role.OFFICER, "ines")
    accounts.disable(house, second, clock=clock)
    with pytest.raises(Conflict, match="last officer"):  # the other one cannot act
        roles.change_role(house, OFFICER, Role.AUDITOR, clock=clock)
    accounts.enable(house, second, clock=clock)
    assert roles.change_role(house, OFFICER, Role.AUDITOR, clock=clock).tokens == 1
    with pytest.raises(Conflict, match="auditor already"):
        roles.change_role(house, OFFICER, Role.AUDITOR, clock=clock)
    with pytest.raises(NotFound):
        roles.change_role(house, "person-x", Role.AUDITOR, clock=clock)


def test_the_last_officer_is_neither_disabled_nor_suspended(house: Database, clock: Clock) -> None:
    office, second = Workforce(house, clock), make(house, clock, Role.OFFICER, "ines")
    office.suspend(GOVERNOR, second)
    # As of two who suspend each other: this one was let in before the other's act was done.
    with pytest.raises(Conflict, match="last officer"):
        office.suspend(Principal(second, Role.OFFICER), OFFICER)
    with pytest.raises(Conflict, match="last officer"):
        accounts.disable(house, OFFICER, clock=clock)
    office.restore(GOVERNOR, second)
    assert accounts.disable(house, second, clock=clock) == 0


def test_signing_out_elsewhere_leaves_the_session_that_asks(house: Database, clock: Clock) -> None:
    person = make(house, clock)
    sessions = Sessions(house, clock, idle=timedelta(minutes=30))
    here, there = (sessions.find(signed_in(house, clock, "n.harlow")) for _ in range(2))
    assert isinstance(here, Present)
    assert isinstance(there, Present)
    assert sessions.others(person, here.session_id) == 1
    ask = {"clock": clock, "but": here.session_id, "by": person}
    assert accounts.sign_out(house, person, **ask) == 1  # type: ignore[arg-type]
    assert sessions.others(person, here.session_id) == 0
    assert entries(house)[-1].details == {"sessions": 1}
    assert accounts.sign_out(house, person, **ask) == 0  # type: ignore[arg-type]
    assert [entry.action for entry in entries(house)].count("account.signed_out") == 1
    assert accounts.sign_out(house, person, clock=clock) == 1
