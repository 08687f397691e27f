"""CopyReader: the whole authentic copy, or an error; and no way to an original."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import BlobMissing, EnvelopeError, KeyringError
from gateway.vault.blobs import BlobStore
from gateway.vault.copies import CopyReader, copy_context
from gateway.vault.envelope import EnvelopeContext, seal
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.keys import DataKey, KeyProvider

COPY = b"\xff\xd8 a sanitized copy" * 100_000  # two chunks


@pytest.fixture
def keys(keyring: Path) -> KeyProvider:
    return LocalKeyring.open(keyring, KeyPurpose.COPIES)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore.local(tmp_path / "copies")


@pytest.fixture
def reader(blobs: BlobStore, keys: KeyProvider) -> CopyReader:
    return CopyReader(blobs, keys)


def store(
    blobs: BlobStore, keys: KeyProvider, context: EnvelopeContext, name: str, data: bytes = COPY
) -> bytes:
    """Seals and puts; answers what the row would hold."""
    data_key = DataKey.generate()
    blobs.put(name, seal(data, data_key, context))
    return keys.wrap(data_key, context.to_bytes()).to_bytes()


def test_a_copy_is_read_whole(reader: CopyReader, blobs: BlobStore, keys: KeyProvider) -> None:
    wrapped = store(blobs, keys, copy_context("copy-1"), "blob")
    assert reader.read("copy-1", "blob", wrapped) == COPY


def test_a_copy_cut_at_a_chunk_gives_nothing(
    reader: CopyReader, blobs: BlobStore, keys: KeyProvider, tmp_path: Path
) -> None:
    wrapped = store(blobs, keys, copy_context("copy-1"), "blob")
    file = tmp_path / "copies" / "blob"
    file.write_bytes(file.read_bytes()[: 73 + (1 << 20) + 16])
    with pytest.raises(EnvelopeError):
        reader.read("copy-1", "blob", wrapped)


def test_another_copys_row_or_blob_does_not_open(
    reader: CopyReader, blobs: BlobStore, keys: KeyProvider
) -> None:
    one = store(blobs, keys, copy_context("copy-1"), "blob1", b"one")
    two = store(blobs, keys, copy_context("copy-2"), "blob2", b"two")
    for copy_id, blob, wrapped in [
        ("copy-1", "blob2", one),
        ("copy-1", "blob2", two),
        ("copy-1", "blob1", two),
        ("copy-2", "blob1", one),
    ]:
        with pytest.raises(EnvelopeError):
            reader.read(copy_id, blob, wrapped)


def test_an_originals_row_is_beyond_the_copies_kek(
    reader: CopyReader, blobs: BlobStore, keyring: Path
) -> None:
    originals = LocalKeyring.open(keyring, KeyPurpose.ORIGINALS)
    wrapped = store(blobs, originals, copy_context("copy-1"), "blob")
    with pytest.raises(KeyringError, match="originals-"):
        reader.read("copy-1", "blob", wrapped)


def test_what_was_sealed_as_an_original_is_not_read_as_a_copy(
    reader: CopyReader, blobs: BlobStore, keys: KeyProvider
) -> None:
    wrapped = store(blobs, keys, EnvelopeContext("original", "asset-1"), "blob")
    with pytest.raises(EnvelopeError):
        reader.read("asset-1", "blob", wrapped)


def test_a_missing_blob_and_a_malformed_row_say_so(
    reader: CopyReader, blobs: BlobStore, keys: KeyProvider
) -> None:
    wrapped = store(blobs, keys, copy_context("copy-1"), "blob")
    with pytest.raises(BlobMissing):
        reader.read("copy-1", "gone", wrapped)
    with pytest.raises(EnvelopeError):
        reader.read("copy-1", "blob", wrapped[:-1])
