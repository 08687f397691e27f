"""Two accounts that may be one person's decide nothing for each other, on both databases."""

from __future__ import annotations

import pytest

from gateway.errors import AccessDenied, Conflict, NotFound
from gateway.services import accounts
from gateway.services.one_person import to_vouch, vouch
from gateway.services.overview import Overviews
from gateway.services.people import issue_token
from gateway.services.policies import Policies
from gateway.services.roles import erase_name
from gateway.services.rollbacks import Rollbacks
from gateway.services.workforce import Workforce
from gateway.store.database import Database
from gateway.store.policy_records import RollbackRecord, RollbackState
from gateway.store.queries import policy_history
from policies.access import Principal, Role
from policies.approval import PolicyState
from policies.model import Kind
from policies.policy import PRESETS, load_policy
from tests.gateway.store.rows import DATASET, NOW, entries, seed

PASSWORD = "four unrelated words here"
DETECTORS = {name: frozenset(Kind) for name in ("centerface", "mediapipe", "clp", "ppocr-plates")}
STREET = (PRESETS / "street.yaml").read_text("utf-8")


class Office:
    """Officers over one database, and how they come to be."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.workforce = Workforce(database, lambda: NOW)
        self.policies = Policies(database, lambda: NOW, detectors=DETECTORS)
        self.rollbacks = Rollbacks(database, lambda: NOW)

    def made(self, login: str) -> Principal:
        """On the machine."""
        person = accounts.create_account(
            self.database, role=Role.OFFICER, name=None, login=login, password=PASSWORD, clock=lambda: NOW
        )
        return Principal(person, Role.OFFICER)

    def invited(self, by: Principal, login: str) -> Principal:
        """In the console; who invites sees the code."""
        return self.accepts(self.workforce.invite(by, role=Role.OFFICER, name=login).code, login)

    def accepts(self, code: str, login: str) -> Principal:
        person = accounts.accept(self.database, code, login=login, password=PASSWORD, clock=lambda: NOW)
        return Principal(person, Role.OFFICER)

    def are_two(self, one: Principal, other: Principal) -> bool:
        with self.database.reading() as session:
            found = [to_vouch(session, *pair) for pair in ((one.id, other.id), (other.id, one.id))]
        assert (found[0] is None) == (found[1] is None)
        return found[0] is None

    def submitted(self, author: Principal, name: str) -> str:
        """A policy's id, waiting for a second officer."""
        policy = self.policies.upload(author, STREET.replace("name: street", f"name: {name}")).id
        return self.policies.submit(author, policy).id

    def asked_back(self, by: Principal) -> str:
        """A request to go back, waiting for a second officer."""
        version = load_policy("street").version
        asked = (DATASET, "street", version, version, "put-by-mistake", RollbackState.ASKED, by.id, NOW)
        with self.database.unit() as unit:
            policy_history.ask(unit.session, RollbackRecord("rollback-1", *asked))
        return "rollback-1"


@pytest.fixture
def office(database: Database) -> Office:
    seed(database)
    return Office(database)


def test_nobody_approves_a_policy_of_whoever_invited_them_until_the_operator_vouches(office: Office) -> None:
    first = office.made("first")
    second = office.invited(first, "second")
    for number, (author, decider) in enumerate(((first, second), (second, first))):
        policy = office.submitted(author, f"mine-{number}")
        with pytest.raises(AccessDenied, match=r"policy\.one-person") as refused:
            office.policies.approve(decider, policy)
        assert "privgate accounts vouch" in (refused.value.advice or "")
        with pytest.raises(AccessDenied, match=r"policy\.one-person"):
            office.policies.reject(decider, policy, reason="kind-missing")
        assert office.policies.read(author, policy).state is PolicyState.SUBMITTED
    assert vouch(office.database, "Second") == second.id
    assert office.policies.approve(first, policy).state is PolicyState.APPROVED
    told = [entry for entry in entries(office.database) if entry.action == "account.vouched"]
    assert [(one.actor, one.subject, dict(one.details)) for one in told] == [
        ("operator-console", second.id, {"invited_by": first.id})
    ]


def test_nobody_goes_back_with_whoever_invited_them(office: Office) -> None:
    first = office.made("first")
    second = office.invited(first, "second")
    asked = office.asked_back(first)
    for act in (office.rollbacks.approve, office.rollbacks.refuse):
        with pytest.raises(AccessDenied, match=r"rollback\.one-person"):
            act(second, asked)
    assert office.rollbacks.read(first, asked).state is RollbackState.ASKED
    third = office.made("third")
    assert office.rollbacks.refuse(third, asked).state is RollbackState.REFUSED


def test_whoever_another_officer_or_the_operator_let_in_is_a_second_person(office: Office) -> None:
    first, third = office.made("first"), office.made("third")
    by_third = office.invited(third, "by-third")
    by_link = office.accepts(
        accounts.invite(office.database, role=Role.OFFICER, name=None, clock=lambda: NOW).code, "by-link"
    )
    token = issue_token(office.database, role=Role.OFFICER, name=None, clock=lambda: NOW)
    by_token = Principal(token.person_id, Role.OFFICER)
    for other in (third, by_third, by_link, by_token):
        assert office.are_two(first, other)
    assert not office.are_two(third, by_third)


def test_invitations_of_one_officer_are_one_chain_however_long(office: Office) -> None:
    first = office.made("first")
    second = office.invited(first, "second")
    third, sister = office.invited(second, "third"), office.invited(first, "sister")
    assert not office.are_two(first, third)
    assert not office.are_two(third, sister)
    # Who is vouched for takes along whom they invited.
    vouch(office.database, "second")
    assert office.are_two(first, third)
    assert not office.are_two(second, third)
    assert office.are_two(third, sister)


def test_vouching_for_whoever_invited_says_nothing_of_the_invited(office: Office) -> None:
    first = office.made("first")
    second = office.invited(first, "second")
    third = office.invited(second, "third")
    vouch(office.database, "second")
    with office.database.reading() as session:
        assert to_vouch(session, second.id, third.id) == third.id
        assert to_vouch(session, third.id, second.id) == third.id


def test_a_link_to_somebody_who_is_here_makes_them_the_inviters(office: Office) -> None:
    first, other = office.made("first"), office.made("other")
    token = issue_token(office.database, role=Role.OFFICER, name="Bo", clock=lambda: NOW)
    again = office.workforce.invite_again(first, token.person_id)
    bearer = Principal(token.person_id, Role.OFFICER)
    assert office.are_two(first, bearer)  # nobody has used the link
    office.accepts(again.code, "bearer")
    assert not office.are_two(first, bearer)
    # One whose account was erased, and who is asked in again, is not who was vouched for.
    erase_name(office.database, other.id, clock=lambda: NOW, by=first.id)
    assert office.are_two(first, other)
    office.accepts(office.workforce.invite_again(first, other.id).code, "other-again")
    assert not office.are_two(first, other)


def test_two_who_let_each_other_in_are_two_once_the_operator_vouched_for_both(office: Office) -> None:
    first = office.made("first")
    second = office.invited(first, "second")
    erase_name(office.database, first.id, clock=lambda: NOW, by=second.id)
    office.accepts(office.workforce.invite_again(second, first.id).code, "first-again")
    assert not office.are_two(first, second)
    vouch(office.database, "second")
    assert not office.are_two(first, second)
    vouch(office.database, "first-again")
    assert office.are_two(first, second)


def test_the_operator_vouches_for_somebody_with_an_account_that_came_by_an_invitation(office: Office) -> None:
    first = office.made("first")
    waiting = office.workforce.invite(first, role=Role.OFFICER, name="Bo")
    with pytest.raises(Conflict, match="no account yet"):
        vouch(office.database, waiting.person_id)
    with pytest.raises(Conflict, match="no invitation of the console"):
        vouch(office.database, "first")
    with pytest.raises(NotFound):
        vouch(office.database, "nobody")
    second = office.accepts(waiting.code, "second")
    assert vouch(office.database, second.id) == second.id
    with pytest.raises(Conflict, match="vouched for"):
        vouch(office.database, second.id)


def test_only_what_one_may_decide_on_waits_for_one(office: Office) -> None:
    first = office.made("first")
    second = office.invited(first, "second")
    policy = office.submitted(first, "mine")
    overviews = Overviews(office.database, lambda: NOW)
    assert overviews.now(second).to_approve == []
    vouch(office.database, "second")
    assert [one.id for one in overviews.now(second).to_approve] == [policy]
