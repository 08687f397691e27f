"""What the database holds of one image, for whoever follows its life: the asset, its copies."""

from __future__ import annotations

from sqlmodel import Session, col, select

from gateway.store.queries import copies, datasets
from gateway.store.records import CopyRecord, DatasetRecord
from gateway.store.tables import Asset, Copy
from policies.lifecycle import AssetState


def state_of(session: Session, asset_id: str) -> tuple[AssetState, DatasetRecord] | None:
    """Where the asset stands, and its data set; None for one that the database does not know."""
    row = session.get(Asset, asset_id)
    return None if row is None else (AssetState(row.state), datasets.get(session, row.dataset_id))


def copies_of(session: Session, asset_id: str) -> list[CopyRecord]:
    """All copies that were made of it, the first one first."""
    query = select(Copy).where(Copy.asset_id == asset_id).order_by(col(Copy.revision))
    return [copies.record_of(row) for row in session.exec(query)]
