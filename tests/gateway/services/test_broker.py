"""The broker: a copy leaves only under a grant of this moment, and only after its entry is committed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.errors import AccessDenied, BlobMissing, EnvelopeError, LedgerUnavailable, NotFound, Withdrawn
from gateway.services import disclosure as module
from gateway.services.broker import Broker
from gateway.services.stills import cut
from gateway.store.database import Database
from gateway.store.queries import assets, copies
from policies.access import Principal, Role, decide
from policies.lifecycle import AssetState
from tests.gateway.services.means import COPY_BYTES, GOVERNOR, READER, House
from tests.gateway.store.rows import DATASET, NOW, entries


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def told(house: House) -> list[tuple[str, str, str]]:
    """Actor, action and subject of every entry but the grants' own."""
    return [
        (entry.actor, entry.action, entry.subject)
        for entry in entries(house.database)
        if not entry.action.startswith("grant.")
    ]


def test_a_delivery_is_entered_with_who_what_and_what_for(house: House) -> None:
    house.copy("copy-1")
    grant = house.grant()
    assert house.broker.deliver(READER, "copy-1").data == COPY_BYTES
    entry = entries(house.database)[-1]
    assert (entry.actor, entry.action, entry.subject) == (READER.id, "copy.delivered", "copy-1")
    assert entry.details == {
        "asset": "asset-of-copy-1",
        "dataset": DATASET,
        "grant": grant,
        "purpose": "label",
    }


class CommittedFirst:
    """A reader that looks, from outside the transaction, whether the delivery is on the log already."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.seen: list[tuple[str, str, str]] = []

    def read(self, copy_id: str, blob: str, wrapped_key: bytes) -> bytes:
        other = Database(self.house.database.url.render_as_string(hide_password=False))
        self.seen = [(e.actor, e.action, e.subject) for e in entries(other)]
        other.close()
        return COPY_BYTES


def test_the_entry_is_committed_before_a_byte_is_read(house: House) -> None:
    house.copy("copy-1")
    house.grant()
    reader = CommittedFirst(house)
    Broker(house.database, reader, house.clock, cut=cut).deliver(READER, "copy-1")
    assert (READER.id, "copy.delivered", "copy-1") in reader.seen


@pytest.mark.parametrize("spoil", ["expired", "revoked", "none", "operator"])
def test_a_refusal_is_entered_and_nothing_is_read(house: House, spoil: str) -> None:
    house.copy("copy-1")
    asking, reason = READER, f"grant.{spoil}"
    if spoil != "none":
        grant = house.grant()
    if spoil == "expired":
        house.now += timedelta(hours=1)
    elif spoil == "revoked":
        house.grants.revoke(GOVERNOR, grant)
    elif spoil == "operator":
        asking, reason = Principal(READER.id, Role.OPERATOR), "operator.sees-no-image"
    reader = CommittedFirst(house)
    with pytest.raises(AccessDenied) as denied:
        Broker(house.database, reader, house.clock, cut=cut).deliver(asking, "copy-1")
    assert denied.value.reason == reason
    assert reader.seen == []
    entry = entries(house.database)[-1]
    assert (entry.action, entry.subject) == ("access.denied", "copy-1")
    assert entry.details == {"asked": "copy.read", "reason": reason, "role": asking.role.value}


@pytest.mark.parametrize("state", sorted(set(AssetState) - {AssetState.RELEASED}))
def test_a_copy_that_is_not_released_is_not_there(house: House, state: AssetState) -> None:
    house.copy("copy-1", state)
    house.grant()
    with pytest.raises(NotFound):
        house.broker.deliver(READER, "copy-1")
    assert told(house) == []


@pytest.mark.parametrize("refused", [False, True])
def test_while_the_log_cannot_be_written_nothing_is_delivered(house: House, refused: bool) -> None:
    house.copy("copy-1")
    if not refused:
        house.grant()
    with house.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE log_entry RENAME TO away"))
    reader = CommittedFirst(house)
    with pytest.raises(LedgerUnavailable):
        Broker(house.database, reader, house.clock, cut=cut).deliver(READER, "copy-1")
    assert reader.seen == []


def test_a_copy_that_does_not_open_gives_no_byte_and_the_log_says_so(house: House, tmp_path: Path) -> None:
    house.copy("copy-1")
    house.grant()
    (blob,) = (path for path in (tmp_path / "copies").iterdir() if path.is_file())
    blob.write_bytes(blob.read_bytes()[:-1] + b"\x00")
    with pytest.raises(EnvelopeError):
        house.broker.deliver(READER, "copy-1")
    blob.unlink()
    with pytest.raises(BlobMissing):
        house.broker.deliver(READER, "copy-1")
    told_each = [(READER.id, "copy.delivered", "copy-1"), (READER.id, "copy.delivery_failed", "copy-1")]
    assert told(house) == told_each * 2
    details = entries(house.database)[-1].details
    assert (details["bytes"], details["of"], details["reason"]) == (0, 9, "unreadable")


def test_no_delivery_is_entered_behind_its_grants_revocation(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The officer revokes while a delivery stands between its decision and its entry."""
    house.copy("copy-1")
    grant = house.grant()
    decided, revoking = threading.Event(), threading.Event()

    def slow_decide(*args: object, **kwargs: object) -> object:
        decision = decide(*args, **kwargs)  # type: ignore[arg-type]
        decided.set()
        revoking.wait(0.5)  # never set: the revocation must wait for this transaction
        return decision

    def revoke() -> None:
        decided.wait()
        house.grants.revoke(GOVERNOR, grant)
        revoking.set()

    monkeypatch.setattr(module, "decide", slow_decide)
    with ThreadPoolExecutor(2) as pool:
        delivery = pool.submit(house.broker.deliver, READER, "copy-1")
        revocation = pool.submit(revoke)
        assert delivery.result().data == COPY_BYTES
        revocation.result()
    order = [entry.action for entry in entries(house.database)]
    assert order == ["grant.created", "copy.delivered", "grant.revoked"]


def test_a_delivery_and_a_worker_that_takes_the_copy_back_do_not_wait_for_each_other(house: House) -> None:
    """Both hold the asset before its copies: on PostgreSQL one of them was ended for a deadlock."""
    house.copy("copy-1")
    house.grant()
    with ThreadPoolExecutor(1) as pool:
        with house.database.unit() as unit:
            assets.get(unit.session, "asset-of-copy-1", hold=True)
            asked = pool.submit(house.broker.deliver, READER, "copy-1")
            wait([asked], timeout=0.5)  # it waits for us, or comes later
            copies.withdraw_older(unit.session, "asset-of-copy-1", than=99, now=NOW)
        with pytest.raises(Withdrawn):
            asked.result()


def test_no_delivery_is_entered_once_its_asset_is_held(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.copy("copy-1")
    house.grant()
    with house.database.unit() as unit:
        assets.move(unit.session, "asset-of-copy-1", AssetState.QUARANTINED, now=NOW, reason="found.later")
    with pytest.raises(NotFound):
        house.broker.deliver(READER, "copy-1")


def test_an_original_is_refused_to_everybody_and_each_asking_is_entered(house: House) -> None:
    house.copy("copy-1")
    house.grant()
    for role in Role:
        with pytest.raises(AccessDenied, match=r"original\.sealed"):
            house.broker.original(Principal(READER.id, role), "asset-of-copy-1")
    assert told(house) == [(READER.id, "access.denied", "asset-of-copy-1")] * len(Role)


def test_a_list_shows_released_copies_under_a_grant(house: House) -> None:
    house.copy("copy-1")
    house.copy("copy-2", AssetState.NEEDS_REVIEW)
    with pytest.raises(AccessDenied, match=r"grant\.none"):
        house.broker.list(READER, DATASET)
    house.grant()
    assert [copy.id for copy in house.broker.list(READER, DATASET)] == ["copy-1"]
    assert house.broker.list(READER, DATASET, after="copy-1") == []
    with pytest.raises(NotFound):
        house.broker.list(READER, "dataset-x")
