"""What waits to be done, by kind of work: how many, and since when the first of them."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, func, select

from gateway.store.batch_tables import WebhookDelivery
from gateway.store.tables import Asset, PolicyPreview, Rederivation, RederivationItem
from policies.lifecycle import AssetState

Length = tuple[int, datetime | None]


def previews(session: Session) -> Length:
    """Previews of policies that have not ended."""
    query = select(func.count(), func.min(PolicyPreview.created_at))
    return _length(session.exec(query.where(col(PolicyPreview.finished_at).is_(None))).one())


def rederived(session: Session) -> Length:
    """Images of datasets under way whose copies are still to be made anew."""
    query = (
        select(func.count(), func.min(Rederivation.created_at))
        .select_from(RederivationItem)
        .join(Rederivation)
        .where(col(Rederivation.finished_at).is_(None), col(RederivationItem.outcome).is_(None))
    )
    return _length(session.exec(query).one())


def messages(session: Session) -> Length:
    """Messages to webhooks that are to be sent, or sent again."""
    query = select(func.count(), func.min(WebhookDelivery.happened_at))
    return _length(session.exec(query.where(col(WebhookDelivery.due_at).is_not(None))).one())


def at_work(session: Session, *, limit: int) -> list[tuple[str, datetime, int]]:
    """Images that workers have begun: id, since when, which attempt; the oldest first."""
    query = (
        select(Asset.id, Asset.updated_at, Asset.attempts)
        .where(Asset.state == AssetState.PROCESSING.value)
        .order_by(col(Asset.updated_at), col(Asset.id))
        .limit(limit)
    )
    return [(asset_id, since, attempts) for asset_id, since, attempts in session.exec(query)]


def _length(row: tuple[int, datetime | None]) -> Length:
    return row[0], row[1]
