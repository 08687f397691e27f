"""Two workers on one asset: one result stands, and what the other had made is cleared away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from gateway.errors import MalformedImage
from gateway.services.anonymize import Anonymizer
from gateway.services.intake import ORIGINAL
from gateway.services.sanitize import Sanitized, Sanitizer
from gateway.store.database import Database
from gateway.store.queries import assets, copies
from gateway.vault.blobs import BlobStore
from gateway.vault.envelope import EnvelopeContext, seal
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.keys import DataKey
from policies.lifecycle import AssetState
from policies.policy import Policy
from tests.gateway.store.rows import NOW, asset_record, copy_record, entries, seed


class WhileItWorks:
    """Stands where the sanitizer does: something happens meanwhile, and then the image is refused."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.meanwhile = meanwhile

    def sanitize(self, data: bytes, policy: Policy) -> Sanitized:
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
