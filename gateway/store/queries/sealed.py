"""Everything sealed that the rows name: what a backup must hold, and what a restore must be able to open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from sqlmodel import Session, col, select

from gateway.store.batch_tables import Upload, UploadPiece, Webhook
from gateway.store.queries import uploads
from gateway.store.records import PieceRecord
from gateway.store.tables import Asset, Copy
from policies.lifecycle import AssetState

PAGE = 1_000


class Store(StrEnum):
    """Which blob store, and with it which key-encryption key."""

    ORIGINALS = "originals"
    COPIES = "copies"


class Kind(StrEnum):
    """What is sealed. UPLOAD: a resumable upload's pieces. WEBHOOK: its secret."""

    ORIGINAL = "original"
    COPY = "copy"
    UPLOAD = "upload"
    WEBHOOK = "webhook"

    @property
    def store(self) -> Store:
        return Store.COPIES if self is Kind.COPY else Store.ORIGINALS


@dataclass(frozen=True, slots=True)
class Known:
    """An original's fingerprint, and the dataset in which it is known by it."""

    dataset_id: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class SealedObject:
    """What one data key seals. in_row: sealed in the row itself: a file name, or a webhook's secret.

    blobs: one for an original and for a copy; an upload has one for each of its pieces.
    """

    kind: Kind
    id: str
    wrapped_key: bytes
    blobs: Sequence[PieceRecord]
    in_row: bytes | None = None
    known: Known | None = None

    @property
    def store(self) -> Store:
        return self.kind.store


def objects(session: Session) -> Iterator[SealedObject]:
    """All of them, page by page; what was erased has nothing left to open."""
    yield from _paged(session, _originals)
    yield from _paged(session, _copies)
    yield from _paged(session, _uploads)
    yield from _paged(session, _webhooks)


def is_named(session: Session, item: SealedObject, blob: str) -> bool:
    """Whether a row still names that blob of the object."""
    match item.kind:
        case Kind.ORIGINAL:
            asset = session.get(Asset, item.id)
            return asset is not None and asset.state != AssetState.ERASED.value
        case Kind.COPY:
            return session.get(Copy, item.id) is not None
        case Kind.UPLOAD:
            piece = select(UploadPiece.blob).where(UploadPiece.blob == blob)
            return session.exec(piece).first() is not None
        case Kind.WEBHOOK:
            return session.get(Webhook, item.id) is not None
        case _:
            assert_never(item.kind)


def _paged(session: Session, page: Callable[[Session, str], list[SealedObject]]) -> Iterator[SealedObject]:
    """page: those whose ids come after one, at most PAGE, in order of their ids."""
    after = ""
    while True:
        found = page(session, after)
        yield from found
        if len(found) < PAGE:
            return
        after = found[-1].id
        session.expunge_all()


def _originals(session: Session, after: str) -> list[SealedObject]:
    query = select(Asset).where(col(Asset.id) > after, Asset.state != AssetState.ERASED.value)
    return [
        SealedObject(
            Kind.ORIGINAL,
            row.id,
            row.wrapped_key,
            [PieceRecord(0, row.byte_length, row.blob)],
            in_row=row.sealed_name,
            known=None if row.fingerprint is None else Known(row.dataset_id, row.fingerprint),
        )
        for row in session.exec(query.order_by(col(Asset.id)).limit(PAGE))
    ]


def _copies(session: Session, after: str) -> list[SealedObject]:
    query = select(Copy.id, Copy.blob, Copy.byte_length, Copy.wrapped_key).where(col(Copy.id) > after)
    return [
        SealedObject(Kind.COPY, copy_id, wrapped_key, [PieceRecord(0, byte_length, blob)])
        for copy_id, blob, byte_length, wrapped_key in session.exec(query.order_by(col(Copy.id)).limit(PAGE))
    ]


def _uploads(session: Session, after: str) -> list[SealedObject]:
    """One that became an asset has no pieces any more, but a name that opens."""
    query = select(Upload).where(col(Upload.id) > after).order_by(col(Upload.id)).limit(PAGE)
    return [
        SealedObject(
            Kind.UPLOAD, row.id, row.wrapped_key, uploads.pieces_of(session, row.id), in_row=row.sealed_name
        )
        for row in session.exec(query).all()
    ]


def _webhooks(session: Session, after: str) -> list[SealedObject]:
    query = select(Webhook).where(col(Webhook.id) > after).order_by(col(Webhook.id)).limit(PAGE)
    return [
        SealedObject(Kind.WEBHOOK, row.id, row.wrapped_key, [], in_row=row.sealed_secret)
        for row in session.exec(query)
    ]
