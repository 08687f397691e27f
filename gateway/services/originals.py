"""Opening a sealed original: for workers, in memory, and for nobody else."""

from __future__ import annotations

from gateway.services.deadline import waiting
from gateway.services.intake import ORIGINAL
from gateway.store.records import AssetRecord
from gateway.vault.blobs import BlobStore
from gateway.vault.envelope import EnvelopeContext, open_sealed
from gateway.vault.keys import KeyProvider, WrappedKey


class Originals:
    """The originals' store and the keys that open it."""

    def __init__(self, blobs: BlobStore, keys: KeyProvider) -> None:
        self._blobs = blobs
        self._keys = keys

    def open(self, asset: AssetRecord) -> bytes:
        """The file as it was brought in. Raises VaultError, VaultUnavailable."""
        context = EnvelopeContext(ORIGINAL, asset.id)
        data_key = self._keys.unwrap(WrappedKey.parse(asset.wrapped_key), context.to_bytes())
        with waiting():  # a store that does not answer is not what a job is given up for
            sealed = self._blobs.get(asset.blob)
        return open_sealed(sealed, data_key, context)
