"""The outbox's other end, run by workers: what is due is sent, at least once, until it is taken or given up.

What a crash means: after (1) the attempt is counted and its time runs out, then it is made again; after (2)
the receiver has the message and gets it once more, under the same webhook-id.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta

from gateway.errors import KeyringError, VaultError, VaultUnavailable
from gateway.services.destinations import Caller
from gateway.services.ports import Clock
from gateway.services.webhooks import message, open_secret, signed_headers
from gateway.store.database import Database, Unit
from gateway.store.queries import counters, webhooks
from gateway.store.records import DeliveryRecord, WebhookRecord
from gateway.vault.keys import KeyProvider

AT_ONCE = 16
"""Messages under way at a time, of one worker."""

LEASE = timedelta(seconds=30)
"""How long an attempt is its worker's; more than it can take."""

FIRST_PAUSE = timedelta(seconds=5)
GROWTH = 3
LONGEST_PAUSE = timedelta(hours=6)

MAX_ATTEMPTS = 12
"""Pauses of 5 s, 15 s, 45 s, … 3 h and three of 6 h: the last attempt is 22.6 to 24.8 h after the first."""

JITTER = 0.1
"""Share of a pause by which it is lengthened at most, so that a receiver that comes back is not overrun."""

KEPT = timedelta(days=7)
"""How long a delivered message's row stays; it holds ids only."""

GIVEN_UP = "webhooks.given_up"


class WebhookSender:
    """One worker's. actor: its id, as it stands in the log."""

    def __init__(
        self,
        database: Database,
        keys: KeyProvider,
        caller: Caller,
        clock: Clock,
        *,
        actor: str,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._keys = keys
        self._caller = caller
        self._clock = clock
        self._actor = actor
        self._chance = chance

    def deliver_due(self) -> None:
        """Sends what is due, until nothing is."""
        while self.deliver_some():
            pass

    def deliver_some(self) -> int:
        """One round; how many messages it tried."""
        now = self._clock()
        with self._database.reading() as session:  # takes no write lock when there is nothing to do
            if not webhooks.any_due(session, now=now):
                return 0
        # (1) The attempts are this worker's for a while.
        with self._database.unit() as unit:
            claimed = webhooks.claim_due(unit.session, now=now, lease=LEASE, limit=AT_ONCE)
        # (2) Send.
        outcomes = self._send(claimed)
        # (3) What became of them.
        for (delivery, _), outcome in zip(claimed, outcomes, strict=True):
            self._report(delivery, outcome)
        return len(claimed)

    def prune(self) -> None:
        """Forgets what was delivered long ago."""
        before = self._clock() - KEPT
        with self._database.reading() as session:
            if not webhooks.has_ended(session, before=before):
                return
        with self._database.unit() as unit:
            webhooks.forget_delivered(unit.session, before=before)

    def _send(self, claimed: Sequence[tuple[DeliveryRecord, WebhookRecord]]) -> list[str]:
        posts, places = [], []
        outcomes = ["webhook.secret"] * len(claimed)
        for place, (delivery, webhook) in enumerate(claimed):
            try:
                secret = open_secret(webhook, self._keys)
            except (KeyringError, VaultError, VaultUnavailable):
                continue
            body = message(delivery)
            headers = signed_headers(secret, delivery.id, body, now=self._clock())
            posts.append((webhook.url, {"Content-Type": "application/json"} | headers, body))
            places.append(place)
        for place, outcome in zip(places, self._caller.post_all(posts), strict=True):
            outcomes[place] = outcome
        return outcomes

    def _report(self, delivery: DeliveryRecord, outcome: str) -> None:
        now = self._clock()
        with self._database.unit() as unit:
            if outcome == "delivered":
                webhooks.report(unit.session, delivery.id, outcome=outcome, delivered=now, due=None)
            elif delivery.attempts < MAX_ATTEMPTS:
                due = now + pause_after(delivery.attempts, self._chance())
                webhooks.report(unit.session, delivery.id, outcome=outcome, delivered=None, due=due)
            else:
                self._give_up(unit, delivery, outcome)

    def _give_up(self, unit: Unit, delivery: DeliveryRecord, outcome: str) -> None:
        if webhooks.report(unit.session, delivery.id, outcome=outcome, delivered=None, due=None):
            counters.add(unit.session, GIVEN_UP, 1)
            unit.ledger.record(
                actor=self._actor,
                action="webhook.given_up",
                subject=delivery.webhook_id,
                delivery=delivery.id,
                asset=delivery.asset_id,
                reason=outcome,
            )


def pause_after(attempts: int, chance: float) -> timedelta:
    """Until the next attempt. attempts: made so far; chance: in [0, 1), for the jitter."""
    grown: timedelta = FIRST_PAUSE * GROWTH ** min(attempts - 1, 20)
    return min(grown, LONGEST_PAUSE) * (1 + JITTER * chance)
