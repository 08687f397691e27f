"""Accounts, invitations to make one, and wrong tries at signing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, delete, or_, select

from gateway.errors import Conflict, NotFound
from gateway.store.account_tables import Account, Invitation, SignInTry
from gateway.store.columns import UtcTime
from gateway.store.tables import Person, PersonName, Token
from policies.access import Role

# Known to both databases, and right however many tries come at once.
_TRY: Final = text(
    "INSERT INTO sign_in_try (key, tries, since) VALUES (:key, 1, :now) ON CONFLICT (key) DO UPDATE SET "
    "tries = CASE WHEN sign_in_try.since <= :since THEN 1 ELSE sign_in_try.tries + 1 END, "
    "since = CASE WHEN sign_in_try.since <= :since THEN excluded.since ELSE sign_in_try.since END "
    "RETURNING tries"
).bindparams(bindparam("now", type_=UtcTime), bindparam("since", type_=UtcTime))


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """password: its Argon2id hash. suspended: the person is."""

    person_id: str
    role: Role
    login: str
    password: str
    disabled: bool
    suspended: bool


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """state: "works", "disabled" or "suspended". invited_by: see `tables.Person`."""

    person_id: str
    login: str
    name: str | None
    role: Role
    seen_at: datetime | None
    state: str
    invited_by: str | None


@dataclass(frozen=True, slots=True)
class InvitationRecord:
    id: str
    person_id: str
    role: Role
    until: datetime
    used_at: datetime | None
    invited_by: str | None


def add(session: Session, *, person_id: str, login: str, password: str, now: datetime) -> None:
    """Raises Conflict for a login that is taken, or a person who has an account."""
    if session.exec(select(Account.person_id).where(Account.login == login)).first() is not None:
        raise Conflict("this user name is taken; choose another. Nothing was changed")
    if session.get(Account, person_id) is not None:
        raise Conflict(f"{person_id} has an account already")
    session.add(Account(person_id=person_id, login=login, password=password, created_at=now, password_at=now))
    session.flush()


def by_login(session: Session, login: str) -> AccountRecord | None:
    return _first(session, Account.login == login)


def of_person(session: Session, person_id: str, *, hold: bool = False) -> AccountRecord | None:
    """hold: nobody else changes the account until this transaction ends."""
    if hold:
        session.get(Account, person_id, with_for_update=True)
    return _first(session, Account.person_id == person_id)


def held(session: Session, person_id: str) -> AccountRecord:
    """As `of_person` with hold. Raises NotFound."""
    found = of_person(session, person_id, hold=True)
    if found is None:
        raise NotFound(f"{person_id} has no account")
    return found


def set_password(session: Session, person_id: str, password: str, *, now: datetime) -> None:
    """password: its hash. Raises NotFound."""
    row = _held(session, person_id)
    row.password, row.password_at = password, now
    session.add(row)


def set_disabled(session: Session, person_id: str, at: datetime | None) -> bool:
    """False where it is so already. Raises NotFound."""
    row = _held(session, person_id)
    if (row.disabled_at is None) == (at is None):
        return False
    row.disabled_at = at
    session.add(row)
    return True


def has_role(session: Session, role: Role) -> bool:
    """Whether anybody with this role has an account."""
    query = select(Account.person_id).join(Person).where(Person.role == role.value).limit(1)
    return session.exec(query).first() is not None


def is_another_able(session: Session, role: Role, person_id: str) -> bool:
    """Whether somebody else has this role, and an account or a token that works."""
    signs_in = select(Account.person_id).where(col(Account.disabled_at).is_(None))
    bears = select(Token.person_id).where(col(Token.revoked_at).is_(None))
    query = select(Person.id).where(
        Person.role == role.value,
        Person.id != person_id,
        col(Person.suspended_at).is_(None),
        or_(col(Person.id).in_(signs_in), col(Person.id).in_(bears)),
    )
    return session.exec(query.limit(1)).first() is not None


def erase(session: Session, person_id: str) -> bool:
    """User name and password hash. No session opens without it. False where there was none."""
    return bool(session.exec(delete(Account).where(col(Account.person_id) == person_id)).rowcount)


def listed(session: Session) -> list[ListedAccount]:
    """All of them, by user name."""
    query = (
        select(Account, Person, PersonName)
        .join(Person, col(Person.id) == col(Account.person_id))
        .join(PersonName, col(PersonName.person_id) == col(Person.id), isouter=True)
        .order_by(col(Account.login))
    )
    return [
        ListedAccount(
            person.id,
            account.login,
            name.name if name else None,
            Role(person.role),
            account.seen_at,
            "disabled" if account.disabled_at else "suspended" if person.suspended_at else "works",
            person.invited_by,
        )
        for account, person, name in session.exec(query)
    ]


def invite(
    session: Session,
    *,
    invitation_id: str,
    person_id: str,
    digest: bytes,
    now: datetime,
    until: datetime,
    invited_by: str | None,
) -> None:
    """invited_by: who sees the link; None: the operator."""
    session.add(
        Invitation(
            id=invitation_id,
            person_id=person_id,
            digest=digest,
            created_at=now,
            until=until,
            invited_by=invited_by,
        )
    )
    session.flush()


def invitation(session: Session, digest: bytes, *, hold: bool = False) -> InvitationRecord | None:
    """hold: nobody else can use it until this transaction ends."""
    query = select(Invitation, Person.role).join(Person).where(Invitation.digest == digest)
    if hold:
        query = query.with_for_update(of=Invitation)
    found = session.exec(query).first()
    if found is None:
        return None
    row, role = found
    return InvitationRecord(row.id, row.person_id, Role(role), row.until, row.used_at, row.invited_by)


def use_invitation(session: Session, invitation_id: str, *, now: datetime) -> None:
    row = session.get_one(Invitation, invitation_id)
    row.used_at = now
    session.add(row)


def end_invitations(session: Session, person_id: str, *, now: datetime) -> None:
    """Those of a person that were not used cannot be any more."""
    for row in session.exec(
        select(Invitation).where(Invitation.person_id == person_id, col(Invitation.used_at).is_(None))
    ):
        row.used_at = now
        session.add(row)


def add_try(session: Session, key: str, *, now: datetime, since: datetime) -> int:
    """Counts a try; the count since it began, which is not before `since`. What is over is forgotten."""
    over = select(SignInTry.key).where(col(SignInTry.since) <= since, SignInTry.key != key)
    # Not those that another is forgetting in this moment: two who wait for each other would both fail.
    session.exec(delete(SignInTry).where(col(SignInTry.key).in_(over.with_for_update(skip_locked=True))))
    values = {"key": key, "now": now, "since": since}
    return int(session.connection().execute(_TRY, values).scalar_one())


def take_back_try(session: Session, key: str) -> None:
    """One that was right after all does not count; those before it do."""
    row = session.get(SignInTry, key, with_for_update=True, populate_existing=True)
    if row is not None and row.tries > 0:
        row.tries -= 1
        session.add(row)


def forget_tries(session: Session, key: str) -> None:
    session.exec(delete(SignInTry).where(col(SignInTry.key) == key))


def _held(session: Session, person_id: str) -> Account:
    row = session.get(Account, person_id, with_for_update=True)
    if row is None:
        raise NotFound(f"{person_id} has no account")
    return row


def _first(session: Session, where: object) -> AccountRecord | None:
    found = session.exec(select(Account, Person).join(Person).where(where)).first()  # type: ignore[arg-type]
    if found is None:
        return None
    account, person = found
    return AccountRecord(
        account.person_id,
        Role(person.role),
        account.login,
        account.password,
        account.disabled_at is not None,
        person.suspended_at is not None,
    )
