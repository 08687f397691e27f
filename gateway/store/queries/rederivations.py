"""Copies made anew under a dataset's present policy: which assets wait for it, and how far it is."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import func, insert, literal
from sqlmodel import Session, col, select, update
from sqlmodel.sql.expression import SelectOfScalar

from gateway.errors import NotFound
from gateway.store.queries.copies import has_older_cells, made_under
from gateway.store.queries.proofs import unprovable
from gateway.store.records import RederivationItemRecord, RederivationRecord
from gateway.store.tables import Asset, Copy, Rederivation, RederivationItem
from policies.lifecycle import AssetState

WITH_COPY = (AssetState.RELEASED.value, AssetState.NEEDS_REVIEW.value)
"""States in which an asset has a copy that may be the newest of an old policy."""


def begin(session: Session, record: RederivationRecord, *, version: str, revision: int) -> int:
    """Starts one, instead of one that is under way, and notes its assets; returns how many.

    Its assets: released or waiting for a person, with a newest copy that is withdrawn or of another version,
    that cannot be made again to the byte, as a proof has found, or that shows cells of an earlier revision.
    """
    unfinished = update(Rederivation).where(
        col(Rederivation.dataset_id) == record.dataset_id, col(Rederivation.finished_at).is_(None)
    )
    session.exec(unfinished.values(finished_at=record.created_at, superseded=True))
    session.add(
        Rederivation(
            id=record.id,
            dataset_id=record.dataset_id,
            asked_by=record.asked_by,
            created_at=record.created_at,
        )
    )
    session.flush()
    stale = _stale(session, record.dataset_id, version, revision).add_columns(literal(record.id), literal(0))
    into = insert(RederivationItem).from_select(["asset_id", "rederivation_id", "attempts"], stale)
    session.connection().execute(into)
    return progress(session, record.id)[None]  # PostgreSQL's driver does not tell how many were inserted


def stale_in(session: Session, dataset_id: str, *, version: str, revision: int) -> int:
    """How many assets of the dataset would be made anew."""
    stale = _stale(session, dataset_id, version, revision)
    return session.exec(select(func.count()).select_from(stale.subquery())).one()


def outdated_in(session: Session, dataset_id: str, *, revision: int) -> int:
    """How many of them have a newest copy that shows cells of an earlier revision."""
    outdated = _newest(dataset_id).where(has_older_cells(session, revision))
    return session.exec(select(func.count()).select_from(outdated.subquery())).one()


def latest(session: Session, dataset_id: str) -> RederivationRecord:
    """The dataset's last one, finished or not. Raises NotFound where there was none."""
    query = (
        select(Rederivation)
        .where(Rederivation.dataset_id == dataset_id)
        .order_by(col(Rederivation.finished_at).is_not(None), col(Rederivation.created_at).desc())
    )
    row = session.exec(query).first()
    if row is None:
        raise NotFound(f"the copies of dataset {dataset_id} were never made anew")
    return _record(row)


def unfinished(session: Session) -> list[RederivationRecord]:
    query = select(Rederivation).where(col(Rederivation.finished_at).is_(None))
    return [_record(row) for row in session.exec(query.order_by(col(Rederivation.created_at)))]


def progress(session: Session, rederivation_id: str) -> Counter[str | None]:
    """How many assets by outcome; None: still to be done."""
    query = (
        select(RederivationItem.outcome, func.count())
        .where(RederivationItem.rederivation_id == rederivation_id)
        .group_by(col(RederivationItem.outcome))
    )
    return Counter(dict(session.exec(query).all()))


def waiting(
    session: Session, rederivation_id: str, *, begun_before: datetime, limit: int
) -> list[RederivationItemRecord]:
    """Assets that nobody has begun, or whose job seems lost."""
    waits = col(RederivationItem.begun_at).is_(None) | (col(RederivationItem.begun_at) < begun_before)
    query = select(RederivationItem).where(
        RederivationItem.rederivation_id == rederivation_id, col(RederivationItem.outcome).is_(None), waits
    )
    ordered = query.order_by(col(RederivationItem.asset_id)).limit(limit)
    return [_item(row) for row in session.exec(ordered)]


def begin_item(session: Session, asset_id: str, *, now: datetime) -> RederivationItemRecord | None:
    """Counts the attempt. None when no rederivation under way waits for this asset."""
    query = (
        select(RederivationItem)
        .join(Rederivation, col(Rederivation.id) == col(RederivationItem.rederivation_id))
        .where(
            RederivationItem.asset_id == asset_id,
            col(Rederivation.finished_at).is_(None),
            col(RederivationItem.outcome).is_(None),
        )
    )
    row = session.exec(query).first()
    if row is None:
        return None
    row.attempts, row.begun_at = row.attempts + 1, now
    session.add(row)
    session.flush()
    return _item(row)


def uncount(session: Session, item: RederivationItemRecord) -> None:
    """The last attempt came to nothing for no fault of the image's."""
    row = session.get(RederivationItem, (item.rederivation_id, item.asset_id), with_for_update=True)
    if row is not None:
        row.attempts = max(0, row.attempts - 1)
        session.add(row)


def end_item(session: Session, item: RederivationItemRecord, outcome: str) -> None:
    row = session.get(RederivationItem, (item.rederivation_id, item.asset_id), populate_existing=True)
    if row is not None:
        row.outcome = outcome
        session.add(row)
        session.flush()


def finish(session: Session, rederivation_id: str, *, now: datetime) -> bool:
    """Ends it when none of its assets waits any more; False when it had ended before, or one waits."""
    rest = select(RederivationItem.asset_id).where(
        RederivationItem.rederivation_id == rederivation_id, col(RederivationItem.outcome).is_(None)
    )
    statement = update(Rederivation).where(
        col(Rederivation.id) == rederivation_id, col(Rederivation.finished_at).is_(None), ~rest.exists()
    )
    return session.exec(statement.values(finished_at=now)).rowcount == 1


def _stale(session: Session, dataset_id: str, version: str, revision: int) -> SelectOfScalar[str]:
    return _newest(dataset_id).where(
        (made_under() != version)
        | col(Copy.withdrawn_at).is_not(None)
        | unprovable()
        | has_older_cells(session, revision)
    )


def _newest(dataset_id: str) -> SelectOfScalar[str]:
    """The dataset's assets that are released or wait for a person, each with its newest copy."""
    newest = (
        select(col(Copy.asset_id), func.max(col(Copy.revision)).label("revision"))
        .where(Copy.dataset_id == dataset_id)
        .group_by(col(Copy.asset_id))
        .subquery()
    )
    return (
        select(col(Asset.id))
        .join(Copy, col(Copy.asset_id) == col(Asset.id))
        .join(newest, (newest.c.asset_id == Copy.asset_id) & (newest.c.revision == Copy.revision))
        .where(Asset.dataset_id == dataset_id, col(Asset.state).in_(WITH_COPY))
    )


def _record(row: Rederivation) -> RederivationRecord:
    return RederivationRecord(
        id=row.id,
        dataset_id=row.dataset_id,
        asked_by=row.asked_by,
        created_at=row.created_at,
        finished_at=row.finished_at,
        superseded=row.superseded,
    )


def _item(row: RederivationItem) -> RederivationItemRecord:
    return RederivationItemRecord(row.rederivation_id, row.asset_id, row.attempts, row.outcome)
