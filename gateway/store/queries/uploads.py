"""Resumable uploads and their sealed pieces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, delete, func, select

from gateway.errors import Conflict, NotFound
from gateway.store.batch_tables import Upload, UploadPiece
from gateway.store.records import PieceRecord, UploadRecord


def add(session: Session, record: UploadRecord) -> None:
    session.add(
        Upload(
            id=record.id,
            dataset_id=record.dataset_id,
            uploader_id=record.uploader_id,
            batch_id=record.batch_id,
            byte_length=record.byte_length,
            wrapped_key=record.wrapped_key,
            sealed_name=record.sealed_name,
            created_at=record.created_at,
            expires_at=record.expires_at,
        )
    )
    session.flush()


def get(session: Session, upload_id: str) -> UploadRecord:
    """Raises NotFound."""
    return _record(_row(session, upload_id))


def open_of(session: Session, person_id: str, *, now: datetime) -> int:
    """How many of a person's uploads are neither whole nor expired."""
    query = select(func.count()).where(
        Upload.uploader_id == person_id, col(Upload.asset_id).is_(None), col(Upload.expires_at) > now
    )
    return session.exec(query).one()


def add_piece(session: Session, upload_id: str, piece: PieceRecord, *, expires_at: datetime) -> UploadRecord:
    """The next bytes. Raises NotFound, or Conflict unless they begin where the upload stands."""
    row = _row(session, upload_id, lock=True)
    if row.received != piece.start or row.asset_id is not None:
        raise Conflict(f"upload {upload_id} stands at byte {row.received}; go on from there")
    session.add(
        UploadPiece(upload_id=upload_id, start=piece.start, byte_length=piece.byte_length, blob=piece.blob)
    )
    row.received += piece.byte_length
    row.expires_at = expires_at
    session.add(row)
    session.flush()
    return _record(row)


def pieces_of(session: Session, upload_id: str) -> Sequence[PieceRecord]:
    """In order of their bytes."""
    query = select(UploadPiece).where(UploadPiece.upload_id == upload_id).order_by(col(UploadPiece.start))
    return [PieceRecord(row.start, row.byte_length, row.blob) for row in session.exec(query)]


def finish(session: Session, upload_id: str, asset_id: str, *, duplicate: bool) -> UploadRecord:
    """The upload is an asset now, and has no pieces any more. Raises NotFound."""
    row = _row(session, upload_id, lock=True)
    row.asset_id, row.duplicate = asset_id, duplicate
    session.exec(delete(UploadPiece).where(col(UploadPiece.upload_id) == upload_id))
    session.add(row)
    session.flush()
    return _record(row)


def remove(session: Session, upload_id: str) -> Sequence[str]:
    """The upload, its pieces and its key; answers the pieces' blobs. Raises NotFound."""
    row = _row(session, upload_id, lock=True)
    blobs = [piece.blob for piece in pieces_of(session, upload_id)]
    session.exec(delete(UploadPiece).where(col(UploadPiece.upload_id) == upload_id))
    session.delete(row)
    session.flush()
    return blobs


def expired(session: Session, *, now: datetime, limit: int) -> Sequence[str]:
    query = select(Upload.id).where(col(Upload.expires_at) <= now).order_by(col(Upload.expires_at))
    return list(session.exec(query.limit(limit)))


def blobs(session: Session) -> set[str]:
    """The names of all blobs that pieces refer to."""
    return set(session.exec(select(UploadPiece.blob)))


def _row(session: Session, upload_id: str, *, lock: bool = False) -> Upload:
    row = session.get(Upload, upload_id, with_for_update=lock)
    if row is None:
        raise NotFound(f"upload {upload_id} does not exist, or has expired")
    return row


def _record(row: Upload) -> UploadRecord:
    return UploadRecord(
        id=row.id,
        dataset_id=row.dataset_id,
        uploader_id=row.uploader_id,
        batch_id=row.batch_id,
        asset_id=row.asset_id,
        duplicate=row.duplicate,
        byte_length=row.byte_length,
        received=row.received,
        wrapped_key=row.wrapped_key,
        sealed_name=row.sealed_name,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
