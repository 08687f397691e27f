"""Two workers on one asset: one result stands, and what the other had made is cleared away."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from gateway.errors import (
    AccessDenied,
    Conflict,
    MalformedImage,
    Misconfigured,
    MissingDetector,
    MissingModel,
)
from gateway.services.anonymize import Anonymizer
from gateway.services.intake import ORIGINAL
from gateway.services.sanitize import Sanitized, Sanitizer
from gateway.services.tending import Tending
from gateway.store.database import Database
from gateway.store.queries import assets, copies
from gateway.vault.blobs import BlobStore
from gateway.vault.envelope import EnvelopeContext, seal
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.keys import DataKey
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from policies.policy import Policy
from tests.gateway.store.rows import DATASET, NOW, asset_record, copy_record, entries, seed


class WhileItWorks:
    """Stands where the sanitizer does: something happens meanwhile, and then the image is refused."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.meanwhile = meanwhile

    def sanitize(self, data: bytes, policy: Policy, **_: object) -> Sanitized:
        self.meanwhile()
        raise MalformedImage("it does not decode", advice="send another")


class Worker:
    def __init__(self, database: Database, folder: Path) -> None:
        seed(database)
        LocalKeyring.create(folder / "keys")
        self.database, self.originals = database, BlobStore.local(folder / "originals")
        self._keys = LocalKeyring.open(folder / "keys", KeyPurpose.ORIGINALS)
        self._copy_keys = LocalKeyring.open(folder / "keys", KeyPurpose.COPIES)
        self._copies = BlobStore.local(folder / "copies")
        self.lacks: list[Misconfigured] = []
        self.asked: list[tuple[str, int]] = []

    def receive(self) -> None:
        data_key, context = DataKey.generate(), EnvelopeContext(ORIGINAL, "asset-1")
        self.originals.put("blob-of-asset-1", seal(b"an image", data_key, context))
        wrapped = self._keys.wrap(data_key, context.to_bytes()).to_bytes()
        record = replace(asset_record("asset-1"), wrapped_key=wrapped)
        with self.database.unit() as unit:
            assets.add(unit.session, record, sealed_name=None)

    def run(self, meanwhile: Callable[[], None]) -> AssetState:
        return Anonymizer(
            self.database,
            originals=self.originals,
            original_keys=self._keys,
            copy_blobs=self._copies,
            copy_keys=self._copy_keys,
            sanitizer=cast(Sanitizer, WhileItWorks(meanwhile)),
            clock=lambda: NOW,
            actor="worker-1",
            code_version="0",
            unfit=self.lacks.append,
        ).run("asset-1")

    def state(self) -> tuple[AssetState, str | None, int]:
        with self.database.reading() as session:
            found = assets.get(session, "asset-1")
        return found.state, found.reason, found.attempts


@pytest.fixture
def worker(database: Database, tmp_path: Path) -> Worker:
    made = Worker(database, tmp_path)
    made.receive()
    return made


def test_an_image_that_is_refused_is_held_with_its_code(worker: Worker) -> None:
    assert worker.run(lambda: None) is AssetState.QUARANTINED
    assert worker.state() == (AssetState.QUARANTINED, "image.malformed", 1)
    (entry,) = entries(worker.database)
    assert (entry.action, entry.details) == ("asset.quarantined", {"reason": "image.malformed"})
    # Another job for it finds it settled.
    assert worker.run(lambda: None) is AssetState.QUARANTINED
    assert len(entries(worker.database)) == 1


def test_a_worker_that_failed_does_not_take_back_what_another_released(worker: Worker) -> None:
    def other() -> None:
        with worker.database.unit() as unit:
            copies.add(unit.session, copy_record("copy-1", "asset-1"))
            assets.move(unit.session, "asset-1", AssetState.RELEASED, now=NOW)

    assert worker.run(other) is AssetState.RELEASED
    assert worker.state()[0] is AssetState.RELEASED
    assert entries(worker.database) == []


def test_an_asset_whose_job_began_too_often_is_held(worker: Worker) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            worker.run(die)
    assert worker.run(die) is AssetState.QUARANTINED
    assert worker.state() == (AssetState.QUARANTINED, "job.attempts", 4)


def test_an_original_that_does_not_open_is_held(worker: Worker) -> None:
    worker.originals.delete("blob-of-asset-1")
    assert worker.run(lambda: None) is AssetState.QUARANTINED
    assert worker.state()[1] == "vault.unreadable"


def test_a_worker_that_lacks_a_key_gives_the_asset_back_and_takes_no_more(worker: Worker) -> None:
    def without_its_model() -> None:
        raise MissingModel("run: privgate models fetch")

    for attempt in (1, 2, 3):
        assert worker.run(without_its_model) is AssetState.RECEIVED
        assert worker.state() == (AssetState.RECEIVED, None, attempt)
        assert len(worker.lacks) == attempt
    # What no worker can open is held in the end, and does not end one worker after another for ever.
    assert worker.run(without_its_model) is AssetState.QUARANTINED
    assert worker.state()[1] == "job.attempts"


def test_a_policy_that_cannot_run_here_holds_its_images_and_the_worker_goes_on(worker: Worker) -> None:
    def without_a_detector() -> None:
        raise MissingDetector("the extra ocr is not installed")

    assert worker.run(without_a_detector) is AssetState.QUARANTINED
    assert (worker.state()[1], worker.lacks) == ("worker.misconfigured", [])


def held(worker: Worker, reason: str) -> Tending:
    with worker.database.unit() as unit:
        assets.move(unit.session, "asset-1", AssetState.PROCESSING, now=NOW)
        assets.move(unit.session, "asset-1", AssetState.QUARANTINED, now=NOW, reason=reason)
    return Tending(
        worker.database, lambda asset, attempts: worker.asked.append((asset, attempts)), lambda: NOW
    )


@pytest.mark.parametrize("role", [Role.OFFICER, Role.OPERATOR])
def test_a_held_image_is_put_through_again(worker: Worker, role: Role) -> None:
    tending = held(worker, "worker.misconfigured")
    found = tending.list(Principal("person-1", role), DATASET, state=AssetState.QUARANTINED)
    assert [(one.id, one.reason) for one in found] == [("asset-1", "worker.misconfigured")]
    assert tending.list(Principal("person-1", role), DATASET, after="asset-1") == []
    tending.requeue(Principal("person-1", role), "asset-1")
    assert worker.state() == (AssetState.RECEIVED, None, 0)
    assert worker.asked == [("asset-1", 0)]
    entry = entries(worker.database)[-1]
    assert (entry.actor, entry.action, entry.subject) == ("person-1", "asset.requeued", "asset-1")
    assert entry.details == {"was": "worker.misconfigured"}
    with pytest.raises(Conflict, match="is received"):
        tending.requeue(Principal("person-1", role), "asset-1")


def test_what_a_person_held_stays_held(worker: Worker) -> None:
    tending = held(worker, "review.quarantine")
    with pytest.raises(Conflict, match="by a person"):
        tending.requeue_here("asset-1", actor="operator-console")
    assert worker.state()[0] is AssetState.QUARANTINED


def test_others_see_no_list_and_put_nothing_again(worker: Worker) -> None:
    tending = held(worker, "job.attempts")
    for role in (Role.UPLOADER, Role.REVIEWER, Role.ANNOTATOR, Role.AUDITOR):
        asking = Principal("person-1", role)
        with pytest.raises(AccessDenied):
            tending.list(asking, DATASET)
        with pytest.raises(AccessDenied):
            tending.requeue(asking, "asset-1")
    assert worker.asked == []


def test_what_is_quarantined_while_a_worker_begins_stays_quarantined(
    database: Database, tmp_path: Path
) -> None:
    """The worker looks at the state and moves it in one hold: nobody's quarantine falls between the two."""
    worker = Worker(database, tmp_path)
    worker.receive()
    with database.unit() as unit:
        assets.move(unit.session, "asset-1", AssetState.PROCESSING, now=NOW)
    worked: list[bool] = []
    with ThreadPoolExecutor(1) as pool:
        with database.unit() as unit:
            assets.get(unit.session, "asset-1", hold=True)
            begun = pool.submit(worker.run, lambda: worked.append(True))
            wait([begun], timeout=0.5)  # it waits for us, or has looked too early
            assets.move(unit.session, "asset-1", AssetState.QUARANTINED, now=NOW, reason="job.deadline")
        assert begun.result() is AssetState.QUARANTINED
    assert worked == []
    assert worker.state()[:2] == (AssetState.QUARANTINED, "job.deadline")
