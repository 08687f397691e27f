"""Batches: what one sender brings in together, and how its assets stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from gateway.errors import NotFound
from gateway.store.batch_tables import Batch, BatchAsset
from gateway.store.records import BatchAssetRecord, BatchCount, BatchRecord
from gateway.store.tables import Asset
from policies.lifecycle import AssetState

# Known to both databases, and right however many uploads come at once.
_COUNT = text(
    "INSERT INTO batch_asset (batch_id, asset_id, uploads, duplicates) "
    "VALUES (:batch, :asset, 1, :duplicate) ON CONFLICT (batch_id, asset_id) DO UPDATE SET "
    "uploads = batch_asset.uploads + 1, duplicates = batch_asset.duplicates + excluded.duplicates"
)


def add(session: Session, record: BatchRecord) -> None:
    session.add(
        Batch(
            id=record.id,
            dataset_id=record.dataset_id,
            created_by=record.created_by,
            expected=record.expected,
            refused=record.refused,
            created_at=record.created_at,
            closed_at=record.closed_at,
        )
    )
    session.flush()


def get(session: Session, batch_id: str) -> BatchRecord:
    """Raises NotFound."""
    return _record(_row(session, batch_id))


def all_batches(session: Session, *, limit: int) -> list[BatchRecord]:
    """The newest first."""
    query = select(Batch).order_by(col(Batch.created_at).desc(), col(Batch.id)).limit(limit)
    return [_record(row) for row in session.exec(query)]


def close(session: Session, batch_id: str, *, refused: int, now: datetime) -> BatchRecord:
    """Closing again changes nothing. Raises NotFound."""
    row = _row(session, batch_id, lock=True)
    if row.closed_at is None:
        row.closed_at, row.refused = now, refused
        session.add(row)
        session.flush()
    return _record(row)


def count_upload(session: Session, batch_id: str, asset_id: str, *, duplicate: bool) -> None:
    """One more upload of the batch gave this asset."""
    session.connection().execute(_COUNT, {"batch": batch_id, "asset": asset_id, "duplicate": int(duplicate)})


def counts(session: Session, batch_id: str) -> list[BatchCount]:
    """Uploads by the state and reason of their assets."""
    query = (
        select(
            col(Asset.state),
            col(Asset.reason),
            func.sum(BatchAsset.uploads),
            func.sum(BatchAsset.duplicates),
        )
        .join(BatchAsset, col(BatchAsset.asset_id) == col(Asset.id))
        .where(BatchAsset.batch_id == batch_id)
        .group_by(col(Asset.state), col(Asset.reason))
        .order_by(col(Asset.state), col(Asset.reason))
    )
    return [BatchCount(AssetState(row[0]), row[1], int(row[2]), int(row[3])) for row in session.exec(query)]


def assets_of(session: Session, batch_id: str, *, after: str, limit: int) -> Sequence[BatchAssetRecord]:
    """A batch's assets by id, beginning behind `after`."""
    query = (
        select(BatchAsset, Asset)
        .join(Asset, col(BatchAsset.asset_id) == col(Asset.id))
        .where(BatchAsset.batch_id == batch_id, col(BatchAsset.asset_id) > after)
        .order_by(col(BatchAsset.asset_id))
        .limit(limit)
    )
    return [
        BatchAssetRecord(asset.id, AssetState(asset.state), asset.reason, link.uploads, link.duplicates)
        for link, asset in session.exec(query)
    ]


def of_asset(session: Session, asset_id: str) -> Sequence[str]:
    """The ids of the batches that brought an asset."""
    query = select(BatchAsset.batch_id).where(BatchAsset.asset_id == asset_id)
    return session.exec(query.order_by(col(BatchAsset.batch_id))).all()


def _row(session: Session, batch_id: str, *, lock: bool = False) -> Batch:
    row = session.get(Batch, batch_id, with_for_update=lock)
    if row is None:
        raise NotFound(f"batch {batch_id} does not exist")
    return row


def record_of(row: Batch) -> BatchRecord:
    """The row as what leaves this room."""
    return BatchRecord(
        id=row.id,
        dataset_id=row.dataset_id,
        created_by=row.created_by,
        expected=row.expected,
        refused=row.refused,
        created_at=row.created_at,
        closed_at=row.closed_at,
    )


_record = record_of
