"""Reading sanitized copies, and nothing else: what the broker is given."""

from __future__ import annotations

from gateway.vault.blobs import BlobStore
from gateway.vault.envelope import EnvelopeContext, open_sealed
from gateway.vault.keys import KeyProvider, WrappedKey

COPY_PURPOSE = "copy"


def copy_context(copy_id: str) -> EnvelopeContext:
    """What a copy is sealed for."""
    return EnvelopeContext(COPY_PURPOSE, copy_id)


class CopyReader:
    """Opens copies. Built with the copies' KEK and the copies' store, it has no way to an original."""

    def __init__(self, blobs: BlobStore, keys: KeyProvider) -> None:
        self._blobs = blobs
        self._keys = keys

    def read(self, copy_id: str, blob: str, wrapped_key: bytes) -> bytes:
        """The whole copy, after its last byte has authenticated.

        blob: its name in the store. wrapped_key: the row's WrappedKey.to_bytes(). Raises KeyringError where
        the KEK is not one of the copies', EnvelopeError where anything is altered or belongs to another
        object, BlobMissing where there is no such blob, VaultUnavailable where store or keyring do not
        answer.
        """
        context = copy_context(copy_id)
        data_key = self._keys.unwrap(WrappedKey.parse(wrapped_key), context.to_bytes())
        return open_sealed(self._blobs.get(blob), data_key, context)
