"""Batches: what belongs together, counted once, told to its sender and to officers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.errors import AccessDenied, InputRefused
from gateway.services.batches import Batches
from gateway.services.intake import Received, Request
from gateway.store.database import Database
from gateway.store.queries import assets
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from tests.gateway.services.test_intake import IMAGE, SENDER, Door
from tests.gateway.store.rows import ANNOTATOR, DATASET, NOW, OFFICER, entries

GOVERNOR = Principal(OFFICER, Role.OFFICER)


@pytest.fixture
def door(database: Database, tmp_path: Path) -> Door:
    return Door(database, tmp_path)


@pytest.fixture
def batches(door: Door) -> Batches:
    return Batches(door.database, lambda: NOW)


def send(door: Door, batch: str, data: bytes, *, key: str | None = None) -> Received:
    with door.intake.begin(SENDER, Request(DATASET, key=key, batch_id=batch)) as reception:
        reception.write(data)
        return reception.finish()


def settle(door: Door, asset: str, state: AssetState, reason: str | None = None) -> None:
    with door.database.unit() as unit:
        assets.move(unit.session, asset, AssetState.PROCESSING, now=NOW)
        assets.move(unit.session, asset, state, now=NOW, reason=reason)


def test_uploads_are_counted_once_by_state_and_reason(door: Door, batches: Batches) -> None:
    batch = batches.create(SENDER, dataset_id=DATASET, expected=4).batch.id
    first = send(door, batch, IMAGE, key="a").asset.id
    assert send(door, batch, IMAGE, key="a").repeated, "the same request, sent again, is not counted again"
    send(door, batch, IMAGE, key="b")
    second, third = (send(door, batch, IMAGE + bytes([n])).asset.id for n in range(2))
    seen = batches.read(GOVERNOR, batch)
    assert (seen.uploads, seen.duplicates, seen.unsettled, seen.done) == (4, 1, 4, False)
    settle(door, first, AssetState.RELEASED)
    settle(door, second, AssetState.QUARANTINED, "image.malformed")
    assert not batches.read(SENDER, batch).done
    settle(door, third, AssetState.NEEDS_REVIEW, "face.doubtful")
    seen = batches.read(SENDER, batch)
    assert [(c.state.value, c.reason, c.uploads, c.duplicates) for c in seen.counts] == [
        ("needs_review", "face.doubtful", 1, 0),
        ("quarantined", "image.malformed", 1, 0),
        ("released", None, 2, 1),
    ]
    assert seen.done
    assert [progress.batch.id for progress in batches.list(GOVERNOR)] == [batch]


def test_an_asset_of_two_batches_is_counted_in_both(door: Door, batches: Batches) -> None:
    one, two = (batches.create(SENDER, dataset_id=DATASET, expected=1).batch.id for _ in range(2))
    asset = send(door, one, IMAGE).asset.id
    assert send(door, two, IMAGE).duplicate
    settle(door, asset, AssetState.RELEASED)
    assert [batches.read(SENDER, batch).done for batch in (one, two)] == [True, True]
    assert [batches.read(SENDER, batch).duplicates for batch in (one, two)] == [0, 1]


def test_uploads_that_come_at_once_are_all_counted(door: Door, batches: Batches) -> None:
    batch = batches.create(SENDER, dataset_id=DATASET, expected=None).batch.id
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: send(door, batch, IMAGE + bytes([number % 3])), range(12)))
    seen = batches.read(SENDER, batch)
    assert (seen.uploads, seen.duplicates) == (12, 9)
    assert len(batches.assets(SENDER, batch)) == 3


def test_a_closed_batch_takes_no_more_and_says_so_once_in_the_log(door: Door, batches: Batches) -> None:
    batch = batches.create(SENDER, dataset_id=DATASET, expected=None).batch.id
    assert not batches.read(SENDER, batch).done, "more may come"
    assert batches.close(SENDER, batch, refused=2).done
    assert batches.close(SENDER, batch, refused=5).batch.refused == 2
    with pytest.raises(InputRefused, match="closed"):
        send(door, batch, IMAGE)
    told = [(entry.action, entry.subject) for entry in entries(door.database)]
    assert told == [("batch.created", batch), ("batch.closed", batch)]
    assert door.files() == []


def test_a_batch_is_its_senders(door: Door, batches: Batches) -> None:
    batch = batches.create(SENDER, dataset_id=DATASET, expected=None).batch.id
    for other in (Principal(ANNOTATOR, Role.UPLOADER), Principal(ANNOTATOR, Role.ANNOTATOR)):
        with pytest.raises(AccessDenied):
            batches.read(other, batch)
        with pytest.raises(AccessDenied):
            batches.assets(other, batch)
        with pytest.raises(AccessDenied):
            batches.close(other, batch, refused=0)
        with pytest.raises(AccessDenied):
            door.intake.begin(other, Request(DATASET, batch_id=batch))
        with pytest.raises(AccessDenied):
            batches.list(other)


def test_each_upload_names_its_batch_in_the_log(door: Door, batches: Batches) -> None:
    batch = batches.create(SENDER, dataset_id=DATASET, expected=None).batch.id
    send(door, batch, IMAGE)
    send(door, batch, IMAGE)
    told = [(entry.action, entry.details["batch"]) for entry in entries(door.database)[1:]]
    assert told == [("asset.received", batch), ("asset.duplicate", batch)]
