"""Object stores (S3, GCS, Azure) behind obstore: a source of images, and a place for sanitized copies.

Credentials and endpoint come from the usual variables of the environment (AWS_ACCESS_KEY_ID, AWS_ENDPOINT…).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from gateway.cli.ingesting.sender import Refused, RunStopped
from gateway.cli.ingesting.sources import Item, checked
from gateway.errors import Misconfigured

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SCHEMES = frozenset({"s3", "s3a", "gs", "az", "adl", "abfs", "abfss"})


def is_object_store(place: str) -> bool:
    return urlsplit(place).scheme in SCHEMES


def journal_name(place: str) -> str:
    """What a run's journal is called in the working folder: bucket and prefix, with nothing of a path."""
    parts = urlsplit(place)
    words = [parts.netloc, *PurePosixPath(parts.path.strip("/")).parts]
    return "-".join("".join(c if c.isalnum() else "_" for c in word) for word in words)


class ObjectSource:
    """What lies under a URL such as s3://bucket/prefix."""

    def __init__(self, url: str) -> None:
        """Raises Misconfigured."""
        self._store = _opened(url)

    def items(self) -> Iterator[Item]:
        found = []
        try:
            for page in obstore.list(self._store):
                for meta in page:
                    if not any(part.startswith(".") for part in meta["path"].split("/")):
                        mark = f"{meta['size']}:{meta['e_tag'] or meta['last_modified'].isoformat()}"
                        found.append(checked(Item(meta["path"], mark, meta["size"])))
        except (BaseError, OSError) as exc:
            raise _stopped(exc) from exc
        yield from sorted(found, key=lambda item: item.path)

    def pieces(self, item: Item) -> Iterator[bytes]:
        try:
            for piece in obstore.get(self._store, item.path):
                yield bytes(piece)
        except FileNotFoundError as exc:
            raise Refused("file.changed", "it is gone since it was listed") from exc
        except (BaseError, OSError) as exc:
            raise _stopped(exc) from exc


class Place(Protocol):
    """Where sanitized copies go."""

    def put(self, name: str, data: bytes) -> None:
        """Whole or not at all, over an older one of the name."""
        ...

    def get(self, name: str) -> bytes | None: ...


class ObjectPlace:
    def __init__(self, url: str) -> None:
        """Raises Misconfigured."""
        self._store = _opened(url)

    def put(self, name: str, data: bytes) -> None:
        try:
            obstore.put(self._store, name, data)
        except (BaseError, OSError) as exc:
            raise _stopped(exc) from exc

    def get(self, name: str) -> bytes | None:
        try:
            return obstore.get(self._store, name).bytes().to_bytes()
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as exc:
            raise _stopped(exc) from exc


def _opened(url: str) -> ObjectStore:
    try:
        return from_url(url)
    except (BaseError, TypeError, ValueError) as exc:
        first_line = next(iter(str(exc).splitlines()), type(exc).__name__)
        raise Misconfigured(f"{url} cannot be used: {first_line}") from exc


def _stopped(exc: Exception) -> RunStopped:
    """Of obstore's words only the first line: the rest are its own retries."""
    first_line = next(iter(str(exc).splitlines()), type(exc).__name__)
    return RunStopped(f"the object store does not answer as it should ({first_line}); then run this again")
