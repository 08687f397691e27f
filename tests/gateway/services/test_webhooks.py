"""Webhooks: written with the change, signed, sent until taken; never to where they must not go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from gateway.errors import AccessDenied, InputRefused, NotFound
from gateway.services.destinations import Blocked, Caller, Destinations, parse_networks
from gateway.services.webhook_sender import (
    AT_ONCE,
    GIVEN_UP,
    KEPT,
    LEASE,
    MAX_ATTEMPTS,
    WebhookSender,
    pause_after,
)
from gateway.services.webhooks import Webhooks
from gateway.store.database import Database
from gateway.store.queries import assets, counters, webhooks
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from tests.gateway.store.rows import DATASET, NOW, OFFICER, asset_record, entries, seed
from tests.support.processes import free_port
from tests.support.receiver import Answer, receiver

GOVERNOR = Principal(OFFICER, Role.OFFICER)
LOCAL = Destinations(parse_networks("127.0.0.0/8"))


@dataclass
class Post:
    """An installation's webhooks and a worker that sends; `now` is what they take the time to be."""

    database: Database
    folder: Path
    now: datetime = NOW
    seconds: float = 5.0
    _numbers: Iterator[int] = field(default_factory=lambda: iter(range(1_000_000)))

    def __post_init__(self) -> None:
        seed(self.database)
        LocalKeyring.create(self.folder / "keys")
        self.keys = LocalKeyring.open(self.folder / "keys", KeyPurpose.ORIGINALS)
        self.webhooks = Webhooks(self.database, self.keys, LOCAL, self.clock)

    def clock(self) -> datetime:
        return self.now

    def sender(self) -> WebhookSender:
        caller = Caller(LOCAL, seconds=self.seconds, at_once=AT_ONCE)
        return WebhookSender(
            self.database, self.keys, caller, self.clock, actor="worker-1", chance=lambda: 0.0
        )

    def happens(self, state: AssetState, reason: str | None = None) -> str:
        """An asset comes to a state; its id."""
        asset = f"asset-{next(self._numbers)}"
        with self.database.unit() as unit:
            assets.add(unit.session, asset_record(asset, AssetState.PROCESSING), sealed_name=None)
            assets.move(unit.session, asset, state, now=self.now, reason=reason)
        return asset


@pytest.fixture
def post(database: Database, tmp_path: Path) -> Post:
    return Post(database, tmp_path)


def check_signature(secret: str, headers: dict[str, str], body: bytes) -> None:
    """As a receiver would, by the Standard Webhooks specification."""
    assert secret.startswith("whsec_")
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_what_was_asked_for_is_told_signed_and_in_ids_and_codes_only(post: Post) -> None:
    with receiver() as there:
        made = post.webhooks.create(GOVERNOR, url=there.url + "/hook", events=["quarantined", "released"])
        post.happens(AssetState.NEEDS_REVIEW)
        held = post.happens(AssetState.QUARANTINED, "image.malformed,other.code")
        post.sender().deliver_due()
    (got,) = there.got
    assert (got.method, got.path, got.headers["content-type"]) == ("POST", "/hook", "application/json")
    assert made.secret is not None
    check_signature(made.secret, got.headers, got.body)
    assert got.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert json.loads(got.body) == {
        "type": "asset.quarantined",
        "timestamp": "2031-05-01T12:00:00.123456Z",
        "data": {
            "asset": held,
            "dataset": DATASET,
            "state": "quarantined",
            "reasons": ["image.malformed", "other.code"],
        },
    }
    (kept,) = post.webhooks.list(GOVERNOR)
    assert (kept.count.delivered, kept.count.pending, kept.secret) == (1, 0, None)


def test_the_secret_lies_sealed_and_no_entry_names_it_or_the_address(post: Post) -> None:
    made = post.webhooks.create(GOVERNOR, url="https://hooks.example.org/x", events=["released"])
    assert made.secret is not None
    key = base64.b64decode(made.secret.removeprefix("whsec_"))
    with post.database.engine.connect() as connection:
        (row,) = connection.execute(text("SELECT sealed_secret, wrapped_key FROM webhook"))
    assert key not in bytes(row[0]) + bytes(row[1])
    (entry,) = entries(post.database)
    assert (entry.action, entry.subject) == ("webhook.created", made.webhook.id)
    assert b"example" not in entry.to_bytes()


def test_a_change_that_is_rolled_back_is_told_to_nobody(post: Post) -> None:
    with receiver() as there:
        post.webhooks.create(GOVERNOR, url=there.url, events=["released"])
        with suppress(RuntimeError), post.database.unit() as unit:
            assets.add(unit.session, asset_record("asset-x", AssetState.PROCESSING), sealed_name=None)
            assets.move(unit.session, "asset-x", AssetState.RELEASED, now=NOW)
            raise RuntimeError("the disk is full")
        post.sender().deliver_due()
    assert there.got == []


def test_a_receiver_that_is_broken_then_well_gets_the_message_under_one_id(post: Post) -> None:
    def answer(number: int, _: object) -> Answer:
        return [Answer(500), Answer(0), Answer(302, headers={"Location": "/elsewhere"}), Answer(204)][number]

    with receiver(answer) as there:
        made = post.webhooks.create(GOVERNOR, url=there.url + "/hook", events=["released"])
        post.happens(AssetState.RELEASED)
        for attempt in range(1, 5):
            post.sender().deliver_due()
            assert len(there.got) == attempt
            post.sender().deliver_due()  # not yet due again
            assert len(there.got) == attempt
            post.now += pause_after(attempt, 0.0)
    assert {got.path for got in there.got} == {"/hook"}, "no redirect is followed"
    assert len({got.headers["webhook-id"] for got in there.got}) == 1
    assert len({got.headers["webhook-timestamp"] for got in there.got}) == 4
    assert made.secret is not None
    for got in there.got:
        check_signature(made.secret, got.headers, got.body)
    assert post.webhooks.list(GOVERNOR)[0].count.delivered == 1


def test_a_receiver_that_stays_away_is_given_up_after_a_day_counted_and_entered(post: Post) -> None:
    post.webhooks.create(GOVERNOR, url=f"http://127.0.0.1:{free_port()}/", events=["released"])
    asset = post.happens(AssetState.RELEASED)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert post.webhooks.list(GOVERNOR)[0].count.pending == 1
        post.sender().deliver_due()
        post.now += pause_after(attempt, 0.0)
    assert timedelta(hours=22) < post.now - NOW < timedelta(hours=31)
    assert post.webhooks.list(GOVERNOR)[0].count.given_up == 1
    last = entries(post.database)[-1]
    assert (last.action, last.details["asset"]) == ("webhook.given_up", asset)
    assert last.details["reason"] == "webhook.unreachable"
    with post.database.reading() as session:
        assert counters.value(session, GIVEN_UP) == 1


def test_a_slow_receiver_holds_nobody_up_for_longer_than_an_attempt(post: Post) -> None:
    post.seconds = 4.0

    def answer(_: int, got: object) -> Answer:
        return Answer(seconds=60.0 if "slow" in getattr(got, "path", "") else 0.0)

    with receiver(answer) as there:
        post.webhooks.create(GOVERNOR, url=there.url + "/slow", events=["released"])
        post.webhooks.create(GOVERNOR, url=there.url + "/quick", events=["released"])
        for _ in range(5):
            post.happens(AssetState.RELEASED)
        assert post.sender().deliver_some() == 10
    counts = {kept.webhook.url.rpartition("/")[2]: kept.count for kept in post.webhooks.list(GOVERNOR)}
    assert (counts["slow"].pending, counts["quick"].delivered) == (5, 5)


def test_an_attempt_whose_worker_dies_is_made_again_by_another(post: Post) -> None:
    with receiver() as there:
        post.webhooks.create(GOVERNOR, url=there.url, events=["released"])
        post.happens(AssetState.RELEASED)
        with post.database.unit() as unit:  # claimed, and then nothing more is heard of that worker
            assert len(webhooks.claim_due(unit.session, now=post.now, lease=LEASE, limit=9)) == 1
        post.sender().deliver_due()
        assert there.got == []
        post.now += LEASE
        post.sender().deliver_due()
        assert len(there.got) == 1


def test_a_deleted_webhook_gets_nothing_more(post: Post) -> None:
    with receiver() as there:
        made = post.webhooks.create(GOVERNOR, url=there.url, events=["released"])
        post.happens(AssetState.RELEASED)
        post.webhooks.delete(GOVERNOR, made.webhook.id)
        post.sender().deliver_due()
        assert there.got == []
    assert post.webhooks.list(GOVERNOR) == []
    with pytest.raises(NotFound):
        post.webhooks.delete(GOVERNOR, made.webhook.id)


def test_what_was_delivered_long_ago_is_forgotten_and_nothing_else(post: Post) -> None:
    with receiver(lambda number, _: Answer(200 if number == 0 else 500)) as there:
        post.webhooks.create(GOVERNOR, url=there.url, events=["released"])
        for _ in range(2):
            post.happens(AssetState.RELEASED)
            post.sender().deliver_due()
    post.now += KEPT + timedelta(seconds=1)
    post.sender().prune()
    assert post.webhooks.list(GOVERNOR)[0].count.delivered == 0
    assert post.webhooks.list(GOVERNOR)[0].count.pending == 1


def test_only_officers_keep_webhooks(post: Post) -> None:
    for role in set(Role) - {Role.OFFICER}:
        other = Principal(OFFICER, role)
        with pytest.raises(AccessDenied):
            post.webhooks.create(other, url="https://hooks.example.org/", events=["released"])
        with pytest.raises(AccessDenied):
            post.webhooks.list(other)
        with pytest.raises(AccessDenied):
            post.webhooks.delete(other, "webhook-00")


REFUSED = [
    "http://hooks.example.org/",
    "ftp://hooks.example.org/",
    "https://",
    "https://user:password@hooks.example.org/",
    "https://hooks.example.org/#fragment",
    "https://hooks.example.org:0/",
    "https://hooks.example.org:99999/",
    "https://[::1",
    "https://hooks.example.org/a b",
    "https://hooks.example.org/a\x00b",
    "https://hooks.example.org/a\x1b[2J",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::a00:1]/",
    "https://[2002:a00:1::]/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
]


def test_a_url_that_is_never_called_is_refused_at_once(post: Post) -> None:
    for url in REFUSED:
        with pytest.raises(InputRefused):
            post.webhooks.create(GOVERNOR, url=url, events=["released"])
    assert post.webhooks.list(GOVERNOR) == []


def test_this_machine_is_called_only_where_the_operator_allows_it() -> None:
    nowhere = Destinations()
    for url in ("http://127.0.0.1/", "http://localhost/", "https://localhost/", "https://127.9.9.9/"):
        with pytest.raises(Blocked, match="not public"):
            nowhere.check_url(url)
        LOCAL.check_url(url)
    nowhere.check_url("https://8.8.8.8/")
    nowhere.check_url("https://hooks.example.org/")


def test_a_name_that_leads_to_a_private_address_is_not_connected_to() -> None:
    """What is checked is the address that the name has at the time of the call."""
    with receiver() as there:
        port = there.url.rpartition(":")[2]
        caller = Caller(Destinations(), seconds=5, at_once=1)
        # A name for 127.0.0.1 that no check of the URL alone can know.
        url = f"https://127.1:{port}/"
        assert caller.post_all([(url, {}, b"")]) == ["webhook.address"]
        assert there.got == []


@given(st.integers(0, 2**32 - 1))
def test_a_mapped_address_is_judged_like_the_one_within(number: int) -> None:
    plain = ip_address(number)
    mapped = ip_address(f"::ffff:{plain}")

    def verdict(address: object) -> bool:
        try:
            Destinations().check_addresses([address])  # type: ignore[list-item]
        except Blocked:
            return False
        return True

    assert verdict(plain) == verdict(mapped)


def test_pauses_grow_and_are_bounded() -> None:
    pauses = [pause_after(attempt, chance) for attempt in range(1, 200) for chance in (0.0, 0.99)]
    assert pauses[0] == timedelta(seconds=5)
    assert max(pauses) < timedelta(hours=7)
    assert all(pause_after(n, 0.0) <= pause_after(n + 1, 0.0) for n in range(1, 100))
