"""Everything sealed that the rows name: what a backup must hold, and what a restore must be able to open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session, col, select

from gateway.store.tables import Asset, Copy
from policies.lifecycle import AssetState

PAGE = 1_000


class Store(StrEnum):
    """Which blob store, and with it which key-encryption key."""

    ORIGINALS = "originals"
    COPIES = "copies"


@dataclass(frozen=True, slots=True)
class SealedObject:
    """id: the asset's or copy's. sealed_name: an asset's file name, under the same data key, if any."""

    store: Store
    id: str
    blob: str
    wrapped_key: bytes
    sealed_name: bytes | None = None


def objects(session: Session) -> Iterator[SealedObject]:
    """All of them, page by page; what was erased has nothing left to open."""
    yield from _originals(session)
    yield from _copies(session)


def is_named(session: Session, store: Store, object_id: str) -> bool:
    """Whether a row still names the object's blob."""
    if store is Store.COPIES:
        return session.get(Copy, object_id) is not None
    asset = session.get(Asset, object_id)
    return asset is not None and asset.state != AssetState.ERASED.value


def _originals(session: Session) -> Iterator[SealedObject]:
    after = ""
    while True:
        query = select(Asset).where(col(Asset.id) > after, Asset.state != AssetState.ERASED.value)
        rows = session.exec(query.order_by(col(Asset.id)).limit(PAGE)).all()
        for row in rows:
            yield SealedObject(Store.ORIGINALS, row.id, row.blob, row.wrapped_key, row.sealed_name)
        if len(rows) < PAGE:
            return
        after = rows[-1].id
        session.expunge_all()


def _copies(session: Session) -> Iterator[SealedObject]:
    after = ""
    while True:
        query = select(Copy.id, Copy.blob, Copy.wrapped_key).where(col(Copy.id) > after)
        rows = session.exec(query.order_by(col(Copy.id)).limit(PAGE)).all()
        for object_id, blob, wrapped_key in rows:
            yield SealedObject(Store.COPIES, object_id, blob, wrapped_key)
        if len(rows) < PAGE:
            return
        after = rows[-1][0]
