"""Opening what a backup holds, each kind under the context that it was sealed for."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from typing import assert_never

from gateway.services import intake, resumable, webhooks
from gateway.services.backup.archive import ArchiveReader
from gateway.services.backup.faults import BackupFault
from gateway.services.backup.make import blob_part
from gateway.store.queries.sealed import Kind, SealedObject
from gateway.store.records import PieceRecord
from gateway.vault.copies import COPY_PURPOSE
from gateway.vault.envelope import EnvelopeContext, open_sealed
from gateway.vault.fingerprints import Fingerprints
from gateway.vault.keys import KeyProvider, WrappedKey

PURPOSES = {
    Kind.ORIGINAL: intake.ORIGINAL,
    Kind.COPY: COPY_PURPOSE,
    Kind.UPLOAD: resumable.PURPOSE,
    Kind.WEBHOOK: webhooks.PURPOSE,
}
"""What each kind's data key is wrapped for."""

BLOBS_TOLD = {Kind.ORIGINAL: "originals", Kind.COPY: "copies", Kind.UPLOAD: "pieces of unfinished uploads"}
IN_ROW_TOLD = {Kind.WEBHOOK: "secrets of webhooks"}
NAMES_TOLD = "names"


def open_all(
    reader: ArchiveReader, item: SealedObject, keys: KeyProvider, fingerprints: Fingerprints | None
) -> Iterator[str]:
    """Opens all that one data key seals; yields what each was. What the backup says is gone is passed over.

    Raises EnvelopeError, KeyringError, and BackupFault where an original's fingerprint is not the one that
    it is known by.
    """
    wrapped_for = EnvelopeContext(PURPOSES[item.kind], item.id).to_bytes()
    data_key = keys.unwrap(WrappedKey.parse(item.wrapped_key), wrapped_for)
    for piece in item.blobs:
        part = blob_part(item.store, piece.blob)
        if part not in reader.manifest.gone:
            data = open_sealed(reader.read(part), data_key, _context(item, piece))
            _check_fingerprint(item, data, fingerprints)
            yield BLOBS_TOLD[item.kind]
    if item.in_row is not None:
        open_sealed(item.in_row, data_key, _context_in_row(item))
        yield IN_ROW_TOLD.get(item.kind, NAMES_TOLD)


def _context(item: SealedObject, piece: PieceRecord) -> EnvelopeContext:
    if item.kind is Kind.UPLOAD:
        return resumable.piece_context(item.id, piece.start)
    return EnvelopeContext(PURPOSES[item.kind], item.id)


def _context_in_row(item: SealedObject) -> EnvelopeContext:
    match item.kind:
        case Kind.ORIGINAL:
            return EnvelopeContext(intake.NAME, item.id)
        case Kind.UPLOAD:
            return EnvelopeContext(resumable.NAME, item.id)
        case Kind.WEBHOOK | Kind.COPY:
            return EnvelopeContext(PURPOSES[item.kind], item.id)
        case _:
            assert_never(item.kind)


def _check_fingerprint(item: SealedObject, data: bytes, fingerprints: Fingerprints | None) -> None:
    """With another key the installation would open everything, and know no duplicate again."""
    if item.known is None:
        return
    if fingerprints is None:
        raise BackupFault("wrong keys: the keyring has no fingerprints.json, by which duplicates are known")
    made = fingerprints.begin(item.known.dataset_id)
    made.update(data)
    if not hmac.compare_digest(made.digest(), item.known.fingerprint):
        raise BackupFault("wrong keys: the keyring's fingerprints.json is another installation's")
