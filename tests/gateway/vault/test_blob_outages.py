"""An outage of a blob store is told from a blob that is not there, and from one that is not what was put."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.errors import BlobMissing, VaultError, VaultUnavailable
from gateway.vault.blobs import BlobStore
from gateway.vault.keyring import KeyPurpose, LocalKeyring, key_file_path
from gateway.vault.keys import DataKey, WrappedKey
from tests.support.objects import S3, s3_server

Act = Callable[[BlobStore], object]
ACTS: dict[str, Act] = {
    "get": lambda blobs: blobs.get("a"),
    "exists": lambda blobs: blobs.exists("a"),
    "put": lambda blobs: blobs.put("b", b"x"),
    "delete": lambda blobs: blobs.delete("a"),
    "names": lambda blobs: list(blobs.names()),
    "check": lambda blobs: blobs.check(),
}


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with s3_server() as server:
        yield server


@pytest.fixture
def remote(s3: S3) -> Iterator[BlobStore]:
    """With "a" in it. Its requests are tried once."""
    blobs = BlobStore.from_url("s3://bucket/part", **s3.options, retry_config={"max_retries": 0})
    s3.objects["bucket/part/a"] = b"sealed"
    yield blobs
    s3.refused.clear()
    if s3.away:
        s3.start()


@pytest.fixture
def local(tmp_path: Path) -> BlobStore:
    blobs = BlobStore.local(tmp_path / "blobs")
    blobs.put("a", b"sealed")
    return blobs


def test_an_outage_is_no_broken_object() -> None:
    assert not issubclass(VaultUnavailable, VaultError)


@pytest.mark.parametrize("act", ["get", "exists", "put", "names", "check"])
def test_a_store_that_nobody_answers_for_is_away_until_it_is_back(
    s3: S3, remote: BlobStore, act: str
) -> None:
    s3.stop()
    with pytest.raises(VaultUnavailable):
        ACTS[act](remote)
    s3.start()
    ACTS[act](remote)
    assert remote.get("a") == b"sealed"


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_store_that_refuses_or_fails_is_away(s3: S3, remote: BlobStore, status: int) -> None:
    s3.refused["bucket"] = status
    for act in ("get", "put", "check"):
        with pytest.raises(VaultUnavailable):
            ACTS[act](remote)


def test_an_object_that_a_store_does_not_have_is_missing(remote: BlobStore) -> None:
    with pytest.raises(BlobMissing):
        remote.get("c")
    assert not remote.exists("c")
    remote.check()


def test_a_bucket_that_is_not_there_is_an_outage(s3: S3, remote: BlobStore) -> None:
    s3.refused["bucket"] = 404
    for act in ("get", "exists", "check"):
        with pytest.raises(VaultUnavailable, match="the store itself is not there"):
            ACTS[act](remote)


@pytest.mark.parametrize("act", ACTS)
def test_a_folder_that_is_not_mounted_is_an_outage_until_it_is_back(
    local: BlobStore, tmp_path: Path, act: str
) -> None:
    (tmp_path / "blobs").rename(tmp_path / "elsewhere")
    with pytest.raises(VaultUnavailable):
        ACTS[act](local)
    (tmp_path / "elsewhere").rename(tmp_path / "blobs")
    assert local.get("a") == b"sealed"


def test_a_file_that_a_folder_does_not_have_is_missing(local: BlobStore) -> None:
    with pytest.raises(BlobMissing):
        local.get("c")


def test_a_keyring_that_cannot_be_read_now_is_an_outage_for_the_keys_that_are_in_no_memory(
    tmp_path: Path,
) -> None:
    LocalKeyring.create(tmp_path / "keys")
    keys = LocalKeyring.open(tmp_path / "keys", KeyPurpose.COPIES)
    known = keys.wrap(DataKey.generate(), b"context")
    LocalKeyring.add_key(tmp_path / "keys", KeyPurpose.COPIES)
    newer = LocalKeyring.open(tmp_path / "keys", KeyPurpose.COPIES).wrap(DataKey.generate(), b"context")
    path = key_file_path(tmp_path / "keys", KeyPurpose.COPIES)
    path.rename(tmp_path / "away")
    keys.unwrap(known, b"context")
    for opened in (lambda: keys.unwrap(WrappedKey.parse(newer.to_bytes()), b"context"), keys.check):
        with pytest.raises(VaultUnavailable) as caught:
            opened()
        assert caught.value.keys
    (tmp_path / "away").rename(path)
    keys.unwrap(newer, b"context")
