"""Assets: rows, their states, and the keys of repeated requests."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, col, select

from gateway.errors import NotFound
from gateway.store.queries import tallies, webhooks
from gateway.store.queries.pages import by_id
from gateway.store.records import AssetRecord, IdempotencyRecord
from gateway.store.tables import Asset, IdempotencyKey
from policies.lifecycle import AssetState, check_transition


def add(
    session: Session, record: AssetRecord, *, sealed_name: bytes | None, fingerprint: bytes | None = None
) -> None:
    """Raises sqlalchemy's IntegrityError where the dataset has an asset of this fingerprint."""
    session.add(
        Asset(
            id=record.id,
            dataset_id=record.dataset_id,
            uploader_id=record.uploader_id,
            state=record.state.value,
            blob=record.blob,
            wrapped_key=record.wrapped_key,
            sealed_name=sealed_name,
            fingerprint=fingerprint,
            byte_length=record.byte_length,
            received_at=record.received_at,
            updated_at=record.updated_at,
        )
    )
    session.flush()
    tallies.came(session, record.dataset_id, record.state, now=record.received_at)


def get(session: Session, asset_id: str, *, hold: bool = False) -> AssetRecord:
    """hold: nobody else can change it until this transaction ends. Raises NotFound."""
    return record_of(_row(session, asset_id, lock=hold))


def newest_in(session: Session, dataset_id: str, *, limit: int) -> list[AssetRecord]:
    """The dataset's newest assets whose original is still there."""
    query = (
        select(Asset)
        .where(Asset.dataset_id == dataset_id, Asset.state != AssetState.ERASED.value)
        .order_by(col(Asset.received_at).desc(), col(Asset.id))
        .limit(limit)
    )
    return [record_of(row) for row in session.exec(query)]


def sealed_name(session: Session, asset_id: str) -> bytes | None:
    """The sealed intake file name. Raises NotFound."""
    return _row(session, asset_id).sealed_name


def sealed_names(session: Session, asset_ids: Collection[str]) -> dict[str, bytes]:
    """The sealed intake file names of those assets that have one."""
    query = select(Asset.id, Asset.sealed_name).where(col(Asset.id).in_(asset_ids))
    return {asset_id: name for asset_id, name in session.exec(query) if name is not None}


def move(
    session: Session, asset_id: str, state: AssetState, *, now: datetime, reason: str | None = None
) -> AssetRecord:
    """Changes the state, and tells the webhooks that asked for the new one, in the same transaction.

    Raises NotFound, or IllegalTransition when the state does not lead there.
    """
    row = _row(session, asset_id, lock=True)
    old = AssetState(row.state)
    check_transition(old, state)
    if state is AssetState.PROCESSING:
        row.attempts += 1
    row.state, row.reason, row.updated_at = state.value, reason, now
    session.add(row)
    webhooks.announce(session, row, now=now)
    session.flush()
    tallies.moved(session, row.dataset_id, old, state, now=now)
    return record_of(row)


def wait(session: Session, asset_id: str, *, reason: str, now: datetime) -> None:
    """What was begun has not been, for no fault of the image's: received again, and the attempt not counted.

    Nothing is done to an asset that another has brought further meanwhile. Raises NotFound.
    """
    row = _row(session, asset_id, lock=True)
    if row.state == AssetState.PROCESSING.value:
        row.attempts = max(0, row.attempts - 1)
        move(session, asset_id, AssetState.RECEIVED, now=now, reason=reason)


def put_again(session: Session, asset_id: str, *, now: datetime) -> AssetRecord:
    """As it was received, its attempts forgotten. Raises NotFound, IllegalTransition."""
    row = _row(session, asset_id, lock=True)
    row.attempts = 0
    return move(session, asset_id, AssetState.RECEIVED, now=now)


def page(
    session: Session, dataset_id: str, *, state: AssetState | None, after: str, limit: int
) -> list[AssetRecord]:
    """A dataset's assets by id, beginning behind `after`; those in a state, if one is named."""
    query = select(Asset).where(Asset.dataset_id == dataset_id)
    if state is not None:
        query = query.where(Asset.state == state.value)
    return [record_of(row) for row in by_id(session, query, col(Asset.id), after=after, limit=limit)]


def quarantined(session: Session, reason: str) -> list[str]:
    """The ids of all that are held for a reason."""
    held = select(Asset.id).where(Asset.state == AssetState.QUARANTINED.value, Asset.reason == reason)
    return list(session.exec(held.order_by(col(Asset.id))))


def in_state(session: Session, state: AssetState, *, before: datetime, limit: int) -> list[AssetRecord]:
    """Assets that have stood in a state since before a time, the oldest first."""
    query = select(Asset).where(Asset.state == state.value, col(Asset.updated_at) < before)
    return [record_of(row) for row in session.exec(query.order_by(col(Asset.updated_at)).limit(limit))]


def all_in_state(session: Session, state: AssetState) -> list[tuple[str, int]]:
    """Id and attempts of every asset in a state."""
    query = select(Asset.id, Asset.attempts).where(Asset.state == state.value)
    return [(asset_id, attempts) for asset_id, attempts in session.exec(query)]


def blobs(session: Session) -> set[str]:
    """The names of all blobs that assets refer to."""
    return set(session.exec(select(Asset.blob)))


def with_fingerprint(session: Session, dataset_id: str, fingerprint: bytes) -> AssetRecord | None:
    """The dataset's asset of the same bytes, if there is one."""
    query = select(Asset).where(Asset.dataset_id == dataset_id, Asset.fingerprint == fingerprint)
    row = session.exec(query).first()
    return None if row is None else record_of(row)


def forget_fingerprint(session: Session, asset_id: str) -> None:
    """From now on the same bytes are a new asset. Raises NotFound."""
    row = _row(session, asset_id, lock=True)
    row.fingerprint = None
    session.add(row)
    session.flush()


def repeated(session: Session, *, person_id: str, key: str) -> IdempotencyRecord | None:
    row = session.get(IdempotencyKey, (person_id, key))
    return None if row is None else _kept(row)


def remember(session: Session, *, person_id: str, key: str, record: IdempotencyRecord, now: datetime) -> None:
    session.add(
        IdempotencyKey(
            person_id=person_id,
            key=key,
            asset_id=record.asset_id,
            salt=record.salt,
            fingerprint=record.fingerprint,
            duplicate=record.duplicate,
            created_at=now,
        )
    )
    session.flush()


def _kept(row: IdempotencyKey) -> IdempotencyRecord:
    return IdempotencyRecord(row.asset_id, row.salt, row.fingerprint, bool(row.duplicate))


def _row(session: Session, asset_id: str, *, lock: bool = False) -> Asset:
    row = session.get(Asset, asset_id, with_for_update=lock, populate_existing=lock)
    if row is None:
        raise NotFound(f"asset {asset_id} does not exist")
    return row


def record_of(row: Asset) -> AssetRecord:
    """The row as what leaves this room."""
    return AssetRecord(
        id=row.id,
        dataset_id=row.dataset_id,
        uploader_id=row.uploader_id,
        state=AssetState(row.state),
        reason=row.reason,
        attempts=row.attempts,
        blob=row.blob,
        wrapped_key=row.wrapped_key,
        byte_length=row.byte_length,
        received_at=row.received_at,
        updated_at=row.updated_at,
    )


_record = record_of
