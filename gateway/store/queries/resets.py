"""Links by which somebody who has an account sets another password."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from gateway.store.account_tables import PasswordReset


@dataclass(frozen=True, slots=True)
class ResetRecord:
    """open: neither used nor ended; its time may be over all the same."""

    id: str
    person_id: str
    until: datetime
    open: bool


def add(
    session: Session,
    *,
    reset_id: str,
    person_id: str,
    offered_by: str,
    digest: bytes,
    now: datetime,
    until: datetime,
) -> None:
    session.add(
        PasswordReset(
            id=reset_id,
            person_id=person_id,
            offered_by=offered_by,
            digest=digest,
            created_at=now,
            until=until,
        )
    )
    session.flush()


def find(session: Session, digest: bytes, *, hold: bool = False) -> ResetRecord | None:
    """hold: nobody else can use it until this transaction ends."""
    query = select(PasswordReset).where(PasswordReset.digest == digest)
    if hold:
        query = query.with_for_update()
    row = session.exec(query).first()
    return None if row is None else ResetRecord(row.id, row.person_id, row.until, row.ended_at is None)


def use(session: Session, reset_id: str, *, now: datetime) -> None:
    row = session.get_one(PasswordReset, reset_id)
    row.used_at = row.ended_at = now
    session.add(row)


def end_all(session: Session, person_id: str, *, now: datetime) -> None:
    """Those of a person that were not used cannot be any more."""
    for row in session.exec(
        select(PasswordReset).where(
            PasswordReset.person_id == person_id, col(PasswordReset.ended_at).is_(None)
        )
    ):
        row.ended_at = now
        session.add(row)


def last_offered_by(session: Session, person_id: str) -> str | None:
    """Who made the link by which this person's password was set last; None where none was by a link."""
    query = (
        select(PasswordReset.offered_by)
        .where(PasswordReset.person_id == person_id, col(PasswordReset.used_at).is_not(None))
        .order_by(col(PasswordReset.used_at).desc(), col(PasswordReset.id))
    )
    return session.exec(query.limit(1)).first()
