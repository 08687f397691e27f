"""Drafts: what an annotator has drawn so far, kept here so that a reload or the end of a lease loses nothing.

A draft is parsed as a submission is, so it holds labels and nothing else, those of all frames. It is its
author's alone, and goes when labels of its task are submitted. Keeping one is no entry: the log would hold
little else.
"""

from __future__ import annotations

from gateway.errors import NotFound
from gateway.labels.coco import parse_labels
from gateway.labels.model import Label
from gateway.services.label_tasks import granted, held
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import categories, copies, drafts, submissions, tasks
from gateway.store.records import DraftRecord, TaskRecord
from policies.access import Action, Principal, Resource
from policies.model import Size


class LabelDrafts:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def save(self, principal: Principal, task_id: str, document: object) -> DraftRecord:
        """Keeps a draft in the place of the one before. document: COCO JSON, as it would be submitted.

        Raises NotFound, AccessDenied, InvalidLabels, Conflict when the lease is over.
        """
        now, task = self._clock(), self._opened(principal, task_id)
        labels = self._parsed(task, document)
        with self._database.unit() as unit:
            held(tasks.get(unit.session, task_id, lock=True), principal, now)
            return drafts.save(unit.session, task_id, principal.id, labels, now=now)

    def read(self, principal: Principal, task_id: str) -> tuple[Label, ...]:
        """What to go on from: one's draft; without one what was submitted last; else nothing.

        Raises NotFound, AccessDenied.
        """
        self._opened(principal, task_id)
        with self._database.reading() as session:
            draft = drafts.of(session, task_id, principal.id)
            last = submissions.newest(session, task_id)
        if draft is not None:
            return draft.labels
        return last.labels if last is not None and last.person_id == principal.id else ()

    def discard(self, principal: Principal, task_id: str) -> None:
        """Erases one's own draft, if there is one. Raises NotFound, AccessDenied."""
        self._opened(principal, task_id)
        with self._database.unit() as unit:
            drafts.erase(unit.session, task_id, principal.id)

    def _opened(self, principal: Principal, task_id: str) -> TaskRecord:
        with self._database.reading() as session:
            task = tasks.get(session, task_id)
        resource = Resource("Task", task.id, task.dataset_id)
        now = self._clock()
        granted(self._database, principal, Action.LABEL_DRAFT, resource, task.dataset_id, now=now)
        return task

    def _parsed(self, task: TaskRecord, document: object) -> tuple[Label, ...]:
        with self._database.reading() as session:
            copy = copies.newest_of(session, task.asset_id)
            label_set = categories.of(session, task.dataset_id)
        if copy is None:
            raise NotFound(f"task {task.id} has no image any more")
        size = Size(copy.width, copy.height)
        return parse_labels(document, size=size, categories=label_set, frames=copy.frames).labels
