"""Webhooks: who is told when an image was released, waits for a person or was quarantined.

A message holds ids and codes only. It is signed as Standard Webhooks has it, under a secret shown once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.errors import InputRefused
from gateway.services.authorize import authorize
from gateway.services.destinations import Blocked, Destinations
from gateway.services.ids import new_id
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import webhooks
from gateway.store.records import DeliveryCount, DeliveryRecord, WebhookRecord
from gateway.vault.envelope import EnvelopeContext, open_sealed, seal
from gateway.vault.keys import DataKey, KeyProvider, WrappedKey
from policies.access import INSTALLATION, Action, Principal

PURPOSE = "webhook"
SECRET_PREFIX = "whsec_"  # noqa: S105  (of Standard Webhooks)
SECRET_BYTES = 32
MAX_WEBHOOKS = 20
MAX_URL_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class KeptWebhook:
    """secret: only in the answer to its creation."""

    webhook: WebhookRecord
    count: DeliveryCount
    secret: str | None = None


class Webhooks:
    def __init__(
        self, database: Database, keys: KeyProvider, destinations: Destinations, clock: Clock
    ) -> None:
        """keys: the originals' KEK, under which secrets are sealed."""
        self._database = database
        self._keys = keys
        self._destinations = destinations
        self._clock = clock

    def create(self, principal: Principal, *, url: str, events: Sequence[str]) -> KeptWebhook:
        """Raises AccessDenied, or InputRefused for a URL that is never called."""
        now = self._clock()
        authorize(self._database, principal, Action.WEBHOOK_CREATE, INSTALLATION, now=now)
        if len(url) > MAX_URL_CHARACTERS:
            raise InputRefused("the URL is too long", advice="use a shorter one", code="webhook.url")
        try:
            self._destinations.check_url(url)
        except Blocked as exc:
            raise InputRefused(str(exc), advice=exc.advice, code=exc.code) from exc
        record, secret = self._sealed(url, events, principal.id, now)
        with self._database.unit() as unit:
            if len(webhooks.all_webhooks(unit.session)) >= MAX_WEBHOOKS:
                raise InputRefused(
                    f"there are {MAX_WEBHOOKS} webhooks already", advice="delete one", code="webhook.many"
                )
            webhooks.add(unit.session, record)
            unit.ledger.record(
                actor=principal.id,
                action="webhook.created",
                subject=record.id,
                events="+".join(record.events),
            )
        return KeptWebhook(record, DeliveryCount(0, 0, 0), secret)

    def list(self, principal: Principal) -> list[KeptWebhook]:
        """Raises AccessDenied."""
        authorize(self._database, principal, Action.WEBHOOK_LIST, INSTALLATION, now=self._clock())
        with self._database.reading() as session:
            counts = webhooks.counts(session)
            kept = webhooks.all_webhooks(session)
        return [KeptWebhook(record, counts.get(record.id, DeliveryCount(0, 0, 0))) for record in kept]

    def delete(self, principal: Principal, webhook_id: str) -> None:
        """Nothing more is sent, not even what was waiting. Raises AccessDenied, NotFound."""
        authorize(self._database, principal, Action.WEBHOOK_DELETE, INSTALLATION, now=self._clock())
        with self._database.unit() as unit:
            webhooks.remove(unit.session, webhook_id)
            unit.ledger.record(actor=principal.id, action="webhook.deleted", subject=webhook_id)

    def _sealed(
        self, url: str, events: Sequence[str], person_id: str, now: datetime
    ) -> tuple[WebhookRecord, str]:
        webhook_id, data_key, secret = (
            new_id("webhook"),
            DataKey.generate(),
            secrets.token_bytes(SECRET_BYTES),
        )
        context = EnvelopeContext(PURPOSE, webhook_id)
        record = WebhookRecord(
            id=webhook_id,
            url=url,
            events=tuple(sorted(set(events))),
            sealed_secret=seal(secret, data_key, context),
            wrapped_key=self._keys.wrap(data_key, context.to_bytes()).to_bytes(),
            created_by=person_id,
            created_at=now,
        )
        return record, SECRET_PREFIX + base64.b64encode(secret).decode("ascii")


def open_secret(webhook: WebhookRecord, keys: KeyProvider) -> bytes:
    """Raises KeyringError, EnvelopeError."""
    context = EnvelopeContext(PURPOSE, webhook.id)
    data_key = keys.unwrap(WrappedKey.parse(webhook.wrapped_key), context.to_bytes())
    return open_sealed(webhook.sealed_secret, data_key, context)


def message(delivery: DeliveryRecord) -> bytes:
    """The body: ids and codes."""
    data: dict[str, Any] = {
        "asset": delivery.asset_id,
        "dataset": delivery.dataset_id,
        "state": delivery.event,
        "reasons": delivery.reason.split(",") if delivery.reason else [],
    }
    happened = delivery.happened_at.isoformat().replace("+00:00", "Z")
    told = {"type": f"asset.{delivery.event}", "timestamp": happened, "data": data}
    return json.dumps(told, separators=(",", ":")).encode("ascii")


def signed_headers(secret: bytes, delivery_id: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """Standard Webhooks: HMAC-SHA256 over "id.timestamp.body"; the id is the same with every attempt."""
    timestamp = str(int(now.timestamp()))
    signed = b".".join((delivery_id.encode("ascii"), timestamp.encode("ascii"), body))
    signature = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode("ascii")
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }
