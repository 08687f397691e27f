"""Assets over all datasets, the newest first, page by page; and what is held, by cause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from gateway.store.batch_tables import BatchAsset
from gateway.store.queries import assets
from gateway.store.records import AssetRecord
from gateway.store.tables import Asset
from policies.lifecycle import AssetState


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which assets. None: whatever it is. since: those that came to their state then or later."""

    state: AssetState | None = None
    reason: str | None = None
    dataset: str | None = None
    batch: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: at an asset's time and id, with what is older, or newer, than it."""

    time: datetime
    id: str
    newer: bool = False


def page(session: Session, wanted: Wanted, place: Place | None, *, limit: int) -> list[AssetRecord]:
    """Assets beside the place, the newest first."""
    time, key = col(Asset.updated_at), col(Asset.id)
    query = select(Asset)
    if wanted.batch is not None:
        query = query.join(BatchAsset, col(BatchAsset.asset_id) == key)
        query = query.where(BatchAsset.batch_id == wanted.batch)
    if wanted.state is not None:
        query = query.where(Asset.state == wanted.state.value)
    if wanted.reason is not None:
        query = query.where(Asset.reason == wanted.reason)
    if wanted.dataset is not None:
        query = query.where(Asset.dataset_id == wanted.dataset)
    if wanted.since is not None:
        query = query.where(time >= wanted.since)
    newer = place is not None and place.newer
    if place is not None:
        # The first bound is what an index can begin at; the second tells those of the same instant apart.
        if newer:
            query = query.where(time >= place.time, (time > place.time) | (key > place.id))
        else:
            query = query.where(time <= place.time, (time < place.time) | (key < place.id))
    order = (time, key) if newer else (time.desc(), key.desc())
    found = [assets.record_of(row) for row in session.exec(query.order_by(*order).limit(limit))]
    return found[::-1] if newer else found


def oldest_in(session: Session, state: AssetState) -> datetime | None:
    """Since when the asset that is longest in this state is."""
    query = select(func.min(Asset.updated_at)).where(Asset.state == state.value)
    return session.exec(query).one()


def held_by_cause(session: Session) -> list[tuple[str, int]]:
    """What is quarantined, by its reason's code, the most first."""
    number = func.count()
    query = (
        select(Asset.reason, number)
        .where(Asset.state == AssetState.QUARANTINED.value)
        .group_by(col(Asset.reason))
        .order_by(number.desc(), col(Asset.reason))
    )
    return [(reason or "none", count) for reason, count in session.exec(query)]


def beginning_with(session: Session, start: str, *, limit: int) -> list[AssetRecord]:
    """Assets whose ids begin so. start: "asset-" and hexadecimal digits."""
    key = col(Asset.id)
    # "g" stands behind every hexadecimal digit in any collation.
    query = select(Asset).where(key >= start, key < start + "g").order_by(key).limit(limit)
    return [found for row in session.exec(query) if (found := assets.record_of(row)).id.startswith(start)]
