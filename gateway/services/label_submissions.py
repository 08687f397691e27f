"""Submitted labels: parsed against the image and the label set, kept, never changed.

A correction is one more submission, and the newest counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.errors import Conflict, NotFound
from gateway.labels.coco import Submitted, parse_labels
from gateway.services.ids import new_id
from gateway.services.label_tasks import granted, held, still_granted
from gateway.services.ports import Clock
from gateway.store.database import Database, Unit
from gateway.store.queries import categories, copies, drafts, submissions, tasks
from gateway.store.records import CopyRecord, SubmissionRecord, TaskRecord
from policies.access import Action, Principal, Resource
from policies.model import Size


@dataclass(frozen=True, slots=True)
class Submission:
    """repeated: these labels were there already. ignored: members of the document that were not kept."""

    record: SubmissionRecord
    ignored: tuple[str, ...]
    repeated: bool


class LabelSubmissions:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def submit(self, principal: Principal, task_id: str, document: object) -> Submission:
        """Keeps an image's labels, and ends the claim. document: COCO JSON, parsed from its text.

        The same labels from the same person once more are the same submission, so that a sender whose
        answer was lost may repeat it. Raises NotFound, AccessDenied, InvalidLabels; Conflict when the lease
        is over or the image withdrawn.
        """
        now = self._clock()
        with self._database.reading() as session:
            task = tasks.get(session, task_id)
        resource = Resource("Task", task.id, task.dataset_id)
        grant = granted(self._database, principal, Action.LABEL_SUBMIT, resource, task.dataset_id, now=now)
        copy, parsed = self._parse(task, document)
        if repeated := self._repeated(task, principal, parsed):
            return Submission(repeated, parsed.ignored, repeated=True)
        with self._database.unit() as unit:
            # As it stands now, and until this commits: it was read before, without being held.
            copy = copies.get(unit.session, copy.id, hold=True)
            still_granted(unit, grant)
            task = tasks.get(unit.session, task_id, lock=True)
            held(task, principal, now)
            if not copies.is_released(unit.session, copy, hold=True):
                raise Conflict(f"the image of task {task_id} was withdrawn or made anew; claim it again")
            categories.use(unit.session, task.dataset_id, (label.category for label in parsed.labels))
            record = SubmissionRecord(
                id=new_id("labels"),
                task_id=task.id,
                number=task.submissions + 1,
                dataset_id=task.dataset_id,
                asset_id=task.asset_id,
                copy_id=copy.id,
                person_id=principal.id,
                width=copy.width,
                height=copy.height,
                frames=copy.frames,
                labels=parsed.labels,
                submitted_at=now,
            )
            submissions.add(unit.session, record, seconds=_seconds(unit, task, principal, now))
            tasks.submitted(unit.session, task.id, person_id=principal.id)
            drafts.erase(unit.session, task.id)  # everybody's: the task is settled
            unit.ledger.record(
                actor=principal.id,
                action="labels.submitted",
                subject=record.id,
                task=task.id,
                asset=task.asset_id,
                dataset=task.dataset_id,
                grant=grant.id,
                number=record.number,
                labels=len(record.labels),
            )
        return Submission(record, parsed.ignored, repeated=False)

    def _parse(self, task: TaskRecord, document: object) -> tuple[CopyRecord, Submitted]:
        with self._database.reading() as session:
            copy = copies.newest_of(session, task.asset_id)
            label_set = categories.of(session, task.dataset_id)
        if copy is None:
            raise NotFound(f"task {task.id} has no image any more")
        size = Size(copy.width, copy.height)
        return copy, parse_labels(document, size=size, categories=label_set, frames=copy.frames)

    def _repeated(self, task: TaskRecord, principal: Principal, parsed: Submitted) -> SubmissionRecord | None:
        with self._database.reading() as session:
            last = submissions.newest(session, task.id)
        same = last is not None and last.person_id == principal.id and last.labels == parsed.labels
        return last if same else None


def _seconds(unit: Unit, task: TaskRecord, principal: Principal, now: datetime) -> int | None:
    """How long it took: who claims ten images at once works at them one after the other."""
    last = submissions.last_of(unit.session, principal.id)
    begun = max((time for time in (task.claimed_at, last) if time is not None), default=None)
    return None if begun is None or task.claimed_at is None else round((now - begun).total_seconds())
