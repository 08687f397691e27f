"""The workforce as an officer sees it: people page by page, and how the work goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import median

from sqlmodel import Session, col, func, or_, select

from gateway.store.account_tables import Account, Invitation
from gateway.store.label_tables import LabelSubmission, LabelTask
from gateway.store.queries.pages import newest_first
from gateway.store.tables import Person, PersonName
from gateway.store.workforce_tables import GroupMember, WorkGroup
from policies.access import Role

NEWEST = 200
"""Submissions of one person from which the median is taken: how they work now, not how they began."""


class PersonState(StrEnum):
    """TOKEN: no account, a token at most. INVITED: a link that was not used and has not ended."""

    ACTIVE = "active"
    INVITED = "invited"
    TOKEN = "token"  # noqa: S105  (a word)
    DISABLED = "disabled"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """login, seen_at: None without an account, or before it was first used."""

    id: str
    role: Role
    name: str | None
    login: str | None
    created_at: datetime
    seen_at: datetime | None
    state: PersonState


@dataclass(frozen=True, slots=True)
class Work:
    """claimed: tasks that they have right now. submitted: since the time asked for. seconds: the median of
    their newest submissions, None where none was timed.
    """

    claimed: int = 0
    submitted: int = 0
    seconds: int | None = None


def person(session: Session, person_id: str, *, now: datetime) -> PersonRow | None:
    rows = _people(session, [person_id], now=now)
    return rows[0] if rows else None


def meant(session: Session, text: str) -> Sequence[str]:
    """Ids of the people whose id or user name this is; otherwise of those whose name it is, two at most."""
    exact = (
        select(Person.id)
        .join(Account, col(Account.person_id) == col(Person.id), isouter=True)
        .where(or_(Person.id == text, Account.login == text.lower()))
    )
    if found := session.exec(exact.limit(1)).all():
        return found
    named = select(PersonName.person_id).where(func.lower(PersonName.name) == text.lower())
    return session.exec(named.limit(2)).all()


def people_page(
    session: Session,
    *,
    now: datetime,
    role: Role | None = None,
    suspended: bool = False,
    before: tuple[datetime, str] | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int,
) -> tuple[list[PersonRow], bool, bool]:
    """The newest first: a page, and whether newer and older ones are there. before, after: time and id of
    the row at which the page begins to be older, or newer.
    """
    query = select(Person.id, Person.created_at)
    if role is not None:
        query = query.where(Person.role == role.value)
    if suspended:
        query = query.where(col(Person.suspended_at).is_not(None))
    ids, newer, older = newest_first(
        session,
        query,
        col(Person.created_at),
        col(Person.id),
        before=before,
        after=after,
        limit=limit,
    )
    return _people(session, ids, now=now), newer, older


def members(session: Session, group_id: str, *, now: datetime) -> list[PersonRow]:
    """Those who joined first first."""
    query = select(GroupMember.person_id).where(GroupMember.group_id == group_id)
    ids = session.exec(query.order_by(col(GroupMember.added_at), col(GroupMember.person_id))).all()
    return _people(session, ids, now=now)


def sizes(session: Session) -> dict[str, int]:
    """How many are in each group."""
    query = select(GroupMember.group_id, func.count()).group_by(col(GroupMember.group_id))
    return dict(session.exec(query).all())


def groups_of(session: Session, person_id: str) -> list[tuple[str, str]]:
    """Ids and names."""
    query = select(WorkGroup.id, WorkGroup.name).join(GroupMember).where(GroupMember.person_id == person_id)
    return list(session.exec(query.order_by(col(WorkGroup.name))).all())


def work_of(session: Session, people: Sequence[str], *, now: datetime, since: datetime) -> dict[str, Work]:
    """How each of these people works."""
    claims = (
        select(LabelTask.holder_id, func.count())
        .where(col(LabelTask.holder_id).in_(people), col(LabelTask.lease_until) > now)
        .group_by(col(LabelTask.holder_id))
    )
    done = (
        select(LabelSubmission.person_id, func.count())
        .where(col(LabelSubmission.person_id).in_(people), col(LabelSubmission.submitted_at) >= since)
        .group_by(col(LabelSubmission.person_id))
    )
    claimed = dict(session.exec(claims).all())
    submitted = dict(session.exec(done).all())
    return {
        each: Work(claimed.get(each, 0), submitted.get(each, 0), _median_seconds(session, each))
        for each in people
    }


def _median_seconds(session: Session, person_id: str) -> int | None:
    query = (
        select(LabelSubmission.seconds)
        .where(LabelSubmission.person_id == person_id)
        .order_by(col(LabelSubmission.submitted_at).desc())
        .limit(NEWEST)
    )
    timed = [seconds for seconds in session.exec(query) if seconds is not None]
    return round(median(timed)) if timed else None


def _people(session: Session, ids: Sequence[str], *, now: datetime) -> list[PersonRow]:
    query = (
        select(Person, PersonName, Account)
        .join(PersonName, col(PersonName.person_id) == col(Person.id), isouter=True)
        .join(Account, col(Account.person_id) == col(Person.id), isouter=True)
        .where(col(Person.id).in_(ids))
    )
    invited = set(
        session.exec(
            select(Invitation.person_id).where(
                col(Invitation.person_id).in_(ids),
                col(Invitation.used_at).is_(None),
                col(Invitation.until) > now,
            )
        )
    )
    rows = {
        found.id: PersonRow(
            found.id,
            Role(found.role),
            name.name if name else None,
            account.login if account else None,
            found.created_at,
            account.seen_at if account else None,
            _state(found, account, invited=found.id in invited),
        )
        for found, name, account in session.exec(query)
    }
    return [rows[person_id] for person_id in ids if person_id in rows]


def _state(found: Person, account: Account | None, *, invited: bool) -> PersonState:
    if found.suspended_at is not None:
        return PersonState.SUSPENDED
    if account is None:
        return PersonState.INVITED if invited else PersonState.TOKEN
    return PersonState.ACTIVE if account.disabled_at is None else PersonState.DISABLED
