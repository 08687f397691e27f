"""A sender's batches page by page: all of them once, in both directions, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import AccessDenied, NotFound
from gateway.services import batch_pages as module
from gateway.services.batch_pages import BatchPages, Show
from gateway.services.batches import Batches
from gateway.services.file_names import FileNames
from gateway.services.intake import Request
from gateway.services.upload_terms import UploadTerms
from gateway.store.database import Database
from gateway.store.queries import datasets
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from policies.policy import load_policy
from tests.gateway.services.test_batches import send, settle
from tests.gateway.services.test_intake import IMAGE, SENDER, Door
from tests.gateway.store.rows import ANNOTATOR, DATASET, NOW, OFFICER, entries

OTHER = Principal(ANNOTATOR, Role.UPLOADER)


@pytest.fixture
def door(database: Database, tmp_path: Path) -> Door:
    return Door(database, tmp_path)


@pytest.fixture
def pages(door: Door) -> BatchPages:
    return BatchPages(door.database, lambda: NOW)


def batches_of(door: Door, number: int, *, by: Principal = SENDER, same_time: bool = False) -> list[str]:
    """The newest first, as far as their times tell them apart."""
    times: Iterator[datetime] = (NOW + timedelta(0 if same_time else n) for n in range(number))
    made = [
        Batches(door.database, lambda time=time: time).create(by, dataset_id=DATASET, expected=None).batch.id  # type: ignore[misc]
        for time in times
    ]
    return made[::-1]


@pytest.mark.parametrize("same_time", [False, True])
def test_every_own_batch_is_on_one_page_and_back_again(
    door: Door, pages: BatchPages, monkeypatch: pytest.MonkeyPatch, same_time: bool
) -> None:
    monkeypatch.setattr(module, "BATCHES", 2)
    mine = batches_of(door, 5, same_time=same_time)
    batches_of(door, 2, by=OTHER)
    seen, page = [], pages.mine(SENDER)
    walk = [page]
    while page.older:
        page = pages.mine(SENDER, older_than=page.rows[-1].progress.batch.id)
        walk.append(page)
    seen = [row.progress.batch.id for page in walk for row in page.rows]
    assert sorted(seen) == sorted(mine)
    assert same_time or seen == mine
    assert [(page.newer, page.older) for page in walk] == [(False, True), (True, True), (True, False)]
    back = pages.mine(SENDER, newer_than=walk[2].rows[0].progress.batch.id)
    assert [row.progress.batch.id for row in back.rows] == seen[2:4]
    assert (back.newer, back.older) == (True, True)
    first = pages.mine(SENDER, newer_than=back.rows[0].progress.batch.id)
    assert ([row.progress.batch.id for row in first.rows], first.newer) == (seen[:2], False)


def test_the_list_says_how_many_stand_where_and_what_was_refused(door: Door, pages: BatchPages) -> None:
    (batch,) = batches_of(door, 1)
    first, second = (send(door, batch, IMAGE + bytes([n])).asset.id for n in range(2))
    send(door, batch, IMAGE + bytes([0]))
    settle(door, first, AssetState.RELEASED)
    settle(door, second, AssetState.NEEDS_REVIEW, "face.doubtful")
    pages.refuse(SENDER, batch, "format.text", 2)
    pages.refuse(SENDER, batch, "format.text", 1)
    pages.refuse(SENDER, batch, "limit.bytes", 1)
    (row,) = pages.mine(SENDER).rows
    assert {c.state: (c.uploads, c.duplicates) for c in row.progress.counts} == {
        AssetState.RELEASED: (2, 1),
        AssetState.NEEDS_REVIEW: (1, 0),
    }
    assert row.refused == {"format.text": 3, "limit.bytes": 1}
    assert pages.read(SENDER, batch).refused == row.refused


def test_images_come_once_and_by_what_is_to_be_shown(
    door: Door, pages: BatchPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IMAGES", 2)
    (batch,) = batches_of(door, 1)
    sent = [send(door, batch, IMAGE + bytes([n])).asset.id for n in range(5)]
    settle(door, sent[0], AssetState.QUARANTINED, "format.text")
    settle(door, sent[1], AssetState.RELEASED)
    seen, page = [], pages.images(SENDER, batch)
    while True:
        seen += [row.asset.id for row in page.rows]
        if not page.older:
            break
        page = pages.images(SENDER, batch, before=seen[-1])
    assert sorted(seen) == sorted(sent)
    back = pages.images(SENDER, batch, after=seen[4])
    assert [row.asset.id for row in back.rows] == seen[2:4]
    shown = pages.images(SENDER, batch, show=Show.ATTENTION)
    assert [row.asset.id for row in shown.rows] == [sent[0]]
    assert (shown.newer, shown.older) == (False, False)
    assert pages.images(SENDER, batch, show=Show.UNFINISHED).older
    named = pages.named(SENDER, batch, [sent[1], "asset-of-nobody"])
    assert [(row.asset.id, row.asset.state) for row in named] == [(sent[1], AssetState.RELEASED)]


def test_a_batch_is_shown_to_nobody_but_its_sender(door: Door, pages: BatchPages) -> None:
    (batch,) = batches_of(door, 1)
    for ask in (
        lambda: pages.read(OTHER, batch),
        lambda: pages.images(OTHER, batch),
        lambda: pages.named(OTHER, batch, ["asset-1"]),
        lambda: pages.refuse(OTHER, batch, "format.text", 1),
        lambda: pages.mine(OTHER, older_than=batch),
        lambda: pages.mine(Principal(OFFICER, Role.ANNOTATOR)),
    ):
        with pytest.raises(AccessDenied):
            ask()
    assert pages.read(SENDER, batch).refused == {}


def test_a_batch_keeps_no_more_reasons_than_there_are(
    door: Door, pages: BatchPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_CODES", 2)
    (batch,) = batches_of(door, 1)
    for code in ("a", "b", "c", "a"):
        pages.refuse(SENDER, batch, code, 1)
    assert pages.read(SENDER, batch).refused == {"a": 2, "b": 1}


def test_own_names_are_told_once_they_are_entered_and_in_no_entry(door: Door) -> None:
    (batch,) = batches_of(door, 1)
    names = FileNames(door.database, door.keys, lambda: NOW)
    with door.intake.begin(SENDER, Request(DATASET, "Orso Vellin.jpg", batch_id=batch)) as reception:
        reception.write(IMAGE)
        asset = reception.finish().asset.id
    nameless = send(door, batch, IMAGE + b"1").asset.id
    assert names.of(SENDER, batch, [asset, nameless]) == {asset: "Orso Vellin.jpg"}
    told = entries(door.database)[-1]
    assert (told.actor, told.action, told.subject, told.details) == (
        SENDER.id,
        "names.told",
        batch,
        {"names": 1},
    )
    assert "Orso" not in str(entries(door.database))


def test_a_name_that_another_gave_the_same_bytes_is_not_told(door: Door) -> None:
    (batch,) = batches_of(door, 1)
    (other,) = batches_of(door, 1, by=OTHER)
    names = FileNames(door.database, door.keys, lambda: NOW)
    with door.intake.begin(SENDER, Request(DATASET, "hers.jpg", batch_id=batch)) as reception:
        reception.write(IMAGE)
        asset = reception.finish().asset.id
    with door.intake.begin(OTHER, Request(DATASET, "his.jpg", batch_id=other)) as reception:
        reception.write(IMAGE)
        assert reception.finish().duplicate
    before = len(entries(door.database))
    assert names.of(OTHER, other, [asset]) == {}
    assert len(entries(door.database)) == before
    with pytest.raises(AccessDenied):
        names.of(OTHER, batch, [asset])
    with pytest.raises(NotFound):
        names.of(SENDER, "batch-of-nobody", [asset])


def test_the_terms_are_those_of_the_policy_of_this_moment(door: Door) -> None:
    terms = UploadTerms(door.database, lambda: NOW)
    assert [(one.dataset.name, one.policy.name) for one in terms.list(SENDER)] == [("crossing", "street")]
    with door.database.unit() as unit:
        policy, options = load_policy("clinical"), {"created_by": OFFICER, "now": NOW}
        datasets.add(unit.session, dataset_id="dataset-2", name="Atrium", policy=policy, **options)  # type: ignore[arg-type]
    assert [one.dataset.name for one in terms.list(SENDER)] == ["Atrium", "crossing"]
    assert terms.read(SENDER, "dataset-2").policy.version == load_policy("clinical").version
    with pytest.raises(NotFound):
        terms.read(SENDER, "dataset-9")
    for ask in (terms.list, lambda who: terms.read(who, DATASET)):
        with pytest.raises(AccessDenied):
            ask(Principal(ANNOTATOR, Role.ANNOTATOR))


def test_the_key_that_knows_a_file_again_is_ones_own_and_stays(door: Door) -> None:
    from gateway.services.resumable import Resumable

    uploads = Resumable(door.intake)
    assert uploads.resume_key(SENDER) == Resumable(door.intake).resume_key(SENDER)
    assert uploads.resume_key(SENDER) != uploads.resume_key(OTHER)
    assert len(uploads.resume_key(SENDER)) == 32
