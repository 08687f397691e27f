"""Webhooks and their outbox: a delivery's row is written in the transaction of what it tells of."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, func, select

from gateway.errors import NotFound
from gateway.store.batch_tables import Webhook, WebhookDelivery
from gateway.store.records import DeliveryCount, DeliveryRecord, WebhookRecord
from gateway.store.tables import Asset
from policies.lifecycle import AssetState

TOLD = frozenset({AssetState.RELEASED, AssetState.NEEDS_REVIEW, AssetState.QUARANTINED})
"""States whose beginning is an event."""


def add(session: Session, record: WebhookRecord) -> None:
    session.add(
        Webhook(
            id=record.id,
            url=record.url,
            events=list(record.events),
            sealed_secret=record.sealed_secret,
            wrapped_key=record.wrapped_key,
            created_by=record.created_by,
            created_at=record.created_at,
        )
    )
    session.flush()


def all_webhooks(session: Session) -> list[WebhookRecord]:
    """The oldest first."""
    rows = session.exec(select(Webhook).order_by(col(Webhook.created_at), col(Webhook.id)))
    return [_record(row) for row in rows]


def remove(session: Session, webhook_id: str) -> None:
    """With its secret and whatever was still to be delivered. Raises NotFound."""
    row = session.get(Webhook, webhook_id, with_for_update=True)
    if row is None:
        raise NotFound(f"webhook {webhook_id} does not exist")
    session.exec(delete(WebhookDelivery).where(col(WebhookDelivery.webhook_id) == webhook_id))
    session.delete(row)
    session.flush()


def announce(session: Session, asset: Asset, *, now: datetime) -> None:
    """Puts the asset's new state into the outbox of every webhook that asked for it."""
    if AssetState(asset.state) not in TOLD:
        return
    for webhook in session.exec(select(Webhook)):
        if asset.state in webhook.events:
            session.add(
                WebhookDelivery(
                    id=f"delivery-{secrets.token_hex(12)}",
                    webhook_id=webhook.id,
                    event=asset.state,
                    asset_id=asset.id,
                    dataset_id=asset.dataset_id,
                    reason=asset.reason,
                    happened_at=now,
                    due_at=now,
                )
            )


def any_due(session: Session, *, now: datetime) -> bool:
    query = select(WebhookDelivery.id).where(col(WebhookDelivery.due_at) <= now).limit(1)
    return session.exec(query).first() is not None


def claim_due(
    session: Session, *, now: datetime, lease: timedelta, limit: int
) -> Sequence[tuple[DeliveryRecord, WebhookRecord]]:
    """Deliveries to be tried now, this attempt counted. For `lease` nobody else is given them; whoever dies
    before it reports leaves them due again."""
    query = (
        select(WebhookDelivery)
        .where(col(WebhookDelivery.due_at) <= now)
        .order_by(col(WebhookDelivery.due_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = []
    for row in session.exec(query).all():
        webhook = session.get(Webhook, row.webhook_id)
        if webhook is None:  # it is being deleted, and its deliveries with it
            continue
        row.attempts += 1
        row.due_at = now + lease
        session.add(row)
        found.append((_delivery(row), _record(webhook)))
    session.flush()
    return found


def report(
    session: Session, delivery_id: str, *, outcome: str, delivered: datetime | None, due: datetime | None
) -> bool:
    """What became of an attempt; due: when to try again. False where the webhook was deleted meanwhile."""
    row = session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if row is None:
        return False
    if row.delivered_at is None:  # a slow attempt may end after a later one that succeeded
        row.outcome, row.delivered_at, row.due_at = outcome, delivered, due
        session.add(row)
        session.flush()
    return True


def counts(session: Session) -> dict[str, DeliveryCount]:
    """By webhook."""
    delivered, due = col(WebhookDelivery.delivered_at), col(WebhookDelivery.due_at)
    query = select(
        col(WebhookDelivery.webhook_id), func.count(), func.count(delivered), func.count(due)
    ).group_by(col(WebhookDelivery.webhook_id))
    return {
        row[0]: DeliveryCount(
            delivered=int(row[2]), pending=int(row[3]), given_up=int(row[1] - row[2] - row[3])
        )
        for row in session.exec(query)
    }


def has_ended(session: Session, *, before: datetime) -> bool:
    query = select(WebhookDelivery.id).where(col(WebhookDelivery.delivered_at) < before).limit(1)
    return session.exec(query).first() is not None


def forget_delivered(session: Session, *, before: datetime) -> None:
    session.exec(delete(WebhookDelivery).where(col(WebhookDelivery.delivered_at) < before))


def _record(row: Webhook) -> WebhookRecord:
    return WebhookRecord(
        id=row.id,
        url=row.url,
        events=tuple(row.events),
        sealed_secret=row.sealed_secret,
        wrapped_key=row.wrapped_key,
        created_by=row.created_by,
        created_at=row.created_at,
    )


def _delivery(row: WebhookDelivery) -> DeliveryRecord:
    return DeliveryRecord(
        id=row.id,
        webhook_id=row.webhook_id,
        event=row.event,
        asset_id=row.asset_id,
        dataset_id=row.dataset_id,
        reason=row.reason,
        happened_at=row.happened_at,
        attempts=row.attempts,
    )
