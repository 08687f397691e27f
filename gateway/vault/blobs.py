"""Blob stores: sealed bytes under random names, in a local folder or an object store, behind obstore.

Originals and copies each get their own store. A blob is written once, whole, and never overwritten. Calls
block; an async caller runs them in a thread.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, MemoryStore
from obstore.store import from_url as store_from_url

from gateway.errors import BlobMissing, Conflict, Misconfigured, VaultUnavailable
from gateway.vault.blob_writers import BlobWriter, CollectingBlobWriter, LocalBlobWriter
from gateway.vault.durable import PARTIAL_SUFFIX, make_private_folder, sync_folder

if TYPE_CHECKING:
    from obstore.store import ObjectStore, RetryConfig

NAME_BYTES = 16  # 128 random bits: names neither collide nor can be guessed
OBJECT_STORE_SCHEMES = frozenset({"s3", "s3a", "gs", "az", "adl", "abfs", "abfss"})
RETRY: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=15)}
"""Of a request to an object store. obstore's own would go on for three minutes; whoever waits longer has a
better place for it: a job its queue, a client its end."""
# No dot, no slash, no percent sign: a name is a file name and an object key as it stands, in every store, and
# never the hidden name of a partial.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def new_blob_name() -> str:
    """32 hexadecimal digits that say nothing about what lies beneath them."""
    return secrets.token_hex(NAME_BYTES)


class BlobStore:
    """One store of blobs. Names are ASCII letters, digits, "-" and "_"; anything else is a ValueError."""

    def __init__(self, store: ObjectStore, folder: Path | None = None) -> None:
        """For local, memory and from_url. folder: where the blobs are files, if they are."""
        self._store = store
        self._folder = folder

    @classmethod
    def local(cls, folder: Path) -> BlobStore:
        """Files of mode 0600 in `folder`, which is made (0700) where it is missing."""
        try:
            make_private_folder(folder)
        except OSError as exc:
            raise Misconfigured(f"the blob folder {folder} cannot be made: {exc.strerror}") from exc
        return cls(LocalStore(folder), folder)

    @classmethod
    def memory(cls) -> BlobStore:
        """Gone with the process."""
        return cls(MemoryStore())

    @classmethod
    def from_url(cls, url: str, **options: Any) -> BlobStore:
        """file:///folder, memory:///, or an object store such as s3://bucket/prefix, gs://…, az://….

        options: obstore's own for that store (endpoint, region, client_options, …). obstore itself reads the
        usual variables of the environment (AWS_ACCESS_KEY_ID, …) for credentials that are not among them.
        Raises Misconfigured for a URL or options that name no store.
        """
        parts = urlsplit(url)
        if parts.scheme == "file":
            return cls.local(Path(unquote(parts.path)))
        if parts.scheme == "memory":
            return cls.memory()
        if parts.scheme not in OBJECT_STORE_SCHEMES:
            raise Misconfigured("a blob store is a file://, s3://, gs:// or az:// URL")
        try:
            return cls(store_from_url(url, **{"retry_config": RETRY, **options}))
        except (BaseError, TypeError, ValueError) as exc:
            first_line = next(iter(str(exc).splitlines()), type(exc).__name__)
            raise Misconfigured(f"the blob store {parts.scheme}:// cannot be used: {first_line}") from exc

    def writer(self, name: str) -> BlobWriter:
        """For bytes that arrive over time: `with store.writer(name) as w: w.write(…); w.commit()`."""
        _check_name(name)
        if self._folder is not None:
            return LocalBlobWriter(self._folder, name)
        return CollectingBlobWriter(name, lambda data: self._create(name, data))

    def put(self, name: str, data: bytes | Iterable[bytes]) -> None:
        """Stores a blob, durably and create-only.

        Raises Conflict where the name is taken, VaultUnavailable where the store fails. If the iterable
        raises, its exception passes and there is no blob.
        """
        with self.writer(name) as writer:
            for part in (data,) if isinstance(data, bytes) else data:
                writer.write(part)
            writer.commit()

    def get(self, name: str) -> bytes:
        """Raises BlobMissing where the store is there and has none, VaultUnavailable where it fails."""
        _check_name(name)
        with self._translated(f"blob {name}"):
            return obstore.get(self._store, name).bytes().to_bytes()

    def exists(self, name: str) -> bool:
        _check_name(name)
        try:
            with self._translated(f"blob {name}"):
                obstore.head(self._store, name)
        except BlobMissing:
            return False
        return True

    def check(self) -> None:
        """Raises VaultUnavailable where the store cannot be reached; writes nothing."""
        if self._folder is not None and not os.access(self._folder, os.R_OK | os.W_OK | os.X_OK):
            raise VaultUnavailable("the blob folder is not there, or not for this user")
        self.exists(new_blob_name())

    def delete(self, name: str) -> None:
        """Durably gone; deleting what is not there is no error, so that a repeated step may repeat it."""
        _check_name(name)
        try:
            with self._translated(f"blob {name}"):
                obstore.delete(self._store, name)
                if self._folder is not None:
                    sync_folder(self._folder)
        except BlobMissing:
            return

    def names(self) -> Iterator[str]:
        """The names of all blobs, in no order. Partials and foreign files are not among them.

        Raises VaultUnavailable: a folder that is away is not an empty one.
        """
        self._check_there("the list of blobs")
        with self._translated("the list of blobs"):
            for page in obstore.list(self._store):
                yield from (item["path"] for item in page if _NAME.fullmatch(item["path"]))

    def clear_partials(self, *, before: datetime) -> int:
        """Deletes what interrupted writers left in a local folder; answers how many. Else there are none.

        before: an aware time; partials touched since then may belong to a writer that is alive, and stay.
        """
        if self._folder is None:
            return 0
        cleared = 0
        for partial in self._folder.glob(f".*{PARTIAL_SUFFIX}"):
            with suppress(FileNotFoundError):  # committed or cleared by somebody else meanwhile
                if partial.stat().st_mtime < before.timestamp():
                    partial.unlink()
                    cleared += 1
        return cleared

    def _create(self, name: str, data: bytes) -> None:
        with self._translated(f"blob {name}"):
            obstore.put(self._store, name, data, mode="create")

    @contextmanager
    def _translated(self, subject: str) -> Iterator[None]:
        """Turns obstore's and the system's errors into ours; their own texts carry paths and URLs."""
        try:
            yield
        except FileNotFoundError as exc:
            self._check_there(subject)
            raise BlobMissing(f"{subject}: there is none of this name") from exc
        except AlreadyExistsError as exc:
            raise Conflict(f"{subject} exists already and is never overwritten") from exc
        except (BaseError, OSError) as exc:
            raise VaultUnavailable(f"{subject}: the store failed: {type(exc).__name__}") from exc

    def _check_there(self, subject: str) -> None:
        """Raises VaultUnavailable where not the blob is missing but its folder or bucket."""
        try:
            if self._folder is not None:
                self._folder.stat()
            else:
                next(iter(obstore.list(self._store, chunk_size=1)), None)
        except (BaseError, OSError) as exc:
            raise VaultUnavailable(f"{subject}: the store itself is not there") from exc


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError("a blob name holds ASCII letters, digits, - and _ only, 1 to 128 of them")
