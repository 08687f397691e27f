"""An annotator's list of work: their own, by dataset, with what has ended told apart."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.errors import AccessDenied
from gateway.services.label_drafts import LabelDrafts
from gateway.services.my_work import MyWork
from gateway.store.database import Database
from gateway.store.queries import grants
from tests.gateway.services.test_label_services import DOCUMENT, GOVERNOR, READER, Desk
from tests.gateway.store.rows import DATASET, NOW, OFFICER, grant_record


def test_what_one_has_what_is_drawn_and_what_is_done(database: Database) -> None:
    desk = Desk(database, 3)
    work = MyWork(database, desk.clock)
    done, drawn, bare = (desk.claim().task.id for _ in range(3))
    desk.submissions.submit(READER, done, DOCUMENT)
    LabelDrafts(database, desk.clock).save(READER, drawn, DOCUMENT)
    (place,) = work.overview(READER).open
    assert (place.dataset.id, place.grant.id, place.guideline) == (DATASET, "grant-1", None)
    assert {held.task.id: held.drafted for held in place.held} == {drawn: True, bare: False}
    assert (place.progress.done, place.progress.images, place.progress.yours) == (1, 3, 1)
    assert not place.is_open
    assert [task.id for task in work.submitted(READER, DATASET)] == [done]
    assert work.submitted(READER, DATASET, after=done) == []


def test_an_image_is_open_before_its_task_is_made_and_after_a_lease_has_ended(database: Database) -> None:
    desk = Desk(database, 1)
    work = MyWork(database, desk.clock)
    assert work.overview(READER).open[0].is_open
    desk.claim()
    assert not work.overview(READER).open[0].is_open
    desk.now += timedelta(minutes=31)
    (place,) = work.overview(READER).open
    assert place.is_open
    assert place.held == []


def test_a_grant_that_is_over_is_told_apart_and_the_better_one_counts(database: Database) -> None:
    desk = Desk(database, 1)
    work = MyWork(database, desk.clock)
    desk.now += timedelta(hours=1)
    found = work.overview(READER)
    assert (found.open, [ended.grant.id for ended in found.ended]) == ([], ["grant-1"])
    with database.unit() as unit:
        grants.add(unit.session, grant_record("grant-2", until=NOW + timedelta(days=1)), created_by=OFFICER)
    found = work.overview(READER)
    assert ([place.grant.id for place in found.open], found.ended) == (["grant-2"], [])
    desk.grants.revoke(GOVERNOR, "grant-2")
    assert work.overview(READER).open == []


def test_nobody_else_has_such_a_list(database: Database) -> None:
    desk = Desk(database, 1)
    with pytest.raises(AccessDenied):
        MyWork(database, desk.clock).overview(GOVERNOR)
    assert desk.actions()[-1] == "access.denied"
