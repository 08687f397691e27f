"""Putting a sanitized copy into the vault: sealed under its own key, under a fresh random name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.imaging.image import EncodedImage
from gateway.services.deadline import waiting
from gateway.services.ids import new_id
from gateway.store.records import AssetRecord, CopyRecord
from gateway.vault.blobs import BlobStore, new_blob_name
from gateway.vault.copies import copy_context
from gateway.vault.envelope import seal
from gateway.vault.keys import DataKey, KeyProvider
from policies.model import Size


class NewCopies:
    """The store of copies, with the key that seals them."""

    def __init__(self, blobs: BlobStore, keys: KeyProvider) -> None:
        self._blobs = blobs
        self._keys = keys

    def put(
        self,
        asset: AssetRecord,
        encoded: EncodedImage,
        *,
        size: Size,
        revision: int,
        report: Mapping[str, Any],
        now: datetime,
    ) -> CopyRecord:
        """Seals and stores a copy, never over another; the record is for the caller's transaction.

        Raises VaultUnavailable.
        """
        copy_id, blob, data_key = new_id("copy"), new_blob_name(), DataKey.generate()
        context = copy_context(copy_id)
        sealed = seal(encoded.data, data_key, context)
        with waiting():  # a store that does not answer is not what a job is given up for
            self._blobs.put(blob, sealed)
        return CopyRecord(
            id=copy_id,
            asset_id=asset.id,
            dataset_id=asset.dataset_id,
            revision=revision,
            blob=blob,
            wrapped_key=self._keys.wrap(data_key, context.to_bytes()).to_bytes(),
            media_type=encoded.media_type,
            byte_length=len(encoded.data),
            width=size.width,
            height=size.height,
            report=report,
            created_at=now,
        )

    def discard(self, copy: CopyRecord) -> None:
        """Deletes the blob of a copy that no row names: another worker was faster."""
        self._blobs.delete(copy.blob)
