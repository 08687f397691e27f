"""Drafts: kept through reloads and lease ends, their author's alone, gone with the submission."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from gateway.errors import AccessDenied, Conflict, NotFound
from gateway.labels.coco import InvalidLabels
from gateway.services.label_drafts import LabelDrafts
from gateway.store.database import Database
from gateway.store.queries import grants, people
from policies.access import Principal, Role
from tests.gateway.services.test_label_services import DOCUMENT, GOVERNOR, READER, Desk
from tests.gateway.store.rows import DATASET, NOW, OFFICER, grant_record

OTHER: Final = Principal("person-other", Role.ANNOTATOR)
MORE: Final[dict[str, Any]] = {
    "annotations": [*DOCUMENT["annotations"], {"id": 2, "category_id": 1, "bbox": [1, 1, 2, 2]}]
}


def desk_with_other(database: Database) -> Desk:
    """Two annotators with grants of one dataset of one image."""
    desk = Desk(database, 1)
    with database.unit() as unit:
        people.add_person(unit.session, person_id=OTHER.id, role=OTHER.role, name=None, now=NOW)
        grant = grant_record("grant-2", person_id=OTHER.id, until=NOW + timedelta(hours=2))
        grants.add(unit.session, grant, created_by=OFFICER)
    return desk


def drafts_of(desk: Desk) -> LabelDrafts:
    return LabelDrafts(desk.database, desk.clock)


def test_a_draft_takes_the_place_of_the_one_before_and_is_no_entry(database: Database) -> None:
    desk = Desk(database, 1)
    task = desk.claim().task.id
    before = desk.actions()
    drafts = drafts_of(desk)
    assert drafts.read(READER, task) == ()
    drafts.save(READER, task, DOCUMENT)
    record = drafts.save(READER, task, MORE)
    assert record.saved_at == desk.now
    assert [label.number for label in drafts.read(READER, task)] == [1, 2]
    assert desk.actions() == before


def test_a_draft_outlives_the_lease_and_goes_on_with_the_next_claim(database: Database) -> None:
    desk = Desk(database, 1)
    task, drafts = desk.claim().task.id, drafts_of(desk)
    drafts.save(READER, task, DOCUMENT)
    desk.now += timedelta(minutes=31)
    with pytest.raises(Conflict, match="claim it again"):
        drafts.save(READER, task, MORE)
    desk.claim(task_id=task)
    assert len(drafts.read(READER, task)) == 1


def test_nobody_reads_the_draft_of_somebody_else(database: Database) -> None:
    desk = desk_with_other(database)
    task, drafts = desk.claim().task.id, drafts_of(desk)
    drafts.save(READER, task, DOCUMENT)
    desk.now += timedelta(minutes=31)
    assert desk.tasks.claim(OTHER, DATASET, task_id=task) is not None
    assert drafts.read(OTHER, task) == ()


def test_a_submission_erases_every_draft_of_its_task_and_is_what_a_correction_begins_with(
    database: Database,
) -> None:
    desk = desk_with_other(database)
    task, drafts = desk.claim().task.id, drafts_of(desk)
    drafts.save(READER, task, MORE)
    desk.now += timedelta(minutes=31)
    desk.tasks.claim(OTHER, DATASET, task_id=task)
    drafts.save(OTHER, task, DOCUMENT)
    desk.submissions.submit(OTHER, task, DOCUMENT)
    assert drafts.read(READER, task) == ()  # neither the draft, nor what somebody else submitted
    assert len(drafts.read(OTHER, task)) == 1


def test_what_is_no_label_is_not_kept_as_a_draft(database: Database) -> None:
    desk = Desk(database, 1)
    task, drafts = desk.claim().task.id, drafts_of(desk)
    with pytest.raises(InvalidLabels):
        drafts.save(READER, task, {"annotations": [{"id": 1, "category_id": 9, "bbox": [0, 0, 1, 1]}]})
    assert drafts.read(READER, task) == ()


def test_one_may_begin_anew(database: Database) -> None:
    desk = Desk(database, 1)
    task, drafts = desk.claim().task.id, drafts_of(desk)
    drafts.save(READER, task, DOCUMENT)
    drafts.discard(READER, task)
    assert drafts.read(READER, task) == ()


def test_without_a_grant_there_is_no_draft_and_an_entry(database: Database) -> None:
    desk = Desk(database, 1)
    task, drafts = desk.claim().task.id, drafts_of(desk)
    desk.grants.revoke(GOVERNOR, "grant-1")
    for ask in (
        lambda: drafts.read(READER, task),
        lambda: drafts.save(READER, task, DOCUMENT),
        lambda: drafts.discard(READER, task),
    ):
        with pytest.raises(AccessDenied, match=r"grant\.revoked"):
            ask()
    assert desk.actions()[-3:] == ["access.denied"] * 3
    with pytest.raises(NotFound):
        drafts.read(READER, "task-of-nobody")
