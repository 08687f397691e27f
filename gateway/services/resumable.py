"""Resumable uploads (tus): bytes are sealed as they arrive, in pieces, and become one asset at the end.

Each piece is a blob of its own under the upload's data key, bound to the upload and to the byte at which it
begins. Plaintext never touches the disk. What a crash means: before (1) is committed, a blob that no row
names; after it, an upload that goes on from there; after (2), an asset that is found again by the upload's
own idempotency key; after (3), pieces that no row names.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Self

from gateway.errors import Conflict, InputRefused, LimitExceeded, NotFound, VaultError, VaultUnavailable
from gateway.services.authorize import authorize
from gateway.services.ids import new_id
from gateway.services.intake import Intake, Request
from gateway.store.queries import uploads
from gateway.store.records import PieceRecord, UploadRecord
from gateway.vault.blobs import new_blob_name
from gateway.vault.envelope import EnvelopeContext, Sealer, open_sealed, seal
from gateway.vault.keys import DataKey, WrappedKey
from policies.access import Action, Principal, Resource

log = logging.getLogger("privgate.uploads")

PURPOSE = "upload"
NAME = "upload.name"
PIECE = "upload.piece"
RESUME = "upload.resume"

PIECE_BYTES = 8 << 20
"""After so many bytes a piece is committed: what a crash of the server costs at most."""

EXPIRES_AFTER = timedelta(hours=24)
"""Since the last piece."""

MAX_OPEN = 100
"""Unfinished uploads of one person: at 100 MB each what one token can fill the disk with, for a day."""


class Resumable:
    """Uploads that may be interrupted, into one intake."""

    def __init__(self, intake: Intake) -> None:
        self.intake = intake
        self._database = intake.database

    @property
    def max_bytes(self) -> int:
        return self.intake.max_bytes

    def resume_key(self, principal: Principal) -> bytes:
        """32 bytes, always the same for one person: the key under which their browser knows a file again.

        What it keeps of a file, to go on with after a reload, is a code under this key and no name: whoever
        sits at the same computer next gets another key, and can look no name up.
        """
        return self.intake.fingerprints.begin(f"{RESUME}:{principal.id}").digest()

    def create(self, principal: Principal, request: Request, *, length: int) -> UploadRecord:
        """length: of the whole, in bytes.

        Raises AccessDenied, NotFound, InputRefused, LimitExceeded, and Conflict with too many open already.
        """
        if length == 0:
            raise InputRefused("the upload is empty", advice="send the image's bytes", code="input.empty")
        if length > self.max_bytes:
            limit = self.max_bytes // 1_000_000
            raise LimitExceeded(
                f"the upload is larger than {limit} MB", advice="send a smaller file", code="limit.bytes"
            )
        self.intake.check(principal, request)
        record = self._fresh(principal, request, length)
        with self._database.unit() as unit:
            if uploads.open_of(unit.session, principal.id, now=record.created_at) >= MAX_OPEN:
                raise Conflict(
                    f"{MAX_OPEN} uploads of yours are unfinished; finish some or DELETE them "
                    "(what nobody goes on with ends by itself after 24 hours)"
                )
            uploads.add(unit.session, record)
            unit.ledger.record(
                actor=principal.id,
                action="upload.created",
                subject=record.id,
                dataset=record.dataset_id,
                bytes=length,
            )
        return record

    def read(self, principal: Principal, upload_id: str) -> UploadRecord:
        """How far it is; one that is whole and no asset yet is made one. Raises AccessDenied, NotFound."""
        record = self._own(principal, upload_id)
        whole = record.received == record.byte_length and record.asset_id is None
        return self.make_asset(principal, record) if whole else record

    def resume(self, principal: Principal, upload_id: str, *, offset: int) -> Arrival:
        """For the bytes from `offset` on. Raises AccessDenied, NotFound, Conflict for another offset."""
        record = self._own(principal, upload_id)
        if record.received != offset:
            raise Conflict(f"upload {upload_id} stands at byte {record.received}; go on from there")
        return Arrival(self, principal, record)

    def remove(self, principal: Principal, upload_id: str) -> None:
        """Ends it; an asset that it became stays. Raises AccessDenied, NotFound."""
        record = self._own(principal, upload_id)
        with self._database.unit() as unit:
            blobs = uploads.remove(unit.session, upload_id)
            if record.asset_id is None:
                unit.ledger.record(actor=principal.id, action="upload.ended", subject=upload_id)
        self.clear(blobs)

    def _own(self, principal: Principal, upload_id: str) -> UploadRecord:
        with self._database.reading() as session:
            record = uploads.get(session, upload_id)
        resource = Resource("Upload", record.id, record.dataset_id, record.uploader_id)
        now = self.intake.clock()
        authorize(self._database, principal, Action.UPLOAD_CONTINUE, resource, now=now)
        return record

    def _fresh(self, principal: Principal, request: Request, length: int) -> UploadRecord:
        upload_id, data_key, now = new_id("upload"), DataKey.generate(), self.intake.clock()
        name = None if request.file_name is None else request.file_name.encode()
        wrapped = self.intake.keys.wrap(data_key, EnvelopeContext(PURPOSE, upload_id).to_bytes())
        return UploadRecord(
            id=upload_id,
            dataset_id=request.dataset_id,
            uploader_id=principal.id,
            batch_id=request.batch_id,
            asset_id=None,
            duplicate=False,
            byte_length=length,
            received=0,
            wrapped_key=wrapped.to_bytes(),
            sealed_name=None if name is None else seal(name, data_key, EnvelopeContext(NAME, upload_id)),
            created_at=now,
            expires_at=now + EXPIRES_AFTER,
        )

    def data_key_of(self, record: UploadRecord) -> DataKey:
        context = EnvelopeContext(PURPOSE, record.id).to_bytes()
        return self.intake.keys.unwrap(WrappedKey.parse(record.wrapped_key), context)

    def keep_piece(self, record: UploadRecord, piece: PieceRecord) -> UploadRecord:
        # (1) The piece counts. Its blob is durable already.
        expires = self.intake.clock() + EXPIRES_AFTER
        try:
            with self._database.unit() as unit:
                return uploads.add_piece(unit.session, record.id, piece, expires_at=expires)
        except (Conflict, NotFound):  # somebody else sent these bytes, or ended the upload, at the same time
            self.clear([piece.blob])
            raise

    def make_asset(self, principal: Principal, record: UploadRecord) -> UploadRecord:
        """The pieces, opened one by one, through the same intake as any upload."""
        data_key = self.data_key_of(record)
        with self._database.reading() as session:
            pieces = uploads.pieces_of(session, record.id)
        request = Request(
            dataset_id=record.dataset_id,
            file_name=self._name(record, data_key),
            key=f"tus:{record.id}",
            batch_id=record.batch_id,
        )
        # (2) The asset.
        with self.intake.begin(principal, request) as reception:
            for piece in pieces:
                sealed = self.intake.originals.get(piece.blob)
                reception.write(open_sealed(sealed, data_key, piece_context(record.id, piece.start)))
            received = reception.finish()
        # (3) The upload is over; then its pieces go.
        with self._database.unit() as unit:
            duplicate = received.duplicate
            done = uploads.finish(unit.session, record.id, received.asset.id, duplicate=duplicate)
        self.clear([piece.blob for piece in pieces])
        return done

    def _name(self, record: UploadRecord, data_key: DataKey) -> str | None:
        if record.sealed_name is None:
            return None
        return open_sealed(record.sealed_name, data_key, EnvelopeContext(NAME, record.id)).decode()

    def clear(self, blobs: Sequence[str]) -> None:
        for blob in blobs:
            try:
                self.intake.originals.delete(blob)
            except (VaultError, VaultUnavailable) as exc:  # it is unreadable by now; `orphans` lists it
                log.warning("a piece was not deleted: %s", type(exc).__name__)


class Arrival:
    """The bytes of one request: `write` as they arrive, then `finish`, or `keep` if the connection broke."""

    def __init__(self, resumable: Resumable, principal: Principal, record: UploadRecord) -> None:
        self._resumable = resumable
        self._principal = principal
        self.record = record
        self._data_key = resumable.data_key_of(record)
        self._begin_piece()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.abort()

    def write(self, data: bytes) -> None:
        """Raises LimitExceeded beyond the announced length, Conflict, VaultError."""
        if self.record.received + self._bytes + len(data) > self.record.byte_length:
            raise LimitExceeded(
                "more bytes than the upload was announced with",
                advice="begin a new upload with the right Upload-Length",
                code="upload.length",
            )
        rest = memoryview(data)
        while rest:
            part = rest[: PIECE_BYTES - self._bytes]
            self._writer.write(self._sealer.update(bytes(part)))
            self._bytes += len(part)
            rest = rest[len(part) :]
            if self._bytes == PIECE_BYTES:
                self._end_piece()
                self._begin_piece()

    def keep(self) -> None:
        """What has arrived counts, though the request did not end. Raises Conflict, NotFound, VaultError."""
        self._end_piece()

    def finish(self) -> UploadRecord:
        """The request's bytes are all there. What the intake raises, where these were the upload's last."""
        self._end_piece()
        if self.record.received < self.record.byte_length or self.record.asset_id is not None:
            return self.record
        self.record = self._resumable.make_asset(self._principal, self.record)
        return self.record

    def _begin_piece(self) -> None:
        self._start, self._bytes = self.record.received, 0
        self._sealer = Sealer(self._data_key, piece_context(self.record.id, self._start))
        self._blob = new_blob_name()
        self._writer = self._resumable.intake.originals.writer(self._blob)

    def _end_piece(self) -> None:
        if self._bytes == 0:
            self._writer.abort()
            return
        self._writer.write(self._sealer.finish())
        self._writer.commit()
        piece = PieceRecord(self._start, self._bytes, self._blob)
        self._bytes = 0
        self.record = self._resumable.keep_piece(self.record, piece)


def piece_context(upload_id: str, start: int) -> EnvelopeContext:
    """A piece in another place, or of another upload, does not open."""
    return EnvelopeContext(PIECE, f"{upload_id}:{start}")
