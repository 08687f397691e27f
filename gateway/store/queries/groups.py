"""Groups, who is in them, and what they are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from gateway.errors import Conflict, NotFound
from gateway.store.tables import Grant
from gateway.store.workforce_tables import GroupGrant, GroupMember, MemberGrant, WorkGroup


@dataclass(frozen=True, slots=True)
class GroupRecord:
    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class GroupGrantRecord:
    id: str
    group_id: str
    dataset_id: str
    purpose: str
    until: datetime
    created_at: datetime
    revoked_at: datetime | None


def add(session: Session, *, group_id: str, name: str, created_by: str, now: datetime) -> GroupRecord:
    """Raises Conflict for a name that is taken."""
    if session.exec(select(WorkGroup.id).where(WorkGroup.name == name)).first() is not None:
        raise Conflict("a group of this name exists; choose another name. Nothing was changed")
    session.add(WorkGroup(id=group_id, name=name, created_by=created_by, created_at=now))
    session.flush()
    return GroupRecord(group_id, name, now)


def get(session: Session, group_id: str) -> GroupRecord:
    """Raises NotFound."""
    return _group(session.get(WorkGroup, group_id), group_id)


def hold(session: Session, group_id: str) -> GroupRecord:
    """Until this transaction ends nobody else joins, leaves, or gives it anything. Raises NotFound."""
    return _group(session.get(WorkGroup, group_id, with_for_update=True), group_id)


def all_groups(session: Session) -> list[GroupRecord]:
    """By name."""
    rows = session.exec(select(WorkGroup).order_by(col(WorkGroup.name)))
    return [GroupRecord(row.id, row.name, row.created_at) for row in rows]


def members(session: Session, group_id: str) -> Sequence[str]:
    """Ids of people, those who joined first first."""
    query = select(GroupMember.person_id).where(GroupMember.group_id == group_id)
    return session.exec(query.order_by(col(GroupMember.added_at), col(GroupMember.person_id))).all()


def add_member(session: Session, group_id: str, person_id: str, *, now: datetime) -> None:
    """Raises Conflict for somebody who is in it."""
    if session.get(GroupMember, (group_id, person_id)) is not None:
        raise Conflict(f"{person_id} is in this group already; nothing was changed")
    session.add(GroupMember(group_id=group_id, person_id=person_id, added_at=now))
    session.flush()


def remove_member(session: Session, group_id: str, person_id: str) -> bool:
    row = session.get(GroupMember, (group_id, person_id))
    if row is None:
        return False
    session.delete(row)
    session.flush()
    return True


def add_grant(session: Session, record: GroupGrantRecord, *, created_by: str) -> None:
    session.add(
        GroupGrant(
            id=record.id,
            group_id=record.group_id,
            dataset_id=record.dataset_id,
            purpose=record.purpose,
            until=record.until,
            created_by=created_by,
            created_at=record.created_at,
        )
    )
    session.flush()


def tie(session: Session, group_grant_id: str, grant_id: str) -> None:
    """This grant is one member's of that group's grant."""
    session.add(MemberGrant(grant_id=grant_id, group_grant_id=group_grant_id))
    session.flush()


def live_grants(session: Session, group_id: str, *, now: datetime) -> list[GroupGrantRecord]:
    """Neither revoked nor over."""
    query = select(GroupGrant).where(
        GroupGrant.group_id == group_id, col(GroupGrant.revoked_at).is_(None), col(GroupGrant.until) > now
    )
    return [_grant(row) for row in session.exec(query.order_by(col(GroupGrant.created_at)))]


def grants_of(session: Session, group_id: str) -> list[GroupGrantRecord]:
    """All that it was ever given, the newest first."""
    query = select(GroupGrant).where(GroupGrant.group_id == group_id)
    order = col(GroupGrant.created_at).desc(), col(GroupGrant.id)
    return [_grant(row) for row in session.exec(query.order_by(*order))]


def open_member_grants(
    session: Session,
    *,
    group_id: str | None = None,
    person_id: str | None = None,
    group_grant_id: str | None = None,
) -> Sequence[str]:
    """Ids of members' grants that were not revoked: of a person in a group, or of one grant of a group."""
    query = (
        select(Grant.id)
        .join(MemberGrant, col(MemberGrant.grant_id) == col(Grant.id))
        .join(GroupGrant, col(GroupGrant.id) == col(MemberGrant.group_grant_id))
        .where(col(Grant.revoked_at).is_(None))
        .order_by(col(Grant.id))
    )
    if group_id is not None:
        query = query.where(GroupGrant.group_id == group_id)
    if person_id is not None:
        query = query.where(Grant.person_id == person_id)
    if group_grant_id is not None:
        query = query.where(GroupGrant.id == group_grant_id)
    return session.exec(query).all()


def extend_grant(session: Session, group_grant_id: str, until: datetime) -> None:
    """Raises NotFound, Conflict."""
    row = _open_grant(session, group_grant_id)
    row.until = until
    session.add(row)
    session.flush()


def revoke_grant(session: Session, group_grant_id: str, *, now: datetime) -> None:
    """Raises NotFound, Conflict."""
    row = _open_grant(session, group_grant_id)
    row.revoked_at = now
    session.add(row)
    session.flush()


def _open_grant(session: Session, group_grant_id: str) -> GroupGrant:
    row = session.get(GroupGrant, group_grant_id)
    if row is not None:
        hold(session, row.group_id)  # before its row: joining takes them in the same order
        session.refresh(row, with_for_update=True)
    if row is None:
        raise NotFound(f"grant {group_grant_id} of a group does not exist")
    if row.revoked_at is not None:
        raise Conflict(f"grant {group_grant_id} was revoked before")
    return row


def _group(row: WorkGroup | None, group_id: str) -> GroupRecord:
    if row is None:
        raise NotFound(f"group {group_id} does not exist")
    return GroupRecord(row.id, row.name, row.created_at)


def _grant(row: GroupGrant) -> GroupGrantRecord:
    return GroupGrantRecord(
        row.id, row.group_id, row.dataset_id, row.purpose, row.until, row.created_at, row.revoked_at
    )
