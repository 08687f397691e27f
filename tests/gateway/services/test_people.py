"""Tokens: shown once, stored hashed, one role a person, and each on the log."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from gateway.errors import Conflict, NotFound
from gateway.services.people import issue_token, list_tokens, revoke_token
from gateway.store.database import Database
from gateway.store.queries import people
from policies.access import Principal, Role
from tests.gateway.store.rows import NOW, entries


def principal(database: Database, secret: str) -> Principal | None:
    with database.reading() as session:
        return people.principal_of(session, people.token_digest(secret))


def test_a_token_speaks_for_its_person_until_it_is_revoked(database: Database) -> None:
    issued = issue_token(database, role=Role.AUDITOR, name="Ada", clock=lambda: NOW)
    assert principal(database, issued.secret) == Principal(issued.person_id, Role.AUDITOR)
    revoke_token(database, issued.token_id, clock=lambda: NOW)
    assert principal(database, issued.secret) is None
    with pytest.raises(NotFound, match="revoked before"):
        revoke_token(database, issued.token_id, clock=lambda: NOW)
    assert [(e.action, e.subject) for e in entries(database)] == [
        ("token.created", issued.token_id),
        ("token.revoked", issued.token_id),
    ]


def test_neither_the_secret_nor_the_name_stands_where_it_must_not(database: Database) -> None:
    issued = issue_token(database, role=Role.AUDITOR, name="Ada", clock=lambda: NOW)
    assert issued.secret not in repr(list_tokens(database))
    assert all("Ada" not in entry.to_bytes().decode() for entry in entries(database))
    with database.engine.connect() as connection:
        stored = connection.execute(text("SELECT digest FROM token")).scalar_one()
    assert bytes(stored) == people.token_digest(issued.secret)


def test_a_second_token_of_a_person_has_the_same_role_or_is_refused(database: Database) -> None:
    """Otherwise the log would name a role that the token does not give."""
    first = issue_token(database, role=Role.ANNOTATOR, name=None, clock=lambda: NOW)
    again = issue_token(
        database, role=Role.ANNOTATOR, name=None, clock=lambda: NOW, person_id=first.person_id
    )
    assert principal(database, again.secret) == principal(database, first.secret)
    with pytest.raises(Conflict, match="is here as annotator"):
        issue_token(database, role=Role.OFFICER, name=None, clock=lambda: NOW, person_id=first.person_id)
    assert len(list_tokens(database)) == len(entries(database)) == 2


def test_secrets_are_long_and_no_two_are_alike(database: Database) -> None:
    secrets = {
        issue_token(database, role=Role.ANNOTATOR, name=None, clock=lambda: NOW).secret for _ in range(5)
    }
    assert len(secrets) == 5
    assert all(len(secret) >= 43 + len("privgate_") for secret in secrets)  # 256 bits in base64
