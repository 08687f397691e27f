"""Webhooks: secrets that open, and messages that arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from gateway.errors import KeyringError, VaultError, VaultUnavailable
from gateway.services.doctor.keys import RESTORE
from gateway.services.findings import Finding, broken, fine, warning
from gateway.services.webhooks import open_secret
from gateway.store.database import Database
from gateway.store.queries import webhooks
from gateway.store.records import WebhookRecord
from gateway.vault.keys import KeyProvider

OVERDUE = timedelta(minutes=5)
"""A message that was due so long ago is sent by nobody: workers do it every few seconds."""

CODE = "webhooks"


def outbox(database: Database, open_keys: Callable[[], KeyProvider], now: datetime) -> Iterator[Finding]:
    """open_keys: raises KeyringError, which is a finding of its own elsewhere."""
    with database.reading() as session:
        kept, counts = webhooks.all_webhooks(session), webhooks.counts(session)
        overdue = webhooks.any_due(session, now=now - OVERDUE)
    sealed = [webhook.id for webhook in kept if not _opens(webhook, open_keys)]
    given_up = sum(count.given_up for count in counts.values())
    if sealed:
        said = f"the secret of {', '.join(sealed)} does not open: its messages cannot be signed, and wait"
        yield broken(CODE, said, RESTORE)
    if overdue:
        said = "messages of webhooks were due more than 5 minutes ago, and nobody sends them"
        yield broken(CODE, said, "start a worker: privgate worker")
    if given_up:
        said = f"{given_up} messages of webhooks were given up after a day of attempts"
        remedy = "GET /v1/webhooks says whose; see that it answers 2xx. What it missed, /v1/batches tells"
        yield warning(CODE, said, remedy)
    if not sealed and not overdue and not given_up:
        yield fine(CODE, f"{len(kept)} webhooks; nothing waits for long")


def _opens(webhook: WebhookRecord, open_keys: Callable[[], KeyProvider]) -> bool:
    try:
        open_secret(webhook, open_keys())
    except (KeyringError, VaultError, VaultUnavailable):
        return False
    return True
