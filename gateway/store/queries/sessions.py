"""Sessions of the console, by the SHA-256 of the cookies that open them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, func, select

from gateway.store.account_tables import Account, ConsoleCookie, ConsoleSession
from gateway.store.tables import Person, PersonName
from policies.access import Role


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """cookie, cookie_until: of the cookie that it was found by. has_older: one before it has no end yet."""

    id: str
    person_id: str
    role: Role
    name: str | None
    login: str
    token_key: bytes
    seen_at: datetime
    rotated_at: datetime
    until: datetime
    ended: bool
    suspended: bool
    disabled: bool
    cookie: int
    cookie_until: datetime | None
    has_older: bool


def add(
    session: Session,
    *,
    session_id: str,
    person_id: str,
    digest: bytes,
    token_key: bytes,
    now: datetime,
    until: datetime,
) -> None:
    session.add(
        ConsoleSession(
            id=session_id,
            person_id=person_id,
            token_key=token_key,
            created_at=now,
            seen_at=now,
            rotated_at=now,
            until=until,
        )
    )
    session.flush()
    _add_cookie(session, session_id, digest, 0)


def _add_cookie(session: Session, session_id: str, digest: bytes, number: int) -> None:
    session.add(ConsoleCookie(digest=digest, session_id=session_id, number=number))
    session.flush()


def by_cookie(session: Session, digest: bytes) -> SessionRecord | None:
    query = (
        select(ConsoleSession, ConsoleCookie, Person, Account)
        .join(ConsoleCookie, col(ConsoleCookie.session_id) == col(ConsoleSession.id))
        .join(Person, col(Person.id) == col(ConsoleSession.person_id))
        .join(Account, col(Account.person_id) == col(Person.id))
        .where(ConsoleCookie.digest == digest)
    )
    found = session.exec(query).first()
    if found is None:
        return None
    row, cookie, person, account = found
    name = session.get(PersonName, person.id)
    return SessionRecord(
        id=row.id,
        person_id=person.id,
        role=Role(person.role),
        name=None if name is None else name.name,
        login=account.login,
        token_key=row.token_key,
        seen_at=row.seen_at,
        rotated_at=row.rotated_at,
        until=row.until,
        ended=row.ended_at is not None,
        suspended=person.suspended_at is not None,
        disabled=account.disabled_at is not None,
        cookie=cookie.number,
        cookie_until=cookie.until,
        has_older=bool(older(session, row.id, cookie.number)),
    )


def touch(session: Session, session_id: str, person_id: str, *, now: datetime) -> None:
    """Somebody is at work in it."""
    session.get_one(ConsoleSession, session_id).seen_at = now
    session.get_one(Account, person_id).seen_at = now
    session.flush()


def rotate(session: Session, session_id: str, digest: bytes, *, due: datetime, now: datetime) -> bool:
    """Adds a cookie where none was added since `due`. The one in use works until the new one comes back."""
    row = session.get_one(ConsoleSession, session_id, with_for_update=True, populate_existing=True)
    if row.rotated_at > due:
        return False
    row.rotated_at = now
    session.add(row)
    newest = select(func.max(ConsoleCookie.number)).where(ConsoleCookie.session_id == session_id)
    _add_cookie(session, session_id, digest, (session.exec(newest).one() or 0) + 1)
    return True


def older(session: Session, session_id: str, number: int) -> Sequence[ConsoleCookie]:
    """Cookies of the session before this one that have no end yet."""
    query = select(ConsoleCookie).where(
        ConsoleCookie.session_id == session_id,
        col(ConsoleCookie.number) < number,
        col(ConsoleCookie.until).is_(None),
    )
    return session.exec(query).all()


def supersede(session: Session, session_id: str, number: int, *, until: datetime) -> None:
    """The cookie of this number has come back: those before it end at `until`."""
    for row in older(session, session_id, number):
        row.until = until
        session.add(row)
    session.flush()


def end(session: Session, session_id: str, *, now: datetime) -> bool:
    """False where it had ended before."""
    row = session.get(ConsoleSession, session_id, with_for_update=True)
    if row is None or row.ended_at is not None:
        return False
    row.ended_at = now
    session.add(row)
    session.flush()
    return True


def end_all(session: Session, person_id: str, *, now: datetime, but: str | None = None) -> int:
    """How many of this person's sessions were open and are not any more."""
    rows = session.exec(
        select(ConsoleSession).where(
            ConsoleSession.person_id == person_id,
            col(ConsoleSession.ended_at).is_(None),
            ConsoleSession.id != (but or ""),
        )
    ).all()
    for row in rows:
        row.ended_at = now
        session.add(row)
    session.flush()
    return sum(row.until > now for row in rows)


def open_others(session: Session, person_id: str, *, but: str, now: datetime, idle: timedelta) -> int:
    """How many of this person's sessions a cookie opens, beside one."""
    query = select(func.count()).where(
        ConsoleSession.person_id == person_id,
        ConsoleSession.id != but,
        col(ConsoleSession.ended_at).is_(None),
        col(ConsoleSession.until) > now,
        col(ConsoleSession.seen_at) > now - idle,
    )
    return session.exec(query).one()


def forget(session: Session, person_id: str, *, before: datetime) -> None:
    """Removes sessions that were to end before then, and their cookies."""
    old: Sequence[str] = session.exec(
        select(ConsoleSession.id).where(
            ConsoleSession.person_id == person_id, col(ConsoleSession.until) < before
        )
    ).all()
    if old:
        session.exec(delete(ConsoleCookie).where(col(ConsoleCookie.session_id).in_(old)))
        session.exec(delete(ConsoleSession).where(col(ConsoleSession.id).in_(old)))
