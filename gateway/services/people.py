"""People and their tokens."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from gateway.errors import Conflict, NotFound
from gateway.services.ids import new_id
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import people
from gateway.store.records import TokenRecord
from policies.access import Role

TOKEN_BYTES = 32
TOKEN_PREFIX = "privgate_"  # noqa: S105  (what a secret scanner finds a leaked token by)

CONSOLE = "operator-console"
"""The actor of what is done on the command line of the installation itself."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """`secret` is shown once and stored nowhere."""

    token_id: str
    person_id: str
    secret: str


def issue_token(
    database: Database, *, role: Role, name: str | None, clock: Clock, person_id: str | None = None
) -> IssuedToken:
    """A new token, for a new person or, by `person_id`, for one that is known. Only its SHA-256 is kept.

    Raises Conflict when the person has another role: a token does not change it, and the log would say so.
    """
    person = person_id or new_id("person")
    token, secret = new_id("token"), TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    now = clock()
    with database.unit() as unit:
        held = people.role_of(unit.session, person)
        if held not in (None, role):
            raise Conflict(f"{person} is here as {held}; a person has one role. Make another person")
        if held is None:
            people.add_person(unit.session, person_id=person, role=role, name=name, now=now)
        people.add_token(
            unit.session, token_id=token, person_id=person, digest=people.token_digest(secret), now=now
        )
        unit.ledger.record(
            actor=CONSOLE, action="token.created", subject=token, person=person, role=role.value
        )
    return IssuedToken(token, person, secret)


def revoke_token(database: Database, token_id: str, *, clock: Clock) -> None:
    """Takes effect with the next request. Raises NotFound when it is unknown or revoked already."""
    with database.unit() as unit:
        if not people.revoke_token(unit.session, token_id, now=clock()):
            raise NotFound(f"token {token_id} does not exist or was revoked before")
        unit.ledger.record(actor=CONSOLE, action="token.revoked", subject=token_id)


def list_tokens(database: Database) -> list[TokenRecord]:
    with database.reading() as session:
        return people.tokens(session)
