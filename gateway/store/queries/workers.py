"""Which worker processes are alive, by the heartbeat that each leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, select

from gateway.store.process_tables import Worker


@dataclass(frozen=True, slots=True)
class WorkerRecord:
    """seen_at: its last heartbeat."""

    id: str
    started_at: datetime
    seen_at: datetime


def known(session: Session) -> list[WorkerRecord]:
    """Every worker that has not said that it ends, the freshest first."""
    rows = session.exec(select(Worker).order_by(col(Worker.seen_at).desc()))
    return [WorkerRecord(row.executor_id, row.started_at, row.seen_at) for row in rows]


def beat(session: Session, executor_id: str, *, now: datetime) -> None:
    row = session.get(Worker, executor_id) or Worker(executor_id=executor_id, started_at=now)
    row.seen_at = now
    session.add(row)


def alive(session: Session, *, since: datetime) -> set[str]:
    return set(session.exec(select(Worker.executor_id).where(col(Worker.seen_at) >= since)))


def leave(session: Session, executor_id: str) -> None:
    """A worker that ends says so, instead of being thought alive until its heartbeat is late."""
    session.exec(delete(Worker).where(col(Worker.executor_id) == executor_id))


def forget(session: Session, *, before: datetime) -> None:
    session.exec(delete(Worker).where(col(Worker.seen_at) < before))
