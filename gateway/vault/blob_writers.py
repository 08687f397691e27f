"""The two ways in which a blob comes into being: as a local file, or by one request to an object store.

Both are create-only, and until `commit` returns nothing can be read under the name.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, final

from gateway.errors import Conflict, VaultUnavailable
from gateway.vault.durable import open_private, partial_path, sync_folder


class BlobWriter(ABC):
    """Takes one blob's bytes. Leaving the `with` block without `commit` leaves nothing behind.

    Used by one thread at a time. `write` and `commit` may block on the disk or the network.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._closed = False

    @final
    def write(self, data: bytes) -> None:
        """Raises VaultUnavailable where the store is full or broken."""
        self._refuse_when_closed()
        self._write(data)

    @final
    def commit(self) -> None:
        """Gives the bytes their name; once it returns they survive a power cut.

        Raises Conflict where the name is taken (the blob there stays as it is), VaultUnavailable where the
        store fails.
        """
        self._refuse_when_closed()
        self._closed = True
        try:
            self._commit()
        except BaseException:
            self._discard()
            raise

    @final
    def abort(self) -> None:
        """Discards the bytes written so far. After `commit`, or a second time, it does nothing."""
        if not self._closed:
            self._closed = True
            self._discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ValueError(f"blob {self.name}: this writer has committed or aborted")

    @abstractmethod
    def _write(self, data: bytes) -> None: ...

    @abstractmethod
    def _commit(self) -> None: ...

    @abstractmethod
    def _discard(self) -> None: ...


class LocalBlobWriter(BlobWriter):
    """Gathers the bytes in a hidden file beside the name.

    Not obstore's own put: its local store links the name before the bytes are on the disk and syncs neither,
    so that after a power cut a name could lead to half a blob.
    """

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(name)
        self._path = folder / name
        self._partial = partial_path(self._path)
        try:
            self._file = os.fdopen(open_private(self._partial), "wb")
        except OSError as exc:
            raise _store_failed(name, exc) from exc

    def _write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as exc:
            raise _store_failed(self.name, exc) from exc

    def _commit(self) -> None:
        try:
            # (1) The bytes reach the disk. A crash until here leaves a hidden partial, which nothing lists.
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            # (2) The name appears, whole, or not at all; a name that is taken stays as it is.
            self._path.hardlink_to(self._partial)
            # (3) A crash here leaves the blob and a second, hidden name for it.
            self._partial.unlink()
            # (4) The name reaches the disk; only now may a row speak of it.
            sync_folder(self._path.parent)
        except FileExistsError as exc:
            raise Conflict(f"blob {self.name} exists already and is never overwritten") from exc
        except OSError as exc:
            raise _store_failed(self.name, exc) from exc

    def _discard(self) -> None:
        with suppress(OSError):  # what cannot be flushed was to be thrown away
            self._file.close()
        with suppress(OSError):  # the sweep clears it, once the disk is back
            self._partial.unlink(missing_ok=True)


class CollectingBlobWriter(BlobWriter):
    """Holds the bytes in memory and puts them in one request.

    An object store's multipart upload cannot be create-only; one conditional put can. The bytes are sealed,
    so that memory holds no plaintext on their account. S3 takes up to 5 GiB in one put.
    A put whose answer got lost and that the client repeats ends in Conflict: take a fresh name and go on.
    """

    def __init__(self, name: str, put: Callable[[bytes], None]) -> None:
        """put: stores the whole blob under `name`, create-only, durable on return."""
        super().__init__(name)
        self._put = put
        self._parts: list[bytes] = []

    def _write(self, data: bytes) -> None:
        self._parts.append(bytes(data))

    def _commit(self) -> None:
        self._put(b"".join(self._parts))
        self._parts.clear()

    def _discard(self) -> None:
        self._parts.clear()


def _store_failed(name: str, exc: OSError) -> VaultUnavailable:
    return VaultUnavailable(f"blob {name}: the store failed: {exc.strerror or type(exc).__name__}")
