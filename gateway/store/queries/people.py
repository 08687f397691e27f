"""People and their tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, select

from gateway.errors import NotFound
from gateway.store.records import TokenRecord
from gateway.store.tables import Person, PersonName, Token
from policies.access import Principal, Role


def token_digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def add_person(session: Session, *, person_id: str, role: Role, name: str | None, now: datetime) -> None:
    session.add(Person(id=person_id, role=role.value, created_at=now))
    session.flush()
    if name is not None:
        session.add(PersonName(person_id=person_id, name=name))


def has_person(session: Session, person_id: str) -> bool:
    return session.get(Person, person_id) is not None


def role_of(session: Session, person_id: str) -> Role | None:
    """None where nobody has this id."""
    person = session.get(Person, person_id)
    return None if person is None else Role(person.role)


def add_token(session: Session, *, token_id: str, person_id: str, digest: bytes, now: datetime) -> None:
    session.add(Token(id=token_id, person_id=person_id, digest=digest, created_at=now))


def is_suspended(session: Session, person_id: str, *, hold: bool = False) -> bool:
    """hold: it stays so until this transaction ends."""
    query = select(Person.suspended_at).where(Person.id == person_id)
    if hold:
        query = query.with_for_update(read=True)
    return session.exec(query).first() is not None


def set_suspended(session: Session, person_id: str, at: datetime | None) -> bool:
    """Suspends, or with None brings back. False where it is so already. Raises NotFound."""
    person = _held(session, person_id)
    if (person.suspended_at is None) == (at is None):
        return False
    person.suspended_at = at
    session.add(person)
    session.flush()
    return True


def set_role(session: Session, person_id: str, role: Role) -> bool:
    """False where it is theirs already. Raises NotFound."""
    person = _held(session, person_id)
    if person.role == role.value:
        return False
    person.role = role.value
    session.add(person)
    session.flush()
    return True


def set_invited_by(session: Session, person_id: str, inviter: str | None) -> str | None:
    """inviter: see `tables.Person`. Returns what it was. Raises NotFound."""
    person = _held(session, person_id)
    before, person.invited_by = person.invited_by, inviter
    session.add(person)
    session.flush()
    return before


def chain(session: Session, person_id: str) -> list[str]:
    """The person, by whose invitation they have their account, by whose that one has theirs, and so on.

    It ends with who was asked in by nobody, or where it comes round: two may have invited each other.
    """
    found: list[str] = []
    person: str | None = person_id
    while person is not None and person not in found:
        found.append(person)
        person = session.exec(select(Person.invited_by).where(Person.id == person)).first()
    return found


def erase_name(session: Session, person_id: str) -> bool:
    """False where none was kept."""
    return bool(session.exec(delete(PersonName).where(col(PersonName.person_id) == person_id)).rowcount)


def name_of(session: Session, person_id: str) -> str | None:
    row = session.get(PersonName, person_id)
    return None if row is None else row.name


def principal_of(session: Session, digest: bytes) -> Principal | None:
    """Who holds the token of this digest, unless it was revoked; a suspended person too."""
    query = select(Person).join(Token).where(Token.digest == digest, col(Token.revoked_at).is_(None))
    person = session.exec(query).first()
    return None if person is None else Principal(person.id, Role(person.role))


def working_tokens(session: Session, person_id: str) -> Sequence[str]:
    """Ids of those that are not revoked."""
    query = select(Token.id).where(Token.person_id == person_id, col(Token.revoked_at).is_(None))
    return session.exec(query.order_by(col(Token.created_at), col(Token.id))).all()


def revoke_token(session: Session, token_id: str, *, now: datetime) -> bool:
    """False when there is no such token or it was revoked before."""
    token = session.get(Token, token_id, with_for_update=True)
    if token is None or token.revoked_at is not None:
        return False
    token.revoked_at = now
    session.add(token)
    return True


def tokens(session: Session) -> list[TokenRecord]:
    query = (
        select(Token, Person, PersonName)
        .join(Person, col(Person.id) == col(Token.person_id))
        .join(PersonName, col(PersonName.person_id) == col(Person.id), isouter=True)
        .order_by(col(Token.created_at), col(Token.id))
    )
    return [
        TokenRecord(
            token.id, person.id, name.name if name else None, person.role, token.created_at, token.revoked_at
        )
        for token, person, name in session.exec(query)
    ]


def _held(session: Session, person_id: str) -> Person:
    """The row, until this transaction ends; what only refers to the person need not wait. Raises NotFound."""
    person = session.get(Person, person_id, with_for_update={"key_share": True})
    if person is None:
        raise NotFound(f"person {person_id} does not exist")
    return person
