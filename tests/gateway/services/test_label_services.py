"""Tasks and submissions where journeys cannot look: clocks that jump, races, the order of effects."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from gateway.errors import AccessDenied, Conflict
from gateway.labels.model import Category, LabelFormat
from gateway.services.grants import Grants
from gateway.services.label_export import LabelExport
from gateway.services.label_sets import LabelSets
from gateway.services.label_submissions import LabelSubmissions
from gateway.services.label_tasks import MAX_HELD, LabelTasks, TaskView
from gateway.store.database import Database
from gateway.store.queries import assets, copies, grants, submissions, tasks
from gateway.store.records import SubmissionRecord, TaskRecord
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from tests.gateway.store.rows import ANNOTATOR, DATASET, NOW, OFFICER, entries, grant_record, release, seed

READER = Principal(ANNOTATOR, Role.ANNOTATOR)
GOVERNOR = Principal(OFFICER, Role.OFFICER)
DOCUMENT = {"annotations": [{"id": 1, "category_id": 1, "bbox": [0, 0, 4, 3]}]}


class Desk:
    """The services over one database. now: what they take the time to be."""

    def __init__(self, database: Database, images: int) -> None:
        self.database = database
        self.now = NOW
        seed(database)
        self.tasks = LabelTasks(database, self.clock)
        self.submissions = LabelSubmissions(database, self.clock)
        self.export = LabelExport(database, self.clock)
        self.grants = Grants(database, self.clock)
        with database.unit() as unit:
            grants.add(
                unit.session, grant_record("grant-1", until=NOW + timedelta(hours=1)), created_by=OFFICER
            )
            for number in range(images):
                release(unit.session, f"asset-{number:02}", f"copy-{number:02}")
        LabelSets(database, self.clock).replace(GOVERNOR, DATASET, [Category(1, "car")])

    def clock(self) -> datetime:
        return self.now

    def claim(self, *, task_id: str | None = None) -> TaskView:
        view = self.tasks.claim(READER, DATASET, task_id=task_id)
        assert view is not None
        return view

    def actions(self) -> list[str]:
        return [entry.action for entry in entries(self.database)]


def test_a_lease_ends_at_its_second_and_never_after_the_grant(database: Database) -> None:
    desk = Desk(database, 1)
    view = desk.claim()
    assert view.task.lease_until == NOW + timedelta(minutes=30)
    desk.now = NOW + timedelta(minutes=50)
    again = desk.claim(task_id=view.task.id)
    assert again.task.lease_until == NOW + timedelta(hours=1)
    desk.now = NOW + timedelta(hours=1)
    with pytest.raises(AccessDenied, match=r"grant\.expired"):
        desk.submissions.submit(READER, view.task.id, DOCUMENT)


def test_what_a_lease_forbids_is_a_conflict_and_what_a_grant_forbids_a_denial(database: Database) -> None:
    desk = Desk(database, 1)
    task = desk.claim().task.id
    desk.now = NOW + timedelta(minutes=30)
    with pytest.raises(Conflict, match="claim it again"):
        desk.submissions.submit(READER, task, DOCUMENT)
    assert desk.actions() == ["labels.defined", "task.claimed"]  # a conflict is no entry
    desk.grants.revoke(GOVERNOR, "grant-1")
    with pytest.raises(AccessDenied, match=r"grant\.revoked"):
        desk.submissions.submit(READER, task, DOCUMENT)
    assert desk.actions()[-2:] == ["grant.revoked", "access.denied"]


def test_a_grant_taken_back_between_the_question_and_the_act_ends_the_act(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(database, 2)
    task = desk.claim().task.id
    with database.reading() as session:
        read = grants.best_for(session, person_id=ANNOTATOR, dataset_id=DATASET)
    desk.grants.revoke(GOVERNOR, "grant-1")
    monkeypatch.setattr(grants, "best_for", lambda *_, **__: read)  # what was read a moment before
    with pytest.raises(Conflict, match="taken back just now"):
        desk.claim()
    with pytest.raises(Conflict, match="taken back just now"):
        desk.claim(task_id=task)
    with pytest.raises(Conflict):
        desk.submissions.submit(READER, task, DOCUMENT)
    assert desk.actions() == ["labels.defined", "task.claimed", "grant.revoked"]


def test_nobody_takes_back_a_grant_while_an_act_under_it_commits(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(database, 1)
    task = desk.claim().task.id
    kept: list[bool] = []
    hold, submitted = tasks.hold, tasks.submitted

    def spied(act: Callable[..., TaskRecord]) -> Callable[..., TaskRecord]:
        def done(*args: object, **values: object) -> TaskRecord:
            kept.append(_cannot_be_taken_back(database))
            return act(*args, **values)

        return done

    monkeypatch.setattr(tasks, "hold", spied(hold))
    monkeypatch.setattr(tasks, "submitted", spied(submitted))
    desk.claim(task_id=task)
    desk.tasks.renew(READER, task)
    desk.submissions.submit(READER, task, DOCUMENT)
    assert kept == [True, True, True]
    assert not _cannot_be_taken_back(database)


def _cannot_be_taken_back(database: Database) -> bool:
    """Asks from a connection of its own, without waiting."""
    if database.url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(database.url.database), timeout=0)) as other:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            return False
    with database.engine.connect() as connection:
        try:
            connection.exec_driver_sql("SELECT id FROM access_grant FOR UPDATE NOWAIT")
        except OperationalError:
            return True
    return False


def test_labels_of_a_copy_withdrawn_in_the_same_moment_are_not_taken(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(database, 1)
    task = desk.claim().task.id
    newest = submissions.newest

    def meanwhile(session: Session, task_id: str) -> SubmissionRecord | None:
        with database.unit() as unit:
            assert copies.withdraw_older(unit.session, "asset-00", than=2, now=NOW) == 1
        return newest(session, task_id)

    monkeypatch.setattr(submissions, "newest", meanwhile)  # asked for after the copy was read
    with pytest.raises(Conflict, match="withdrawn or made anew"):
        desk.submissions.submit(READER, task, DOCUMENT)
    assert "labels.submitted" not in desk.actions()


def test_nobody_takes_a_whole_dataset(database: Database) -> None:
    desk = Desk(database, MAX_HELD + 1)
    for _ in range(MAX_HELD):
        desk.claim()
    with pytest.raises(Conflict, match="submit or release"):
        desk.claim()


def test_an_export_is_of_one_moment_and_entered_before_a_byte(database: Database) -> None:
    desk = Desk(database, 2)
    desk.submissions.submit(READER, desk.claim().task.id, DOCUMENT)
    opened = desk.export.open(GOVERNOR, DATASET, LabelFormat.COCO)
    assert desk.actions()[-1] == "labels.exported"
    desk.submissions.submit(READER, desk.claim().task.id, DOCUMENT)
    assert b"".join(opened.content).count(b'"file_name"') == 1
    later = desk.export.open(GOVERNOR, DATASET, LabelFormat.COCO)
    assert b"".join(later.content).count(b'"file_name"') == 2


def test_an_image_that_nobody_gets_is_left_out_of_an_export_and_counted(database: Database) -> None:
    desk = Desk(database, 3)
    for _ in range(3):
        desk.submissions.submit(READER, desk.claim().task.id, DOCUMENT)
    with database.unit() as unit:
        copies.withdraw_older(unit.session, "asset-00", than=2, now=NOW)
        assets.move(unit.session, "asset-01", AssetState.QUARANTINED, now=NOW)
    coco = json.loads(b"".join(desk.export.open(GOVERNOR, DATASET, LabelFormat.COCO).content))
    assert [image["file_name"] for image in coco["images"]] == ["asset-02"]
    assert coco["info"] == {"left_out": 2}
    told = entries(database)[-1].details
    assert (told["submissions"], told["left_out"]) == (1, 2)
    archive = b"".join(desk.export.open(GOVERNOR, DATASET, LabelFormat.YOLO).content)
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        assert files.namelist() == ["data.yaml", "labels/asset-02.txt"]
        assert "# left_out: 2 " in files.read("data.yaml").decode()
    # A new copy brings the image back, with the labels that it had.
    with database.unit() as unit:
        release(unit.session, "asset-00", "copy-anew", revision=2)
    coco = json.loads(b"".join(desk.export.open(GOVERNOR, DATASET, LabelFormat.COCO).content))
    assert (len(coco["images"]), len(coco["annotations"]), coco["info"]) == (2, 2, {"left_out": 1})


def test_a_correction_is_one_more_submission_and_the_first_stays(database: Database) -> None:
    desk = Desk(database, 1)
    task = desk.claim().task.id
    first = desk.submissions.submit(READER, task, DOCUMENT)
    assert desk.submissions.submit(READER, task, DOCUMENT).record.id == first.record.id
    desk.claim(task_id=task)
    empty = desk.submissions.submit(READER, task, {"annotations": []})
    assert (empty.record.number, empty.record.labels) == (2, ())
    with database.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT number, count FROM label_submission ORDER BY number")
        assert [tuple(row) for row in kept] == [(1, 1), (2, 0)]
    exported = b"".join(desk.export.open(GOVERNOR, DATASET, LabelFormat.COCO).content)
    assert b'"annotations": []' in exported


def test_the_log_names_ids_and_counts_only(database: Database) -> None:
    desk = Desk(database, 1)
    desk.submissions.submit(READER, desk.claim().task.id, DOCUMENT | {"info": "Jane Doe"})
    submitted = entries(database)[-1]
    assert submitted.action == "labels.submitted"
    assert set(submitted.details) == {"task", "asset", "dataset", "grant", "number", "labels"}
