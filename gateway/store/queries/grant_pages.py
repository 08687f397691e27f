"""Grants as an officer reads them: with the names of people, datasets and groups, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from gateway.store.queries.pages import newest_first
from gateway.store.tables import Dataset, Grant, Person, PersonName
from gateway.store.workforce_tables import GroupGrant, MemberGrant, WorkGroup


@dataclass(frozen=True, slots=True)
class GrantRow:
    """group: the name of the group that it came with, if it did."""

    id: str
    person_id: str
    person_name: str | None
    suspended: bool
    dataset_id: str
    dataset_name: str
    purpose: str
    until: datetime
    created_at: datetime
    revoked_at: datetime | None
    group_id: str | None
    group_name: str | None


def grants_page(
    session: Session,
    *,
    now: datetime,
    dataset_id: str | None = None,
    person_id: str | None = None,
    live: bool = True,
    before: tuple[datetime, str] | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int,
) -> tuple[list[GrantRow], bool, bool]:
    """The newest first, as `workforce.people_page`. live: neither revoked nor over."""
    query = select(Grant.id, Grant.created_at)
    if dataset_id is not None:
        query = query.where(Grant.dataset_id == dataset_id)
    if person_id is not None:
        query = query.where(Grant.person_id == person_id)
    if live:
        query = query.where(col(Grant.revoked_at).is_(None), col(Grant.until) > now)
    ids, newer, older = newest_first(
        session,
        query,
        col(Grant.created_at),
        col(Grant.id),
        before=before,
        after=after,
        limit=limit,
    )
    return _rows(session, ids), newer, older


def live_by_dataset(session: Session, *, now: datetime) -> dict[str, int]:
    """How many people have each dataset right now."""
    query = (
        select(Grant.dataset_id, func.count(func.distinct(Grant.person_id)))
        .where(col(Grant.revoked_at).is_(None), col(Grant.until) > now)
        .group_by(col(Grant.dataset_id))
    )
    return dict(session.exec(query).all())


def _rows(session: Session, ids: Sequence[str]) -> list[GrantRow]:
    query = (
        select(Grant, Person, Dataset)
        .join(Person, col(Person.id) == col(Grant.person_id))
        .join(Dataset, col(Dataset.id) == col(Grant.dataset_id))
        .where(col(Grant.id).in_(ids))
    )
    came = {
        grant_id: (group_id, name)
        for grant_id, group_id, name in session.exec(
            select(MemberGrant.grant_id, WorkGroup.id, WorkGroup.name)
            .join(GroupGrant, col(GroupGrant.id) == col(MemberGrant.group_grant_id))
            .join(WorkGroup, col(WorkGroup.id) == col(GroupGrant.group_id))
            .where(col(MemberGrant.grant_id).in_(ids))
        )
    }
    found = session.exec(query).all()
    names = dict(
        session.exec(
            select(PersonName.person_id, PersonName.name).where(
                col(PersonName.person_id).in_([grant.person_id for grant, _, _ in found])
            )
        ).all()
    )
    rows = {
        grant.id: GrantRow(
            grant.id,
            grant.person_id,
            names.get(grant.person_id),
            who.suspended_at is not None,
            dataset.id,
            dataset.name,
            grant.purpose,
            grant.until,
            grant.created_at,
            grant.revoked_at,
            *came.get(grant.id, (None, None)),
        )
        for grant, who, dataset in found
    }
    return [rows[grant_id] for grant_id in ids]
