"""Resumable uploads: sealed in pieces, whole in the end, cleared away when nobody goes on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import AccessDenied, Conflict, EnvelopeError, InputRefused, LimitExceeded, NotFound
from gateway.services import resumable
from gateway.services.intake import ORIGINAL, Request
from gateway.services.resumable import EXPIRES_AFTER, Resumable
from gateway.services.sweep import Sweep
from gateway.store.database import Database
from gateway.store.queries import assets, uploads
from gateway.store.records import UploadRecord
from gateway.vault.blobs import BlobStore
from gateway.vault.envelope import EnvelopeContext, open_sealed
from gateway.vault.keys import WrappedKey
from policies.access import Principal, Role
from tests.gateway.services.test_intake import IMAGE, SENDER, Door
from tests.gateway.store.rows import ANNOTATOR, DATASET, NOW, OFFICER, entries


@pytest.fixture
def door(database: Database, tmp_path: Path) -> Door:
    return Door(database, tmp_path)


def begin(door: Door, data: bytes = IMAGE, name: str | None = "IMG_0042.jpg") -> UploadRecord:
    return Resumable(door.intake).create(SENDER, Request(DATASET, name), length=len(data))


def send(door: Door, upload: str, data: bytes, offset: int) -> UploadRecord:
    with Resumable(door.intake).resume(SENDER, upload, offset=offset) as arrival:
        arrival.write(data)
        return arrival.finish()


def opened(door: Door, asset_id: str) -> bytes:
    with door.database.reading() as session:
        asset = assets.get(session, asset_id)
    context = EnvelopeContext(ORIGINAL, asset.id)
    data_key = door.keys.unwrap(WrappedKey.parse(asset.wrapped_key), context.to_bytes())
    return open_sealed(door.blobs.get(asset.blob), data_key, context)


def test_pieces_become_one_asset_with_its_name_and_leave_nothing(door: Door) -> None:
    upload = begin(door)
    assert send(door, upload.id, IMAGE[:9_000], 0).received == 9_000
    (piece,) = door.files()
    assert b"not looked at" not in piece.read_bytes()
    assert send(door, upload.id, IMAGE[9_000:9_001], 9_000).asset_id is None
    done = send(door, upload.id, IMAGE[9_001:], 9_001)
    assert done.asset_id is not None
    assert opened(door, done.asset_id) == IMAGE
    assert len(door.files()) == len(door.enqueued) == 1
    with door.database.reading() as session:
        assert assets.sealed_name(session, done.asset_id) is not None
    told = [(entry.action, entry.subject) for entry in entries(door.database)]
    assert told == [("upload.created", upload.id), ("asset.received", done.asset_id)]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, len(IMAGE) - 1), max_size=6), piece=st.integers(500, 40_000))
def test_however_it_is_cut_it_is_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
    monkeypatch: pytest.MonkeyPatch,
    cuts: list[int],
    piece: int,
) -> None:
    monkeypatch.setattr(resumable, "PIECE_BYTES", piece)
    folder = tmp_path_factory.mktemp("cut")
    (folder / "own.db").write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{folder / 'own.db'}")
    door = Door(database, folder)
    upload = begin(door)
    ends = [*sorted(set(cuts)), len(IMAGE)]
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        done = send(door, upload.id, IMAGE[start:end], start)
    assert done.asset_id is not None
    assert opened(door, done.asset_id) == IMAGE
    assert len(door.files()) == 1
    database.close()


def test_bytes_for_another_place_are_refused(door: Door) -> None:
    upload = begin(door)
    send(door, upload.id, IMAGE[:100], 0)
    for offset in (0, 99, 101):
        with pytest.raises(Conflict, match="stands at byte 100"):
            send(door, upload.id, b"x", offset)
    # Of two that begin at one place at the same time, one counts.
    service = Resumable(door.intake)
    with (
        service.resume(SENDER, upload.id, offset=100) as one,
        service.resume(SENDER, upload.id, offset=100) as two,
    ):
        one.write(IMAGE[100:200])
        two.write(IMAGE[100:300])
        assert two.finish().received == 300
        with pytest.raises(Conflict):
            one.finish()
    assert len(door.files()) == 2


def test_more_than_was_announced_or_too_much_or_nothing_is_refused(door: Door) -> None:
    upload = begin(door)
    with pytest.raises(LimitExceeded):
        send(door, upload.id, IMAGE + b"!", 0)
    assert door.files() == []
    with pytest.raises(LimitExceeded):
        Resumable(door.intake).create(SENDER, Request(DATASET), length=1_000_001)
    with pytest.raises(InputRefused, match="empty"):
        Resumable(door.intake).create(SENDER, Request(DATASET), length=0)


def test_what_arrived_before_the_connection_broke_counts(door: Door) -> None:
    upload = begin(door)
    service = Resumable(door.intake)
    with service.resume(SENDER, upload.id, offset=0) as arrival:
        arrival.write(IMAGE[:5_000])
        arrival.keep()
    assert service.read(SENDER, upload.id).received == 5_000
    with service.resume(SENDER, upload.id, offset=5_000) as arrival:
        arrival.write(IMAGE[5_000:])
        arrival.keep()
    # All was there, and nobody had said so: asking makes the asset, once.
    done = service.read(SENDER, upload.id)
    assert done.asset_id is not None
    assert service.read(SENDER, upload.id).asset_id == done.asset_id
    assert opened(door, done.asset_id) == IMAGE


def test_known_bytes_are_a_duplicate_here_too(door: Door) -> None:
    first = door.send().asset
    done = send(door, begin(door).id, IMAGE, 0)
    assert (done.asset_id, done.duplicate) == (first.id, True)
    assert len(door.files()) == 1


def test_a_piece_in_another_place_does_not_open(door: Door) -> None:
    upload = begin(door)
    send(door, upload.id, IMAGE[:10_000], 0)
    send(door, upload.id, IMAGE[10_000:20_000], 10_000)
    with door.database.reading() as session:
        one, two = uploads.pieces_of(session, upload.id)
    files = {path.name: path for path in door.files()}
    first, second = files[one.blob].read_bytes(), files[two.blob].read_bytes()
    files[one.blob].write_bytes(second)
    files[two.blob].write_bytes(first)
    with pytest.raises(EnvelopeError):
        send(door, upload.id, IMAGE[20_000:], 20_000)


def test_only_its_sender_goes_on_with_an_upload(door: Door) -> None:
    upload = begin(door)
    service = Resumable(door.intake)
    for other in (Principal(ANNOTATOR, Role.UPLOADER), Principal(OFFICER, Role.OFFICER)):
        for act in (service.read, service.remove):
            with pytest.raises(AccessDenied):
                act(other, upload.id)
        with pytest.raises(AccessDenied):
            service.resume(other, upload.id, offset=0)
    assert door.files() == []


def test_an_ended_upload_is_gone_with_its_pieces(door: Door) -> None:
    upload = begin(door)
    send(door, upload.id, IMAGE[:5_000], 0)
    Resumable(door.intake).remove(SENDER, upload.id)
    assert door.files() == []
    with pytest.raises(NotFound):
        Resumable(door.intake).read(SENDER, upload.id)


def test_the_sweep_clears_what_nobody_went_on_with_and_nothing_else(door: Door) -> None:
    left, going = begin(door), begin(door)
    send(door, left.id, IMAGE[:5_000], 0)
    now = NOW + EXPIRES_AFTER - timedelta(seconds=1)
    door.intake.clock = lambda: now
    send(door, going.id, IMAGE[:6_000], 0)
    now += timedelta(seconds=1)
    sweep = Sweep(door.database, door.blobs, BlobStore.memory(), lambda *_: None, lambda: now)
    assert sweep.orphans()["originals"] == []
    assert sweep.clear_expired_uploads() == 1
    assert sweep.clear_expired_uploads() == 0
    assert len(door.files()) == 1
    assert send(door, going.id, IMAGE[6_000:], 6_000).asset_id is not None
    with pytest.raises(NotFound):
        Resumable(door.intake).read(SENDER, left.id)
    expired = [entry.subject for entry in entries(door.database) if entry.action == "upload.expired"]
    assert expired == [left.id]


def test_one_person_has_so_many_unfinished_uploads_and_no_more(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumable, "MAX_OPEN", 2)
    whole, half = begin(door), begin(door)
    with pytest.raises(Conflict, match="2 uploads of yours are unfinished"):
        begin(door)
    send(door, whole.id, IMAGE, 0)  # an asset by now
    begin(door)
    Resumable(door.intake).remove(SENDER, half.id)
    begin(door)
