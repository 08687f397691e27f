"""A store that cannot be reached: nothing is held for it, no attempt counts, and it goes on by itself."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.errors import VaultUnavailable
from gateway.services.anonymize import MAX_ATTEMPTS
from gateway.services.jobs import prepare_jobs
from gateway.services.outage import Outage, Pauses
from gateway.services.sweep import Sweep
from gateway.store.database import Database
from gateway.store.queries import assets, outages
from gateway.vault.blobs import BlobStore
from policies.lifecycle import AssetState
from tests.gateway.services.means import READER
from tests.gateway.services.test_policy_changes import LAXER, Changes
from tests.gateway.store.rows import NOW, entries

ENOUGH = MAX_ATTEMPTS + 2
"""Tries in an outage: more than would end in quarantine, did they count."""


@contextmanager
def away(folder: Path) -> Iterator[None]:
    """As a volume that is not mounted."""
    elsewhere = folder.with_name("unmounted")
    folder.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(folder)


@pytest.fixture
def changes(database: Database, tmp_path: Path) -> Changes:
    return Changes(database, tmp_path).prepare()


@pytest.mark.parametrize("part", ["originals", "copies"])
def test_an_image_that_meets_an_outage_is_received_again_and_done_when_it_is_over(
    changes: Changes, part: str
) -> None:
    with away(changes.folder / part):
        for _ in range(ENOUGH):
            with pytest.raises(VaultUnavailable):
                changes.anonymizer.run("asset-1")
        with changes.database.reading() as session:
            asset = assets.get(session, "asset-1")
        assert (asset.state, asset.attempts) == (AssetState.RECEIVED, 0)
        assert asset.reason == "vault.unavailable"
        assert entries(changes.database) == []
    assert changes.anonymizer.run("asset-1") is AssetState.RELEASED


@pytest.mark.parametrize("part", ["originals", "copies"])
def test_a_released_image_stays_released_where_its_copy_cannot_be_made_anew(
    changes: Changes, part: str
) -> None:
    changes.anonymizer.run("asset-1")
    first = changes.newest()
    changes.put(LAXER)
    changes.rederive()
    with away(changes.folder / part):
        for _ in range(ENOUGH):
            with pytest.raises(VaultUnavailable):
                changes.rederiver.run("asset-1")
        assert (changes.state(), changes.newest()) == (AssetState.RELEASED, first)
        assert changes.outcomes() == {}
    assert changes.rederiver.run("asset-1") == "released"
    assert changes.newest().revision == 2


def test_an_original_that_does_not_authenticate_is_still_held(changes: Changes) -> None:
    blob = changes.folder / "originals" / "blob-of-asset-1"
    blob.write_bytes(blob.read_bytes()[:-1] + b"\0")
    assert changes.anonymizer.run("asset-1") is AssetState.QUARANTINED
    with changes.database.reading() as session:
        assert assets.get(session, "asset-1").reason == "vault.unreadable"


def test_a_delivery_in_an_outage_is_entered_as_one_that_failed_and_gives_nothing(changes: Changes) -> None:
    changes.anonymizer.run("asset-1")
    changes.grant()
    copy = changes.newest()
    with away(changes.folder / "copies"), pytest.raises(VaultUnavailable):
        changes.broker.deliver(READER, copy.id)
    last = entries(changes.database)[-1]
    assert (last.action, last.details["reason"], last.details["bytes"]) == (
        "copy.delivery_failed",
        "unreadable",
        0,
    )
    assert changes.broker.deliver(READER, copy.id).data


def test_the_sweep_leaves_what_was_put_off_to_its_job_for_a_quarter_of_an_hour(changes: Changes) -> None:
    asked: list[str] = []
    originals = BlobStore.local(changes.folder / "originals")
    sweep = Sweep(
        changes.database,
        originals,
        changes.copy_blobs,
        lambda asset_id, _: asked.append(asset_id),
        changes.clock,
    )
    with away(changes.folder / "originals"), pytest.raises(VaultUnavailable):
        changes.anonymizer.run("asset-1")
    changes.now = NOW + timedelta(minutes=14)
    sweep.enqueue_forgotten()
    assert asked == []
    changes.now = NOW + timedelta(minutes=16)
    sweep.enqueue_forgotten()
    assert asked == ["asset-1"]


class Watched:
    """A worker's view of a local folder, by a clock that is set."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder, self.now, self.looks = database, folder, NOW, 0
        self._blobs = BlobStore.local(folder)
        self.outage = self.another()

    def another(self) -> Outage:
        """Of a worker that was started anew."""
        return Outage(self.database, {"copies": self._probe}, lambda: self.now, pauses=Pauses(5, 300))

    def _probe(self) -> None:
        self.looks += 1
        self._blobs.check()

    def since(self) -> object:
        with self.database.reading() as session:
            return outages.all_of(session).get("copies")

    def waits(self) -> bool:
        """Whether a job would: one of a worker that stops does not wait to find out."""
        stopping = threading.Event()
        stopping.set()
        return not self.outage.sit_out(stopping)


def test_a_job_waits_in_its_place_or_in_the_queue_and_is_done_when_the_store_is_back(tmp_path: Path) -> None:
    """What it does is numbered in `waiting_worker`."""
    jobs, rows = (f"sqlite:///{tmp_path / name}" for name in ("jobs.db", "rows.db"))
    prepare_jobs(jobs)
    database = Database(rows)
    with database.alone():
        database.migrate()
    database.close()
    worker = subprocess.run(
        [sys.executable, "-m", "tests.gateway.services.waiting_worker", jobs, rows],
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert worker.stdout.splitlines()[-1:] == ["waited"], worker.stderr[-3000:]


@pytest.fixture
def watched(database: Database, tmp_path: Path) -> Watched:
    return Watched(database, tmp_path / "copies")


FAILURE = VaultUnavailable("blob a: the store failed: GenericError")


def test_jobs_wait_while_the_store_is_away_and_go_on_by_themselves(watched: Watched) -> None:
    with away(watched.folder):
        assert watched.outage.noted(FAILURE)
        assert watched.waits()
        watched.now += timedelta(seconds=5)
        watched.outage.look()
        assert watched.waits()
        assert watched.since() == NOW
    watched.now += timedelta(seconds=5)
    watched.outage.look()
    assert not watched.waits()
    assert watched.since() is None


def test_what_fails_while_the_store_answers_is_no_outage(watched: Watched) -> None:
    assert not watched.outage.noted(FAILURE)
    assert not watched.waits()
    assert watched.since() is None


def test_the_pause_grows_to_five_minutes_and_a_restart_does_not_shorten_it(watched: Watched) -> None:
    looked = []
    with away(watched.folder):
        watched.outage.noted(FAILURE)
        for second in range(5, 1_305, 5):
            watched.now, before = NOW + timedelta(seconds=second), watched.looks
            watched.outage.look()
            if watched.looks > before:
                looked.append(second)
        assert looked == [5, 10, 20, 40, 80, 160, 320, 620, 920, 1220]
        again = watched.another()
        again.noted(FAILURE)
        watched.now, before = watched.now + timedelta(seconds=299), watched.looks
        again.look()
        assert watched.looks == before


def test_an_outage_that_a_worker_left_behind_ends_with_the_next_ones_look(watched: Watched) -> None:
    with away(watched.folder):
        watched.outage.noted(FAILURE)
    watched.another().look()
    assert watched.since() is None
