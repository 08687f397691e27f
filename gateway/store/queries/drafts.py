"""Drafts of labels: one for each person and task, until labels of the task are submitted."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, delete, select

from gateway.labels.coco import from_text, to_text
from gateway.labels.model import Label
from gateway.store.label_tables import LabelDraft
from gateway.store.records import DraftRecord


def save(
    session: Session, task_id: str, person_id: str, labels: tuple[Label, ...], *, now: datetime
) -> DraftRecord:
    """In the place of what was drafted before."""
    row = session.get(LabelDraft, (task_id, person_id)) or LabelDraft(
        task_id=task_id, person_id=person_id, labels="", saved_at=now
    )
    row.labels, row.saved_at = to_text(labels), now
    session.add(row)
    session.flush()
    return _record(row)


def of(session: Session, task_id: str, person_id: str) -> DraftRecord | None:
    row = session.get(LabelDraft, (task_id, person_id))
    return None if row is None else _record(row)


def tasks_of(session: Session, person_id: str) -> set[str]:
    """The tasks that a person has a draft of."""
    return set(session.exec(select(LabelDraft.task_id).where(LabelDraft.person_id == person_id)))


def erase(session: Session, task_id: str, person_id: str | None = None) -> int:
    """Erases one person's draft of a task, or everybody's; returns how many there were."""
    statement = delete(LabelDraft).where(col(LabelDraft.task_id) == task_id)
    if person_id is not None:
        statement = statement.where(col(LabelDraft.person_id) == person_id)
    return session.exec(statement).rowcount


def _record(row: LabelDraft) -> DraftRecord:
    return DraftRecord(row.task_id, row.person_id, from_text(row.labels), row.saved_at)
