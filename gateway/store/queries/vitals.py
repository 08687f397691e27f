"""How the installation is doing, in a few counts: for probes, metrics and the doctor. Ids nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, and_, col, func, select

from audit.entry import Entry
from audit.errors import MalformedEntry
from gateway.store.process_tables import Counter, Worker
from gateway.store.tables import Asset, Copy, LogCheckpoint, LogEntry
from policies.lifecycle import AssetState


@dataclass(frozen=True, slots=True)
class WorkVitals:
    """assets: how many, by state. waiting_since: the oldest received one that no worker has begun.

    stuck: how many have been processing since before the time asked for. quarantined: by reason code.
    """

    assets: dict[str, int]
    waiting_since: datetime | None
    stuck: int
    quarantined: dict[str, int]


@dataclass(frozen=True, slots=True)
class LogVitals:
    """sequenced, unsequenced: entries in the tree, and those that wait. oldest: the first of these' time.
    refused: rows that were set aside, since no process of ours wrote them.

    newest: the time of the entry written last. checkpoint_at: when the last checkpoint was made.
    """

    sequenced: int
    unsequenced: int
    refused: int
    oldest: datetime | None
    newest: datetime | None
    checkpoint_at: datetime | None


def work(session: Session, *, stuck_before: datetime) -> WorkVitals:
    counted = session.exec(select(Asset.state, func.count()).group_by(col(Asset.state))).all()
    received = select(func.min(Asset.updated_at)).where(Asset.state == AssetState.RECEIVED.value)
    held = (
        select(Asset.reason, func.count())
        .where(Asset.state == AssetState.QUARANTINED.value)
        .group_by(col(Asset.reason))
    )
    return WorkVitals(
        assets=dict.fromkeys((state.value for state in AssetState), 0) | dict(counted),
        waiting_since=session.exec(received).one(),
        stuck=stuck(session, before=stuck_before),
        quarantined={reason or "none": count for reason, count in session.exec(held)},
    )


def stuck(session: Session, *, before: datetime) -> int:
    """How many images have been processing since before a time."""
    query = select(func.count()).select_from(Asset)
    query = query.where(Asset.state == AssetState.PROCESSING.value, col(Asset.updated_at) < before)
    return session.exec(query).one()


def log(session: Session) -> LogVitals:
    inbox = and_(col(LogEntry.leaf_index).is_(None), col(LogEntry.refused).is_(None))
    first = session.exec(select(LogEntry.entry).where(inbox).order_by(col(LogEntry.id)).limit(1)).first()
    last = session.exec(select(LogEntry.entry).order_by(col(LogEntry.id).desc()).limit(1)).first()
    checkpoint = session.exec(select(LogCheckpoint).order_by(col(LogCheckpoint.size).desc()).limit(1)).first()
    return LogVitals(
        sequenced=checkpoint.size if checkpoint else 0,
        unsequenced=session.exec(select(func.count()).select_from(LogEntry).where(inbox)).one(),
        refused=session.exec(
            select(func.count()).select_from(LogEntry).where(col(LogEntry.refused).is_not(None))
        ).one(),
        oldest=_time(first),
        newest=_time(last),
        checkpoint_at=checkpoint.created_at if checkpoint else None,
    )


def checkpoint_at(session: Session) -> datetime | None:
    """When the newest checkpoint was signed."""
    query = select(LogCheckpoint.created_at).order_by(col(LogCheckpoint.size).desc()).limit(1)
    return session.exec(query).first()


def heartbeats(session: Session) -> Sequence[datetime]:
    """When each worker that ever was gave its last sign."""
    return session.exec(select(Worker.seen_at)).all()


def counters(session: Session, prefix: str) -> dict[str, int]:
    """All counters whose names begin so, by the rest of their names."""
    query = select(Counter).where(col(Counter.name).startswith(prefix, autoescape=True))
    return {row.name.removeprefix(prefix): row.value for row in session.exec(query)}


def newest_sealed(session: Session) -> tuple[tuple[str, bytes] | None, tuple[str, bytes] | None]:
    """Id and wrapped key of one asset and of one copy, if there is any: to try the keys on."""
    asset = session.exec(
        select(Asset.id, Asset.wrapped_key)
        .where(Asset.state != AssetState.ERASED.value)
        .order_by(col(Asset.updated_at).desc())
        .limit(1)
    ).first()
    copy = session.exec(select(Copy.id, Copy.wrapped_key).limit(1)).first()
    return asset, copy


def _time(entry: str | None) -> datetime | None:
    try:
        return None if entry is None else Entry.parse(entry.encode("ascii")).time
    except (MalformedEntry, UnicodeEncodeError):
        return None  # an altered entry is `audit verify`'s to name
