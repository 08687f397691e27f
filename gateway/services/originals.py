"""Opening originals: for the worker that makes copies of them, and for the review desk."""

from __future__ import annotations

from gateway.services.intake import ORIGINAL
from gateway.store.records import AssetRecord
from gateway.vault.blobs import BlobStore
from gateway.vault.envelope import EnvelopeContext, open_sealed
from gateway.vault.keys import KeyProvider, WrappedKey


class Originals:
    """The vault's originals, with the key that opens them."""

    def __init__(self, blobs: BlobStore, keys: KeyProvider) -> None:
        self._blobs = blobs
        self._keys = keys

    def open(self, asset: AssetRecord) -> bytes:
        """The bytes that were brought in, after the last of them has authenticated. Raises VaultError."""
        context = EnvelopeContext(ORIGINAL, asset.id)
        data_key = self._keys.unwrap(WrappedKey.parse(asset.wrapped_key), context.to_bytes())
        return open_sealed(self._blobs.get(asset.blob), data_key, context)
