"""Sanitized copies. Only those of released assets can be found by the broker."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select, update
from sqlmodel.sql.expression import SelectOfScalar

from gateway.errors import NotFound
from gateway.store.queries import tallies
from gateway.store.records import CopyRecord
from gateway.store.tables import Asset, Copy
from policies.lifecycle import AssetState
from policies.model import ALWAYS_FILLED, Kind, RedactionMethod

CELLS: Final = tuple(each.value for each in RedactionMethod if each is not RedactionMethod.FILL)
"""Methods that leave cells of a region."""

KINDS: Final = tuple(kind.value for kind in Kind if kind not in ALWAYS_FILLED)
"""Kinds of which cells are left where such a method is asked for."""


def made_under() -> ColumnElement[str]:
    """The policy version in a copy's report, for a query."""
    version: ColumnElement[str] = col(Copy.report)["policy_version"].as_string()
    return version


def has_older_cells(session: Session, revision: int) -> ColumnElement[bool]:
    """Whether a copy shows cells of an earlier revision than this one, for a query.

    Reports name their revision since the second.
    """
    written = func.coalesce(col(Copy.report)["redaction_revision"].as_integer(), 1)
    if session.get_bind().dialect.name == "sqlite":
        each: Any = func.json_each(col(Copy.report), "$.redactions").table_valued("value")
        kind, method = (func.json_extract(each.c.value, path) for path in ("$.kind", "$.method"))
    else:
        each = func.json_array_elements(col(Copy.report)["redactions"]).table_valued("value")
        kind, method = (each.c.value.op("->>")(name) for name in ("kind", "method"))
    shows = exists().select_from(each).where(kind.in_(KINDS), method.in_(CELLS))
    return (written < revision) & shows


def add(session: Session, record: CopyRecord) -> None:
    """Raises sqlalchemy's IntegrityError when this asset has a copy of this revision: another was faster."""
    session.add(
        Copy(
            id=record.id,
            asset_id=record.asset_id,
            dataset_id=record.dataset_id,
            revision=record.revision,
            blob=record.blob,
            wrapped_key=record.wrapped_key,
            media_type=record.media_type,
            byte_length=record.byte_length,
            width=record.width,
            height=record.height,
            report=dict(record.report),
            created_at=record.created_at,
        )
    )
    session.flush()
    tallies.copied(session, record.dataset_id, now=record.created_at)


def get(session: Session, copy_id: str, *, hold: bool = False) -> CopyRecord:
    """The copy, whatever the state of its asset. Raises NotFound.

    hold: nobody can withdraw it until this transaction ends. Its asset is held first, as by whoever takes
    copies back: in another order the two would wait for each other.
    """
    if hold:
        asset_id = session.exec(select(Copy.asset_id).where(Copy.id == copy_id)).first()
        if asset_id is not None:
            session.get(Asset, asset_id, with_for_update={"read": True})
    row = session.get(Copy, copy_id, with_for_update={"read": True} if hold else None)
    if row is None:
        raise NotFound(f"copy {copy_id} does not exist")
    return record_of(row)


def is_released(session: Session, copy: CopyRecord, *, hold: bool = False) -> bool:
    """True while the asset stands released and this is its newest copy, and was not withdrawn.

    hold: the asset cannot leave that state until this transaction ends.
    """
    newest = select(func.max(Copy.revision)).where(Copy.asset_id == copy.asset_id)
    asset = session.get(Asset, copy.asset_id, with_for_update={"read": True} if hold else None)
    return (
        asset is not None
        and asset.state == AssetState.RELEASED.value
        and copy.withdrawn_at is None
        and session.exec(newest).one() == copy.revision
    )


def newest_of(session: Session, asset_id: str) -> CopyRecord | None:
    query = select(Copy).where(Copy.asset_id == asset_id).order_by(col(Copy.revision).desc())
    row = session.exec(query).first()
    return None if row is None else record_of(row)


def all_of(session: Session, asset_id: str) -> list[CopyRecord]:
    """Every copy of an asset, withdrawn or not, the newest first."""
    query = select(Copy).where(Copy.asset_id == asset_id).order_by(col(Copy.revision).desc())
    return [record_of(row) for row in session.exec(query)]


def released_in(session: Session, dataset_id: str, *, after: str, limit: int) -> list[CopyRecord]:
    """The newest copies of a dataset's released assets, by copy id, beginning behind `after`."""
    query = select(Copy).where(*_released(dataset_id), col(Copy.id) > after)
    return [record_of(row) for row in session.exec(query.order_by(col(Copy.id)).limit(limit))]


def released_assets(dataset_id: str) -> SelectOfScalar[str]:
    """The ids of the assets that `released_in` shows a copy of, for a query."""
    return select(Copy.asset_id).where(*_released(dataset_id))


def drawn_in(session: Session, dataset_id: str, *, number: int) -> list[CopyRecord]:
    """So many of the same, drawn by lot: each is as likely as any other. All where there are fewer."""
    # Only ids are shuffled: reports are long, and all but a few stay behind.
    lots = select(Copy.id).where(*_released(dataset_id)).order_by(func.random()).limit(number)
    query = select(Copy).where(col(Copy.id).in_(lots.correlate(None)))
    return [record_of(row) for row in session.exec(query)]


def _released(dataset_id: str) -> tuple[ColumnElement[bool], ...]:
    """Of a query of copies: the newest ones of a dataset's released assets."""
    # One look into the index of (asset, revision) for each row shown, however large the dataset is.
    other = aliased(Copy)
    newest = select(func.max(other.revision)).where(other.asset_id == Copy.asset_id).scalar_subquery()
    return (
        col(Asset.id) == col(Copy.asset_id),
        col(Asset.state) == AssetState.RELEASED.value,
        col(Copy.dataset_id) == dataset_id,
        col(Copy.revision) == newest,
        col(Copy.withdrawn_at).is_(None),
    )


def versions_in(session: Session, dataset_id: str) -> set[str]:
    """The policy versions that a dataset's copies were made under; withdrawn ones do not count."""
    query = select(made_under()).where(Copy.dataset_id == dataset_id, col(Copy.withdrawn_at).is_(None))
    return set(session.exec(query.distinct()))


def number_made_under(session: Session, dataset_id: str, versions: Collection[str]) -> int:
    """How many of the dataset's copies `withdraw_made_under` would withdraw."""
    if not versions:
        return 0
    query = select(func.count()).where(
        Copy.dataset_id == dataset_id, col(Copy.withdrawn_at).is_(None), made_under().in_(versions)
    )
    return session.exec(query).one()


def withdraw_made_under(
    session: Session, dataset_id: str, versions: Collection[str], *, now: datetime
) -> int:
    """Withdraws the dataset's copies of these policy versions; returns how many."""
    statement = update(Copy).where(
        col(Copy.dataset_id) == dataset_id, col(Copy.withdrawn_at).is_(None), made_under().in_(versions)
    )
    return session.exec(statement.values(withdrawn_at=now)).rowcount


def withdraw_older(session: Session, asset_id: str, *, than: int, now: datetime) -> int:
    """Withdraws the asset's copies of a revision lower than `than`; returns how many."""
    statement = update(Copy).where(
        col(Copy.asset_id) == asset_id, col(Copy.revision) < than, col(Copy.withdrawn_at).is_(None)
    )
    return session.exec(statement.values(withdrawn_at=now)).rowcount


def blobs(session: Session) -> set[str]:
    """The names of all blobs that copies refer to."""
    return set(session.exec(select(Copy.blob)))


def record_of(row: Copy) -> CopyRecord:
    """The row as what leaves this room."""
    return CopyRecord(
        id=row.id,
        asset_id=row.asset_id,
        dataset_id=row.dataset_id,
        revision=row.revision,
        blob=row.blob,
        wrapped_key=row.wrapped_key,
        media_type=row.media_type,
        byte_length=row.byte_length,
        width=row.width,
        height=row.height,
        report=row.report,
        created_at=row.created_at,
        withdrawn_at=row.withdrawn_at,
    )
