"""An annotator's own work: what they may label, for what, until when, and how far they are with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import Session

from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import datasets, drafts, grants, guidelines, tasks
from gateway.store.records import DatasetRecord, GrantRecord, TaskRecord
from policies.access import INSTALLATION, Action, Principal

SETTLED_PAGE: Final = 20
ENDED_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Progress:
    """Of a dataset. done: labelled by anybody. Both stop counting at tasks.COUNTED."""

    done: int
    images: int
    yours: int


@dataclass(frozen=True, slots=True)
class Held:
    """A task of one's own. drafted: something is drawn and not submitted."""

    task: TaskRecord
    drafted: bool


@dataclass(frozen=True, slots=True)
class Workplace:
    """A dataset that one holds a good grant for. is_open: there is an image to claim."""

    dataset: DatasetRecord
    grant: GrantRecord
    held: list[Held]
    progress: Progress
    is_open: bool
    guideline: int | None


@dataclass(frozen=True, slots=True)
class Ended:
    """A dataset that one may not open any more."""

    dataset: DatasetRecord
    grant: GrantRecord


@dataclass(frozen=True, slots=True)
class Work:
    open: list[Workplace]
    ended: list[Ended]


class MyWork:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def overview(self, principal: Principal) -> Work:
        """Raises AccessDenied."""
        now = self._clock()
        authorize(self._database, principal, Action.WORK_LIST, INSTALLATION, now=now)
        with self._database.reading() as session:
            best = _best(grants.of(session, person_id=principal.id))
            good = [grant for grant in best if _lasts(grant, now)]
            over = [grant for grant in best if not _lasts(grant, now)][:ENDED_SHOWN]
            written = guidelines.numbers(session, [grant.dataset_id for grant in good])
            drafted = drafts.tasks_of(session, principal.id)
            places = [
                self._place(session, grant, drafted, written.get(grant.dataset_id), now) for grant in good
            ]
            ended = [Ended(datasets.get(session, grant.dataset_id), grant) for grant in over]
        return Work(places, ended)

    def submitted(self, principal: Principal, dataset_id: str, *, after: str = "") -> list[TaskRecord]:
        """A page of the tasks that one was the last to submit, by id. Raises AccessDenied."""
        now = self._clock()
        authorize(self._database, principal, Action.WORK_LIST, INSTALLATION, now=now)
        with self._database.reading() as session:
            return tasks.submitted_by(
                session, dataset_id, principal.id, now=now, after=after, limit=SETTLED_PAGE
            )

    def _place(
        self, session: Session, grant: GrantRecord, drafted: set[str], written: int | None, now: datetime
    ) -> Workplace:
        found = tasks.held_tasks(session, grant.dataset_id, grant.person_id, now=now)
        return Workplace(
            dataset=datasets.get(session, grant.dataset_id),
            grant=grant,
            held=[Held(task, task.id in drafted) for task in found],
            progress=Progress(
                done=tasks.count_settled(session, grant.dataset_id),
                images=tasks.count_images(session, grant.dataset_id),
                yours=tasks.count_settled(session, grant.dataset_id, by=grant.person_id),
            ),
            is_open=tasks.is_any_open(session, grant.dataset_id, now=now),
            guideline=written,
        )


def _best(found: list[GrantRecord]) -> list[GrantRecord]:
    """One a dataset, the one that speaks most for its holder; what ends first stands first."""
    best: dict[str, GrantRecord] = {}
    for grant in found:
        other = best.get(grant.dataset_id)
        if other is None or _weight(grant) > _weight(other):
            best[grant.dataset_id] = grant
    return sorted(best.values(), key=lambda grant: (grant.until, grant.id))


def _weight(grant: GrantRecord) -> tuple[bool, datetime]:
    return grant.revoked_at is None, grant.until


def _lasts(grant: GrantRecord, now: datetime) -> bool:
    return grant.revoked_at is None and grant.until > now
