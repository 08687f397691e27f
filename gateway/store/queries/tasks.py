"""Label tasks: which image is whose to label, and until when.

A released image needs no row until somebody asks for work: rows are made a batch at a time by `make`. So no
way of releasing an image can forget its task, and one that is withdrawn is offered no more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, func, not_, or_, select, update
from sqlmodel.sql.expression import SelectOfScalar

from gateway.errors import NotFound
from gateway.store.label_tables import LabelTask
from gateway.store.queries.pages import by_id
from gateway.store.records import TaskCounts, TaskRecord
from gateway.store.tables import Asset, Dataset
from policies.lifecycle import AssetState

COUNTED = 10_000
"""A list of work counts this far: whoever has more is told so, and waits no longer for it."""

BATCH = 200
"""Tasks made at a time: looking for images without one reads the whole dataset, claiming one does not."""


def get(session: Session, task_id: str, *, lock: bool = False) -> TaskRecord:
    """Raises NotFound. lock: until the transaction's end nobody else changes it."""
    return _record(_row(session, task_id, lock=lock))


def next_open(session: Session, dataset_id: str, *, now: datetime) -> TaskRecord | None:
    """A task that nobody has, locked; one that another transaction is taking is passed over."""
    query = (
        select(LabelTask)
        .join(Asset, col(Asset.id) == col(LabelTask.asset_id))
        .where(
            LabelTask.dataset_id == dataset_id,
            LabelTask.submissions == 0,
            ~_leased(now),
            Asset.state == AssetState.RELEASED.value,
        )
        .order_by(col(LabelTask.id))
        .limit(1)
        .with_for_update(of=LabelTask, skip_locked=True)
    )
    row = session.exec(query).first()
    return None if row is None else _record(row)


def make(session: Session, dataset_id: str, *, new_id: Callable[[], str], now: datetime) -> int:
    """Makes tasks for released images that have none, at most BATCH; returns how many.

    Others who would make this dataset's tasks wait for the transaction's end, and then see these.
    """
    _lock_dataset(session, dataset_id)
    has_task = select(LabelTask.id).where(LabelTask.asset_id == Asset.id).exists()
    query = select(Asset.id).where(
        Asset.dataset_id == dataset_id, Asset.state == AssetState.RELEASED.value, ~has_task
    )
    found = session.exec(query.order_by(col(Asset.id)).limit(BATCH)).all()
    for asset_id in found:
        session.add(LabelTask(id=new_id(), asset_id=asset_id, dataset_id=dataset_id, created_at=now))
    session.flush()
    return len(found)


def hold(
    session: Session,
    task_id: str,
    *,
    person_id: str,
    grant_id: str,
    until: datetime,
    begun: datetime | None = None,
) -> TaskRecord:
    """Gives the task to a person until a time. begun: when they claimed it; left out, as it was."""
    row = _row(session, task_id, lock=True)
    row.claimed_at = begun or row.claimed_at
    row.holder_id, row.grant_id, row.lease_until = person_id, grant_id, until
    return _saved(session, row)


def give_back(session: Session, task_id: str) -> TaskRecord:
    row = _row(session, task_id, lock=True)
    row.holder_id = row.grant_id = row.lease_until = None
    return _saved(session, row)


def give_back_of_grant(session: Session, grant_id: str) -> int:
    """Ends every claim that was made under a grant; returns how many rows named it."""
    nobody = {"holder_id": None, "grant_id": None, "lease_until": None}
    return session.exec(update(LabelTask).where(col(LabelTask.grant_id) == grant_id).values(nobody)).rowcount


def give_back_of_person(session: Session, person_id: str) -> int:
    """Ends every claim of a person; returns how many rows named them."""
    nobody = {"holder_id": None, "grant_id": None, "lease_until": None}
    return session.exec(
        update(LabelTask).where(col(LabelTask.holder_id) == person_id).values(nobody)
    ).rowcount


def submitted(session: Session, task_id: str, *, person_id: str) -> TaskRecord:
    """One more submission is there; the claim ends with it."""
    row = _row(session, task_id, lock=True)
    row.submissions += 1
    row.submitter_id = person_id
    row.holder_id = row.grant_id = row.lease_until = None
    return _saved(session, row)


def held_by(session: Session, dataset_id: str, person_id: str, *, now: datetime) -> int:
    """How many of a dataset's tasks the person has right now."""
    query = select(func.count()).select_from(LabelTask)
    mine = and_(LabelTask.dataset_id == dataset_id, LabelTask.holder_id == person_id)
    return session.exec(query.where(mine, _leased(now))).one()


def of_person(
    session: Session, dataset_id: str, person_id: str, *, now: datetime, after: str, limit: int
) -> list[TaskRecord]:
    """The tasks that the person has or was the last to submit, by id, beginning behind `after`."""
    mine = or_(and_(LabelTask.holder_id == person_id, _leased(now)), col(LabelTask.submitter_id) == person_id)
    query = select(LabelTask).where(LabelTask.dataset_id == dataset_id, mine)
    return [_record(row) for row in by_id(session, query, col(LabelTask.id), after=after, limit=limit)]


def held_tasks(session: Session, dataset_id: str, person_id: str, *, now: datetime) -> list[TaskRecord]:
    """What the person has of a dataset right now, by id; never many."""
    query = select(LabelTask).where(
        LabelTask.dataset_id == dataset_id, LabelTask.holder_id == person_id, _leased(now)
    )
    return [_record(row) for row in session.exec(query.order_by(col(LabelTask.id)))]


def submitted_by(
    session: Session, dataset_id: str, person_id: str, *, now: datetime, after: str, limit: int
) -> list[TaskRecord]:
    """The tasks that the person was the last to submit and nobody has right now, by id, behind `after`."""
    query = select(LabelTask).where(
        LabelTask.dataset_id == dataset_id, LabelTask.submitter_id == person_id, not_(_leased(now))
    )
    return [_record(row) for row in by_id(session, query, col(LabelTask.id), after=after, limit=limit)]


def is_any_open(session: Session, dataset_id: str, *, now: datetime) -> bool:
    """Whether there is an image that somebody could claim."""
    released = and_(Asset.dataset_id == dataset_id, Asset.state == AssetState.RELEASED.value)
    free = and_(LabelTask.asset_id == Asset.id, LabelTask.submissions == 0, not_(_leased(now)))
    taken = and_(LabelTask.asset_id == Asset.id, or_(col(LabelTask.submissions) > 0, _leased(now)))
    known = select(Asset.id).join(LabelTask, free).where(released).limit(1)
    if session.exec(known).first() is not None:
        return True
    without = select(Asset.id).where(released, not_(select(LabelTask.id).where(taken).exists())).limit(1)
    return session.exec(without).first() is not None


def count_images(session: Session, dataset_id: str) -> int:
    """Released images of a dataset, at most COUNTED."""
    query = select(Asset.id).where(Asset.dataset_id == dataset_id, Asset.state == AssetState.RELEASED.value)
    return _counted(session, query)


def count_settled(session: Session, dataset_id: str, *, by: str | None = None) -> int:
    """Tasks of a dataset that have labels, or whose last labels are one person's; at most COUNTED."""
    query = select(LabelTask.id).where(LabelTask.dataset_id == dataset_id, col(LabelTask.submissions) > 0)
    if by is not None:
        query = query.where(LabelTask.submitter_id == by)
    return _counted(session, query)


def _counted(session: Session, query: SelectOfScalar[str]) -> int:
    return session.exec(select(func.count()).select_from(query.limit(COUNTED).subquery())).one()


def counts(session: Session, dataset_id: str, *, now: datetime) -> TaskCounts:
    """Of the released images, those without a row included."""
    released = and_(Asset.dataset_id == dataset_id, Asset.state == AssetState.RELEASED.value)
    tasks = select(func.count()).select_from(LabelTask)
    tasks = tasks.join(Asset, col(Asset.id) == col(LabelTask.asset_id)).where(released)
    images = session.exec(select(func.count()).select_from(Asset).where(released)).one()
    claimed = session.exec(tasks.where(_leased(now))).one()
    done = session.exec(tasks.where(col(LabelTask.submissions) > 0, ~_leased(now))).one()
    return TaskCounts(open=images - claimed - done, claimed=claimed, submitted=done)


def _leased(now: datetime) -> ColumnElement[bool]:
    """Not null-safe by itself in a NOT: so the missing lease is asked for by name."""
    return and_(col(LabelTask.lease_until).is_not(None), col(LabelTask.lease_until) > now)


def _lock_dataset(session: Session, dataset_id: str) -> None:
    # Not the lock that a foreign key waits for: uploads go on. SQLite has one writer anyway.
    query = select(Dataset.id).where(Dataset.id == dataset_id).with_for_update(key_share=True)
    session.exec(query).first()


def _row(session: Session, task_id: str, *, lock: bool = False) -> LabelTask:
    row = session.get(LabelTask, task_id, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound(f"task {task_id} does not exist")
    return row


def _saved(session: Session, row: LabelTask) -> TaskRecord:
    session.add(row)
    session.flush()
    return _record(row)


def _record(row: LabelTask) -> TaskRecord:
    return TaskRecord(
        id=row.id,
        asset_id=row.asset_id,
        dataset_id=row.dataset_id,
        holder_id=row.holder_id,
        grant_id=row.grant_id,
        lease_until=row.lease_until,
        claimed_at=row.claimed_at,
        submissions=row.submissions,
        submitter_id=row.submitter_id,
    )
