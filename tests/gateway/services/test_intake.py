"""Intake: sealed as it arrives, one asset a request, and nothing left behind where it fails."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import AccessDenied, InputRefused, KeyReused, LedgerUnavailable, LimitExceeded, NotFound
from gateway.services.intake import ORIGINAL, Intake, Received, Request
from gateway.store.database import Database
from gateway.store.queries import assets, datasets
from gateway.vault.blobs import BlobStore
from gateway.vault.envelope import EnvelopeContext, open_sealed
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.keys import WrappedKey
from policies.access import Principal, Role
from policies.policy import load_policy
from tests.gateway.store.rows import DATASET, NOW, OFFICER, entries, seed

SENDER = Principal(OFFICER, Role.UPLOADER)
IMAGE = b"\xff\xd8 not looked at here" * 1_000


class Door:
    """An intake with real keys and blobs; what it enqueues is kept."""

    def __init__(self, database: Database, folder: Path) -> None:
        seed(database)
        LocalKeyring.create(folder / "keys")
        self.database, self.folder = database, folder / "originals"
        self.keys = LocalKeyring.open(folder / "keys", KeyPurpose.ORIGINALS)
        self.blobs = BlobStore.local(self.folder)
        self.enqueued: list[tuple[str, int]] = []
        self.broken = False
        self.intake = Intake(
            database,
            self.blobs,
            self.keys,
            self._enqueue,
            lambda: NOW,
            fingerprints=LocalKeyring.fingerprints(folder / "keys"),
            max_bytes=1_000_000,
        )

    def _enqueue(self, asset_id: str, attempts: int) -> None:
        if self.broken:
            raise ConnectionError("IMG_0042.jpg")
        self.enqueued.append((asset_id, attempts))

    def send(
        self, data: bytes = IMAGE, *, key: str | None = None, name: str | None = None, dataset: str = DATASET
    ) -> Received:
        with self.intake.begin(SENDER, Request(dataset, name, key)) as reception:
            for start in range(0, len(data), 7_000):
                reception.write(data[start : start + 7_000])
            return reception.finish()

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def door(database: Database, tmp_path: Path) -> Door:
    return Door(database, tmp_path)


def test_what_was_sent_lies_sealed_and_opens_under_its_own_key(door: Door) -> None:
    asset = door.send(name="IMG_0042.jpg").asset
    (file,) = door.files()
    assert b"not looked at" not in file.read_bytes()
    context = EnvelopeContext(ORIGINAL, asset.id)
    data_key = door.keys.unwrap(WrappedKey.parse(asset.wrapped_key), context.to_bytes())
    assert open_sealed(file.read_bytes(), data_key, context) == IMAGE
    with door.database.reading() as session:
        sealed = assets.sealed_name(session, asset.id)
    assert sealed is not None
    assert b"IMG_0042" not in sealed
    assert door.enqueued == [(asset.id, 0)]
    (entry,) = entries(door.database)
    assert (entry.action, entry.subject, entry.details["bytes"]) == (
        "asset.received",
        asset.id,
        len(IMAGE),
    )


def test_the_same_request_twice_is_one_asset(door: Door) -> None:
    first, second = door.send(key="k"), door.send(key="k")
    assert (first.repeated, second.repeated) == (False, True)
    assert second.asset.id == first.asset.id
    assert len(door.files()) == len(entries(door.database)) == len(door.enqueued) == 1


def test_a_key_that_comes_with_other_bytes_is_refused(door: Door) -> None:
    door.send(key="k")
    with pytest.raises(KeyReused):
        door.send(IMAGE + b"!", key="k")
    assert len(door.files()) == len(entries(door.database)) == 1


def test_the_same_bytes_are_the_first_asset_sealed_once_and_entered_each_time(door: Door) -> None:
    first = door.send(name="a.jpg", key="a")
    again = [door.send(), door.send(name="b.jpg", key="b"), door.send(name="b.jpg", key="b")]
    assert {received.asset.id for received in again} == {first.asset.id}
    assert [(r.repeated, r.duplicate) for r in again] == [(False, True), (False, True), (True, True)]
    assert len(door.files()) == len(door.enqueued) == 1
    told = [(entry.action, entry.subject) for entry in entries(door.database)]
    assert told == [("asset.received", first.asset.id)] + [("asset.duplicate", first.asset.id)] * 2


def test_the_same_bytes_in_another_dataset_are_another_asset_and_no_code_links_them(door: Door) -> None:
    with door.database.unit() as unit:
        policy = load_policy("street")
        other = datasets.add(
            unit.session, dataset_id="dataset-2", name="b", policy=policy, created_by=OFFICER, now=NOW
        )
    assert not door.send().duplicate
    assert not door.send(dataset=other.id).duplicate
    with door.database.engine.connect() as connection:
        codes = connection.execute(text("SELECT fingerprint FROM asset")).scalars().all()
    plain = hashlib.sha256(IMAGE).digest()
    assert len({bytes(code) for code in codes} | {plain}) == 3


def test_what_was_held_through_our_own_fault_may_be_sent_again(door: Door) -> None:
    first = door.send().asset
    for reason, duplicate in (("image.malformed", True), ("worker.misconfigured", False)):
        with door.database.engine.begin() as connection:
            connection.execute(
                text("UPDATE asset SET state = 'quarantined', reason = :r WHERE id = :i"),
                {"r": reason, "i": first.id},
            )
        assert door.send().duplicate == duplicate
    assert door.send().duplicate, "the newcomer is known from now on"


def test_the_same_bytes_sent_at_once_are_one_asset(door: Door) -> None:
    with ThreadPoolExecutor(8) as pool:
        received = list(pool.map(lambda number: door.send(key=f"k{number}"), range(8)))
    assert len({r.asset.id for r in received}) == 1
    assert sorted(r.duplicate for r in received) == [False] + [True] * 7
    assert len(door.files()) == 1


def test_refused_uploads_leave_nothing(door: Door) -> None:
    with pytest.raises(InputRefused, match="empty"):
        door.send(b"")
    with pytest.raises(LimitExceeded):
        door.send(b"x" * 1_000_001)
    with pytest.raises(InputRefused, match="longer than 1024 bytes"):
        door.send(name="é" * 513)
    with pytest.raises(NotFound):
        door.send(dataset="dataset-x")
    assert (door.files(), entries(door.database), door.enqueued) == ([], [], [])


def test_an_upload_by_another_role_takes_no_byte_and_is_entered(door: Door) -> None:
    for role in set(Role) - {Role.UPLOADER}:
        with pytest.raises(AccessDenied):
            door.intake.begin(Principal(OFFICER, role), Request(DATASET))
    assert door.files() == []
    assert {entry.details["asked"] for entry in entries(door.database)} == {"asset.create"}


def test_while_the_log_cannot_be_written_the_sender_is_told_and_may_send_again(door: Door) -> None:
    with door.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE log_entry RENAME TO away"))
    with pytest.raises(LedgerUnavailable):
        door.send(key="k")
    with door.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO log_entry"))
    # Whether that commit took effect was not known, so its sealed blob stays; no row names it.
    assert len(door.files()) == 1
    assert not door.send(key="k").repeated
    assert len(entries(door.database)) == 1


def test_a_queue_that_is_away_loses_nothing_and_its_words_are_not_logged(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    door.broken = True
    asset = door.send().asset
    with door.database.reading() as session:
        assert assets.get(session, asset.id).state == "received"
    assert "ConnectionError" in caplog.text
    assert "IMG_0042" not in caplog.text


def test_an_upload_that_cannot_begin_leaves_no_file(door: Door) -> None:
    with door.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE idempotency_key RENAME TO away"))
    with pytest.raises(SQLAlchemyError):
        door.send(key="k")
    assert door.files() == []
