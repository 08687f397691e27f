"""A sender's batches and the images in them, page by page."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import text
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import Select

from gateway.store.batch_tables import Batch, BatchAsset, BatchRefusal
from gateway.store.queries import assets, batches, copies
from gateway.store.queries.pages import Key, behind, in_order
from gateway.store.records import BatchCount, BatchImageRecord, BatchRecord
from gateway.store.tables import Asset, Copy
from policies.lifecycle import AssetState

_NEWEST_FIRST: Sequence[Key] = ((col(Batch.created_at), True), (col(Batch.id), True))
_OLDEST_FIRST: Sequence[Key] = ((col(Batch.created_at), False), (col(Batch.id), False))
_LAST_IN_FIRST: Sequence[Key] = ((col(Asset.received_at), True), (col(Asset.id), True))
_FIRST_IN_FIRST: Sequence[Key] = ((col(Asset.received_at), False), (col(Asset.id), False))

# Known to both databases, and right however many reports come at once.
_REFUSE = text(
    "INSERT INTO batch_refusal (batch_id, code, files) VALUES (:batch, :code, :files) "
    "ON CONFLICT (batch_id, code) DO UPDATE SET files = batch_refusal.files + excluded.files"
)


def of_sender(
    session: Session, person_id: str, *, older: BatchRecord | None, newer: BatchRecord | None, limit: int
) -> list[BatchRecord]:
    """A person's batches, the newest first: those older than one, newer than another, or the newest."""
    query = select(Batch).where(Batch.created_by == person_id)
    keys = _NEWEST_FIRST if newer is None else _OLDEST_FIRST
    mark = older if newer is None else newer
    if mark is not None:
        query = query.where(behind(keys, (mark.created_at, mark.id)))
    rows = [batches.record_of(row) for row in session.exec(query.order_by(*in_order(keys)).limit(limit))]
    return rows if newer is None else rows[::-1]


def counts_of(session: Session, batch_ids: Collection[str]) -> dict[str, list[BatchCount]]:
    """Uploads of each batch by the state of their assets, whatever the reason."""
    query = (
        select(
            BatchAsset.batch_id,
            col(Asset.state),
            func.sum(BatchAsset.uploads),
            func.sum(BatchAsset.duplicates),
        )
        .join(Asset, col(BatchAsset.asset_id) == col(Asset.id))
        .where(col(BatchAsset.batch_id).in_(batch_ids))
        .group_by(col(BatchAsset.batch_id), col(Asset.state))
        .order_by(col(Asset.state))
    )
    found: dict[str, list[BatchCount]] = {batch: [] for batch in batch_ids}
    for batch, state, uploads, duplicates in session.exec(query):
        found[batch].append(BatchCount(AssetState(state), None, int(uploads), int(duplicates)))
    return found


def images(
    session: Session,
    batch_id: str,
    *,
    states: Collection[AssetState] | None,
    before: str | None,
    after: str | None,
    limit: int,
) -> list[BatchImageRecord]:
    """A batch's images, the last that came in first. states: only those that stand there.

    before, after: the id of an image, behind or in front of which the page lies. Raises NotFound for one
    that is not there.
    """
    query = _images_of(batch_id)
    if states is not None:
        query = query.where(col(Asset.state).in_([state.value for state in states]))
    keys = _LAST_IN_FIRST if after is None else _FIRST_IN_FIRST
    mark = before if after is None else after
    if mark is not None:
        last = assets.get(session, mark)
        query = query.where(behind(keys, (last.received_at, last.id)))
    rows = _with_copies(session, query.order_by(*in_order(keys)).limit(limit))
    return rows if after is None else rows[::-1]


def images_named(session: Session, batch_id: str, asset_ids: Collection[str]) -> list[BatchImageRecord]:
    """Those of these images that are in the batch, in no order."""
    return _with_copies(session, _images_of(batch_id).where(col(Asset.id).in_(asset_ids)))


def add_refused(session: Session, batch_id: str, code: str, files: int) -> None:
    """The sender says that so many more files were not taken, for this reason."""
    session.connection().execute(_REFUSE, {"batch": batch_id, "code": code, "files": files})


def refused_of(session: Session, batch_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """How many files each batch's sender says were not taken, by reason."""
    query = select(BatchRefusal).where(col(BatchRefusal.batch_id).in_(batch_ids))
    found: dict[str, dict[str, int]] = {batch: {} for batch in batch_ids}
    for row in session.exec(query.order_by(col(BatchRefusal.code))):
        found[row.batch_id][row.code] = row.files
    return found


def _images_of(batch_id: str) -> Select[BatchAsset, Asset]:
    joined = select(BatchAsset, Asset).join(Asset, col(BatchAsset.asset_id) == col(Asset.id))
    return joined.where(BatchAsset.batch_id == batch_id)


def _with_copies(session: Session, query: Select[BatchAsset, Asset]) -> list[BatchImageRecord]:
    rows = list(session.exec(query))
    made = select(Copy).where(col(Copy.asset_id).in_([asset.id for _, asset in rows]))
    # The last of each asset stays: that of the highest revision.
    newest = {row.asset_id: row for row in session.exec(made.order_by(col(Copy.revision)))}
    return [
        BatchImageRecord(
            assets.record_of(asset),
            link.uploads,
            link.duplicates,
            copies.record_of(newest[asset.id]) if asset.id in newest else None,
        )
        for link, asset in rows
    ]
