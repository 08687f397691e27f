"""Label tasks: one image after another to whoever holds a grant, for as long as a lease lasts.

The grant decides whether somebody may (Cedar; a refusal is 403 and an entry), the lease whose turn it is (a
conflict). A lease never outlasts its grant; when it ends the task is open again, without anything that runs.
Nothing here tells what was hidden in an image, nor where.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from gateway.errors import AccessDenied, Conflict, NotFound
from gateway.labels.model import Category, TaskState
from gateway.services.authorize import authorize
from gateway.services.ids import new_id
from gateway.services.ports import Clock
from gateway.store.database import Database, Unit
from gateway.store.queries import assets, categories, copies, datasets, grants, tasks
from gateway.store.records import CopyRecord, GrantRecord, TaskCounts, TaskRecord
from policies.access import Action, Principal, Resource
from policies.lifecycle import AssetState

LEASE_SECONDS: Final = 1_800
MAX_LEASE_SECONDS: Final = 14_400
"""Half a working day: a forgotten task comes back the same day."""

MAX_HELD: Final = 20
"""Tasks that one person may have at once in a dataset, so that nobody takes all of them."""

PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as one person sees it. copy: the newest one, whose content the broker delivers."""

    task: TaskRecord
    copy: CopyRecord
    state: TaskState
    yours: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """tasks: the asker's own, those they have and those they submitted; next: for the page behind it."""

    counts: TaskCounts
    categories: list[Category]
    tasks: list[TaskView]
    next: str | None


class LabelTasks:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def overview(self, principal: Principal, dataset_id: str, *, after: str = "") -> Overview:
        """How far the dataset is, and a page of one's own tasks. Raises NotFound, AccessDenied."""
        now = self._clock()
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
            grant = grants.best_for(session, person_id=principal.id, dataset_id=dataset_id)
        # An officer needs no grant to see how far the work is.
        resource = Resource("Dataset", dataset_id)
        authorize(self._database, principal, Action.TASK_LIST, resource, now=now, grant=grant)
        with self._database.reading() as session:
            counts = tasks.counts(session, dataset_id, now=now)
            own = tasks.of_person(session, dataset_id, principal.id, now=now, after=after, limit=PAGE)
            label_set = categories.of(session, dataset_id)
            views = [_view(task, _newest_copy(session, task), principal, now) for task in own]
        return Overview(counts, label_set, views, own[-1].id if len(own) == PAGE else None)

    def read(self, principal: Principal, task_id: str) -> TaskView:
        """Raises NotFound, AccessDenied."""
        now = self._clock()
        self._acting(principal, Action.TASK_READ, task_id, now)
        with self._database.reading() as session:
            task = tasks.get(session, task_id)
            return _view(task, _newest_copy(session, task), principal, now)

    def claim(
        self, principal: Principal, dataset_id: str, *, seconds: int = LEASE_SECONDS, task_id: str | None
    ) -> TaskView | None:
        """The next open task, or the one named; None when none is open. Of two claimers never both get one.

        Raises NotFound, AccessDenied; Conflict where the dataset has no label set, the person has
        MAX_HELD tasks, or the task named is somebody else's, of another dataset or withdrawn.
        """
        now = self._clock()
        grant = self._claiming(principal, dataset_id, now)
        until = _lease_end(grant, now, seconds)
        with self._database.unit() as unit:
            still_granted(unit, grant)
            if not categories.of(unit.session, dataset_id):
                raise Conflict("the dataset has no label set yet; an officer gives it one")
            if tasks.held_by(unit.session, dataset_id, principal.id, now=now) >= MAX_HELD:
                raise Conflict(f"you have {MAX_HELD} tasks of this dataset; submit or release one first")
            if task_id is None:
                task = self._next(unit, dataset_id, now)
            else:
                task = self._named(unit, principal, dataset_id, task_id, now)
            if task is None:
                return None
            task = tasks.hold(
                unit.session, task.id, person_id=principal.id, grant_id=grant.id, until=until, begun=now
            )
            _record(unit, principal, "task.claimed", task, grant=grant.id, until=int(until.timestamp()))
            return _view(task, _newest_copy(unit.session, task), principal, now)

    def renew(self, principal: Principal, task_id: str, *, seconds: int = LEASE_SECONDS) -> TaskView:
        """The lease, counted anew from now. Raises NotFound, AccessDenied, Conflict when it is over."""
        now = self._clock()
        grant = self._acting(principal, Action.TASK_RENEW, task_id, now)
        until = _lease_end(grant, now, seconds)
        with self._database.unit() as unit:
            still_granted(unit, grant)
            held(tasks.get(unit.session, task_id, lock=True), principal, now)
            task = tasks.hold(unit.session, task_id, person_id=principal.id, grant_id=grant.id, until=until)
            _record(unit, principal, "task.renewed", task, grant=grant.id, until=int(until.timestamp()))
            return _view(task, _newest_copy(unit.session, task), principal, now)

    def release(self, principal: Principal, task_id: str) -> TaskView:
        """Gives the task back before its lease ends. Raises NotFound, AccessDenied, Conflict."""
        now = self._clock()
        self._acting(principal, Action.TASK_RELEASE, task_id, now)
        with self._database.unit() as unit:
            held(tasks.get(unit.session, task_id, lock=True), principal, now)
            task = tasks.give_back(unit.session, task_id)
            _record(unit, principal, "task.released", task)
            return _view(task, _newest_copy(unit.session, task), principal, now)

    def _next(self, unit: Unit, dataset_id: str, now: datetime) -> TaskRecord | None:
        found = tasks.next_open(unit.session, dataset_id, now=now)
        if found is None:
            tasks.make(unit.session, dataset_id, new_id=lambda: new_id("task"), now=now)
            found = tasks.next_open(unit.session, dataset_id, now=now)
        return found

    def _named(
        self, unit: Unit, principal: Principal, dataset_id: str, task_id: str, now: datetime
    ) -> TaskRecord:
        """To go on after a lease that ended, or to correct one's own labels."""
        task = tasks.get(unit.session, task_id, lock=True)
        if task.dataset_id != dataset_id:
            raise Conflict(f"task {task_id} is not one of dataset {dataset_id}")
        if assets.get(unit.session, task.asset_id).state is not AssetState.RELEASED:
            raise Conflict(f"the image of task {task_id} is withdrawn")
        state = task.state(now=now)
        if state is TaskState.CLAIMED and task.holder_id != principal.id:
            raise Conflict(f"task {task_id} is claimed by somebody else; claim another one")
        if state is TaskState.SUBMITTED and task.submitter_id != principal.id:
            raise Conflict(f"task {task_id} was submitted by somebody else; claim another one")
        return task

    def _claiming(self, principal: Principal, dataset_id: str, now: datetime) -> GrantRecord:
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
        resource = Resource("Dataset", dataset_id)
        return granted(self._database, principal, Action.TASK_CLAIM, resource, dataset_id, now=now)

    def _acting(self, principal: Principal, action: Action, task_id: str, now: datetime) -> GrantRecord:
        with self._database.reading() as session:
            dataset_id = tasks.get(session, task_id).dataset_id
        resource = Resource("Task", task_id, dataset_id)
        return granted(self._database, principal, action, resource, dataset_id, now=now)


def granted(
    database: Database,
    principal: Principal,
    action: Action,
    resource: Resource,
    dataset_id: str,
    *,
    now: datetime,
) -> GrantRecord:
    """The grant under which the person may. Raises AccessDenied, recorded, without one that is good."""
    with database.reading() as session:
        grant = grants.best_for(session, person_id=principal.id, dataset_id=dataset_id)
    authorize(database, principal, action, resource, now=now, grant=grant)
    if grant is None:  # no rule allows it; were there one, there would still be nothing to lease under
        raise AccessDenied("grant.none")
    return grant


def still_granted(unit: Unit, grant: GrantRecord) -> None:
    """Holds the grant until this act commits: a revocation comes wholly before it, or wholly after it.

    Before any task is held: a revocation holds the grant first, and then the tasks claimed under it.
    Raises Conflict where it was taken back after it was looked at.
    """
    if grants.is_revoked(unit.session, grant.id):
        raise Conflict("the grant was taken back just now; nothing was changed")


def held(task: TaskRecord, principal: Principal, now: datetime) -> None:
    """Raises Conflict unless the task is this person's right now."""
    if not task.is_held_by(principal.id, now=now):
        raise Conflict(
            f"task {task.id} is not yours now: its lease ended, or it was given back. Nothing was changed; "
            "claim it again by its id, if nobody else has it, and repeat what you did"
        )


def _lease_end(grant: GrantRecord, now: datetime, seconds: int) -> datetime:
    """Never later than the grant's end."""
    return min(now + timedelta(seconds=seconds), grant.until)


def _view(task: TaskRecord, copy: CopyRecord, principal: Principal, now: datetime) -> TaskView:
    return TaskView(task, copy, task.state(now=now), task.is_held_by(principal.id, now=now))


def _newest_copy(session: Session, task: TaskRecord) -> CopyRecord:
    """Raises NotFound where the asset was erased with its copies."""
    copy = copies.newest_of(session, task.asset_id)
    if copy is None:
        raise NotFound(f"task {task.id} has no image any more")
    return copy


def _record(unit: Unit, principal: Principal, action: str, task: TaskRecord, **details: str | int) -> None:
    unit.ledger.record(
        actor=principal.id,
        action=action,
        subject=task.id,
        asset=task.asset_id,
        dataset=task.dataset_id,
        **details,
    )
