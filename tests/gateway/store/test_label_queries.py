"""Label sets, tasks and submissions, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import count

import pytest

from gateway.errors import Conflict
from gateway.labels.model import Category
from gateway.store.database import Database
from gateway.store.queries import categories, grants, tasks
from tests.gateway.store.rows import ANNOTATOR, DATASET, NOW, grant_record, release, seed

CAR, LAMP = Category(1, "car"), Category(2, "lamp", "part")
LATER = NOW + timedelta(minutes=30)


@pytest.fixture
def seeded(database: Database) -> Database:
    seed(database)
    with database.unit() as unit:
        grants.add(unit.session, grant_record("grant-1"), created_by="person-officer")
        for number in range(8):
            release(unit.session, f"asset-{number}", f"copy-{number}")
    return database


def make(database: Database) -> int:
    numbers = count()
    with database.unit() as unit:
        return tasks.make(unit.session, DATASET, new_id=lambda: f"task-{next(numbers)}", now=NOW)


def test_a_label_set_is_replaced_as_a_whole_and_what_is_used_stays(seeded: Database) -> None:
    with seeded.unit() as unit:
        categories.replace(unit.session, DATASET, [CAR, LAMP])
        categories.use(unit.session, DATASET, [1, 1])
    with seeded.unit() as unit:
        categories.replace(unit.session, DATASET, [CAR, Category(3, "lamp")])
        assert categories.of(unit.session, DATASET) == [CAR, Category(3, "lamp")]
    for refused in ([LAMP], [Category(1, "lorry"), LAMP], []):
        with pytest.raises(Conflict, match="category 1"), seeded.unit() as unit:
            categories.replace(unit.session, DATASET, refused)
    with pytest.raises(Conflict, match="just changed"), seeded.unit() as unit:
        categories.use(unit.session, DATASET, [1, 2])


def test_tasks_are_made_once_for_released_images_only(seeded: Database) -> None:
    seeded_count = make(seeded)
    assert seeded_count == 8
    assert make(seeded) == 0
    with seeded.reading() as session:
        counts = tasks.counts(session, DATASET, now=NOW)
    assert (counts.open, counts.claimed, counts.submitted) == (8, 0, 0)


def test_claimers_at_once_take_different_tasks(seeded: Database) -> None:
    """Eight threads, eight tasks, and none made before they come."""
    taken: list[str] = []
    failures: list[BaseException] = []
    together = threading.Barrier(8)

    def claim(worker: int) -> None:
        numbers = count(100 * worker)
        try:
            together.wait()
            with seeded.unit() as unit:
                found = tasks.next_open(unit.session, DATASET, now=NOW)
                if found is None:
                    tasks.make(unit.session, DATASET, new_id=lambda: f"task-{next(numbers):04}", now=NOW)
                    found = tasks.next_open(unit.session, DATASET, now=NOW)
                assert found is not None
                tasks.hold(unit.session, found.id, person_id=ANNOTATOR, grant_id="grant-1", until=LATER)
            taken.append(found.id)
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(taken)) == 8


def test_a_lease_ends_by_itself_and_with_its_grant(seeded: Database) -> None:
    make(seeded)
    with seeded.unit() as unit:
        for number in range(2):
            tasks.hold(unit.session, f"task-{number}", person_id=ANNOTATOR, grant_id="grant-1", until=LATER)
    with seeded.reading() as session:
        assert tasks.held_by(session, DATASET, ANNOTATOR, now=NOW) == 2
        assert tasks.held_by(session, DATASET, ANNOTATOR, now=LATER) == 0
        found = tasks.next_open(session, DATASET, now=LATER)
        assert found is not None
        assert found.id == "task-0"
    with seeded.unit() as unit:
        assert tasks.give_back_of_grant(unit.session, "grant-1") == 2
    with seeded.reading() as session:
        assert tasks.counts(session, DATASET, now=NOW).open == 8
