"""Intake: sealed as it arrives, one asset a request, and nothing left behind where it fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import AccessDenied, InputRefused, KeyReused, LedgerUnavailable, LimitExceeded, NotFound
from gateway.services.intake import ORIGINAL, Intake, Received, Request
from gateway.store.database import Database
from gateway.store.queries import assets
from gateway.vault.blobs import BlobStore
from gateway.vault.envelope import EnvelopeContext, open_sealed
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.keys import WrappedKey
from policies.access import Principal, Role
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
        self.intake = Intake(database, self.blobs, self.keys, self._enqueue, lambda: NOW, max_bytes=1_000_000)

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


def test_without_a_key_the_same_bytes_are_two_assets(door: Door) -> None:
    assert door.send().asset.id != door.send().asset.id


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
