"""Parts of the vault that cannot be reached, and since when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, delete, select

from gateway.store.process_tables import Outage


def begin(session: Session, part: str, *, now: datetime) -> datetime:
    """Returns since when it is away: from now, or from when it was noticed first."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # Of two workers that notice it at once the first one's time stands.
    session.connection().execute(insert(Outage).values(part=part, since=now).on_conflict_do_nothing())
    return session.exec(select(Outage.since).where(Outage.part == part)).one()


def end(session: Session, part: str) -> bool:
    """Whether it was away."""
    return session.exec(delete(Outage).where(col(Outage.part) == part)).rowcount > 0


def all_of(session: Session) -> dict[str, datetime]:
    """By part."""
    return {row.part: row.since for row in session.exec(select(Outage).order_by(col(Outage.part)))}
