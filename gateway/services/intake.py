"""Intake: an image's bytes are sealed as they arrive. Plaintext never touches the disk, nor does its name.

What a crash means, after each numbered effect of `Reception.finish` (the numbers are those of the design):
before (2) a partial blob that opens under no key, since its data key died with the process; after (2) the
same, whole; after (3) an asset that the sweep enqueues. The sender, who got no answer, sends again.

Bytes that the dataset has already are known by their fingerprint once the last of them is there: then the
partial blob is dropped, and the answer is the first asset.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from gateway.errors import Conflict, GatewayError, InputRefused, KeyReused, LimitExceeded
from gateway.services.authorize import authorize
from gateway.services.ids import new_id
from gateway.services.ports import Clock, Enqueue
from gateway.services.tracing import span
from gateway.store.database import Database, Unit
from gateway.store.queries import assets, batches, datasets, tallies
from gateway.store.records import AssetRecord, IdempotencyRecord
from gateway.vault.blobs import BlobStore, new_blob_name
from gateway.vault.envelope import EnvelopeContext, Sealer, seal
from gateway.vault.fingerprints import Fingerprints
from gateway.vault.keys import DataKey, KeyProvider
from policies.access import Action, Principal, Resource
from policies.lifecycle import AssetState

log = logging.getLogger("privgate.intake")

ORIGINAL = "original"
NAME = "name"
MAX_NAME_BYTES = 1024
SALT_BYTES = 32

OUR_FAULT = frozenset({"job.attempts", "vault.unreadable", "worker.misconfigured"})
"""Reasons of quarantine that say nothing about the image: the same bytes, sent again, are tried again."""


@dataclass(frozen=True, slots=True)
class Request:
    """What comes with the bytes. file_name is sealed with the asset; key is the sender's Idempotency-Key.

    batch_id: the sender's open batch that the upload counts for.
    """

    dataset_id: str
    file_name: str | None = None
    key: str | None = None
    batch_id: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """repeated: the same request came before, and this is its asset.

    duplicate: another request had brought the same bytes into the dataset, and this is its asset.
    """

    asset: AssetRecord
    repeated: bool
    duplicate: bool = False


class Intake:
    """Receives originals into one installation."""

    def __init__(
        self,
        database: Database,
        originals: BlobStore,
        keys: KeyProvider,
        enqueue: Enqueue,
        clock: Clock,
        *,
        fingerprints: Fingerprints,
        max_bytes: int,
    ) -> None:
        self.database = database
        self.originals = originals
        self.keys = keys
        self.enqueue = enqueue
        self.clock = clock
        self.fingerprints = fingerprints
        self.max_bytes = max_bytes

    def begin(self, principal: Principal, request: Request) -> Reception:
        """Checks the request, before a byte is taken. Raises NotFound, AccessDenied, InputRefused."""
        self.check(principal, request)
        return Reception(self, principal, request)

    def count_refused(self, dataset_id: str, code: str) -> None:
        """One more that was not taken in, for the figures: no row and no entry tells of it."""
        try:
            with self.database.unit() as unit:
                tallies.refused(unit.session, dataset_id, code, now=self.clock())
        except (SQLAlchemyError, GatewayError) as exc:
            log.warning("counting a refusal: %s", type(exc).__name__)  # what was refused stays refused

    def check(self, principal: Principal, request: Request) -> None:
        """Principal, dataset, batch and name. Raises NotFound, AccessDenied, InputRefused."""
        if request.file_name is not None and len(request.file_name.encode()) > MAX_NAME_BYTES:
            raise InputRefused(
                f"the file name is longer than {MAX_NAME_BYTES} bytes", advice="shorten it", code="name.long"
            )
        with self.database.reading() as session:
            datasets.get(session, request.dataset_id)
        resource = Resource("Dataset", request.dataset_id)
        authorize(self.database, principal, Action.ASSET_CREATE, resource, now=self.clock())
        if request.batch_id is not None:
            self._check_batch(principal, request.dataset_id, request.batch_id)

    def _check_batch(self, principal: Principal, dataset_id: str, batch_id: str) -> None:
        with self.database.reading() as session:
            batch = batches.get(session, batch_id)
        resource = Resource("Batch", batch.id, batch.dataset_id, batch.created_by)
        authorize(self.database, principal, Action.BATCH_FILL, resource, now=self.clock())
        if batch.dataset_id != dataset_id:
            raise InputRefused(
                "the batch is another dataset's",
                advice="name the dataset that the batch was made for",
                code="batch.dataset",
            )
        if batch.closed_at is not None:
            raise InputRefused("the batch is closed", advice="make a new batch", code="batch.closed")


class Reception:
    """One upload: `write` as bytes arrive, then `finish`. A context manager that leaves nothing behind."""

    def __init__(self, intake: Intake, principal: Principal, request: Request) -> None:
        self._intake = intake
        self._principal = principal
        self._request = request
        self._asset_id = new_id("asset")
        self._data_key = DataKey.generate()
        self._sealer = Sealer(self._data_key, EnvelopeContext(ORIGINAL, self._asset_id))
        self._blob = new_blob_name()
        self._earlier = self._find_earlier()  # may raise, so before there is a file to leave behind
        self._writer = intake.originals.writer(self._blob)
        self._salt = self._earlier.salt if self._earlier else os.urandom(SALT_BYTES)
        self._mac = hmac.new(self._salt, digestmod=hashlib.sha256)
        self._fingerprint = intake.fingerprints.begin(request.dataset_id)
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.abort()  # does nothing once committed
        if isinstance(value, InputRefused):
            self._intake.count_refused(self._request.dataset_id, value.code)

    def write(self, chunk: bytes) -> None:
        """Takes the next bytes. Raises LimitExceeded, VaultError."""
        self._bytes += len(chunk)
        if self._bytes > self._intake.max_bytes:
            limit = self._intake.max_bytes // 1_000_000
            raise LimitExceeded(
                f"the upload is larger than {limit} MB", advice="send a smaller file", code="limit.bytes"
            )
        self._mac.update(chunk)
        self._fingerprint.update(chunk)
        # (1) Seal the bytes as they arrive.
        self._writer.write(self._sealer.update(chunk))

    def finish(self) -> Received:
        """All bytes are there. Raises InputRefused, KeyReused, LedgerUnavailable, VaultError."""
        if self._bytes == 0:
            raise InputRefused("the upload is empty", advice="send the image's bytes", code="input.empty")
        if self._earlier is not None:
            return self._repeated(self._earlier)
        if (same := self._find_same()) is not None:
            self._writer.abort()
            return self._duplicate(same)
        self._writer.write(self._sealer.finish())
        # (2) The sealed blob, durably.
        with span("intake.blob", asset=self._asset_id, bytes=self._bytes):
            self._writer.commit()
        # (3) One transaction: asset row, the request's key, audit entry. LedgerUnavailable passes on to the
        # sender, and so the blob stays: the commit may have taken effect.
        try:
            with span("intake.row", asset=self._asset_id):
                record = self._insert()
        except IntegrityError as exc:
            return self._overtaken(exc)
        # (4) Enqueue. The asset is safe: if this fails, the sweep does it.
        try:
            with span("intake.enqueue", asset=record.id):
                self._intake.enqueue(record.id, record.attempts)
        except Exception as exc:
            log.warning("asset %s: not enqueued yet: %s", record.id, type(exc).__name__)
        return Received(record, repeated=False)

    def _find_earlier(self) -> IdempotencyRecord | None:
        if self._request.key is None:
            return None
        with self._intake.database.reading() as session:
            return assets.repeated(session, person_id=self._principal.id, key=self._request.key)

    def _repeated(self, earlier: IdempotencyRecord) -> Received:
        if not hmac.compare_digest(earlier.fingerprint, self._request_code()):
            raise KeyReused("this Idempotency-Key came with another request before; use a new one")
        with self._intake.database.reading() as session:
            asset = assets.get(session, earlier.asset_id)
        return Received(asset, repeated=True, duplicate=earlier.duplicate)

    def _find_same(self) -> AssetRecord | None:
        """The asset that these bytes are already, unless it should be tried again."""
        with self._intake.database.reading() as session:
            same = assets.with_fingerprint(session, self._request.dataset_id, self._fingerprint.digest())
        return None if same is None or _is_our_fault(same) else same

    def _duplicate(self, same: AssetRecord) -> Received:
        """Entered, counted and remembered; nothing is sealed."""
        try:
            with self._intake.database.unit() as unit:
                self._keep_request(unit, same.id, duplicate=True)
                unit.ledger.record(
                    actor=self._principal.id,
                    action="asset.duplicate",
                    subject=same.id,
                    dataset=same.dataset_id,
                    **self._batch_detail(),
                )
        except IntegrityError as exc:
            raise self._in_the_way(exc) from exc
        return Received(same, repeated=False, duplicate=True)

    def _request_code(self) -> bytes:
        """Of bytes and dataset, under the row's own salt: it says nothing about the image by itself."""
        mac = self._mac.copy()
        mac.update(self._request.dataset_id.encode())
        return mac.digest()

    def _insert(self) -> AssetRecord:
        now, intake = self._intake.clock(), self._intake
        context = EnvelopeContext(ORIGINAL, self._asset_id).to_bytes()
        record = AssetRecord(
            id=self._asset_id,
            dataset_id=self._request.dataset_id,
            uploader_id=self._principal.id,
            state=AssetState.RECEIVED,
            reason=None,
            attempts=0,
            blob=self._blob,
            wrapped_key=intake.keys.wrap(self._data_key, context).to_bytes(),
            byte_length=self._bytes,
            received_at=now,
            updated_at=now,
        )
        with intake.database.unit() as unit:
            self._make_way(unit)
            sealed_name, fingerprint = self._sealed_name(), self._fingerprint.digest()
            assets.add(unit.session, record, sealed_name=sealed_name, fingerprint=fingerprint)
            self._keep_request(unit, record.id, duplicate=False)
            unit.ledger.record(
                actor=self._principal.id,
                action="asset.received",
                subject=record.id,
                dataset=record.dataset_id,
                bytes=record.byte_length,
                **self._batch_detail(),
            )
        return record

    def _make_way(self, unit: Unit) -> None:
        """One of the same bytes that was held through our own fault is no longer known by them."""
        same = assets.with_fingerprint(unit.session, self._request.dataset_id, self._fingerprint.digest())
        if same is not None and _is_our_fault(same):
            assets.forget_fingerprint(unit.session, same.id)

    def _keep_request(self, unit: Unit, asset_id: str, *, duplicate: bool) -> None:
        """What this request was, for its repetition and for its batch."""
        request, now = self._request, self._intake.clock()
        if request.key is not None:
            kept = IdempotencyRecord(asset_id, self._salt, self._request_code(), duplicate)
            assets.remember(unit.session, person_id=self._principal.id, key=request.key, record=kept, now=now)
        if request.batch_id is not None:
            batches.count_upload(unit.session, request.batch_id, asset_id, duplicate=duplicate)

    def _batch_detail(self) -> dict[str, str]:
        return {} if self._request.batch_id is None else {"batch": self._request.batch_id}

    def _sealed_name(self) -> bytes | None:
        if self._request.file_name is None:
            return None
        context = EnvelopeContext(NAME, self._asset_id)
        return seal(self._request.file_name.encode(), self._data_key, context)

    def _overtaken(self, cause: IntegrityError) -> Received:
        """A row was in the way: the same request, or the same bytes, sent twice at once, were faster there.

        Only here is the blob deleted. After a commit of unknown outcome it must stay: a row may name it.
        """
        self._intake.originals.delete(self._blob)
        if self._find_earlier() is None and (same := self._find_same()) is not None:
            return self._duplicate(same)
        raise self._in_the_way(cause)

    def _in_the_way(self, cause: IntegrityError) -> Exception:
        if self._find_earlier() is None:
            return cause
        return Conflict("the same Idempotency-Key is being used by another request right now; try again")


def _is_our_fault(asset: AssetRecord) -> bool:
    return asset.state is AssetState.QUARANTINED and asset.reason in OUR_FAULT
