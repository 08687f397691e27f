"""The gateway as a sender sees it: the client, with patience.

While the gateway cannot be reached, is busy or broken, a request is repeated with growing pauses. An upload
keeps its Idempotency-Key through all of that: it becomes one asset however often it is sent.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from gateway.client import Batch, BatchAsset, Client, Copy, Flow, Pieces, Received, api, patiently
from gateway.client.flow import is_passing
from gateway.errors import (
    AccessDenied,
    Conflict,
    GatewayError,
    InputRefused,
    KeyReused,
    Misconfigured,
    NotFound,
    Unauthenticated,
)

Result = TypeVar("Result")

PATIENCE_SECONDS = 120.0
"""How long is waited for one request to succeed before the run ends; it goes on from its journal."""

MAX_NAME_BYTES = 1024
"""As the gateway's intake has it."""

MAX_UPLOAD_BYTES = 100_000_000
"""As the gateway has it; a file known to be larger is not sent at all."""

REMEDIES: tuple[tuple[type[GatewayError], str], ...] = (
    (Unauthenticated, "check --token-file"),
    (AccessDenied, "the token's person may not do this: see the role and, for copies, the grant"),
    (NotFound, "check --dataset and --url"),
)


class RunStopped(GatewayError):
    """The run cannot go on. What was sent is in the journal; the same command goes on from there."""


class Refused(Exception):
    """One file is not taken. code: why; advice: what its sender can do."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(f"{code}; {advice}")
        self.code = code
        self.advice = advice


class Sender:
    """One person's way to one gateway; used by any number of threads. patience: seconds."""

    def __init__(self, url: str, token: str, *, patience: float = PATIENCE_SECONDS) -> None:
        """Raises Misconfigured for a URL over which images would travel in the clear."""
        loopback = check_url(url)
        self._patience = patience
        # No proxy stands between a machine and itself.
        self._client = Client(url, token, environment=not loopback)

    def close(self) -> None:
        self._client.close()

    def open_batch(self, dataset: str, expected: int | None) -> Batch:
        return self._ask(lambda: api.create_batch(dataset, expected=expected))

    def batch(self, batch: str) -> Batch:
        return self._ask(lambda: api.read_batch(batch))

    def close_batch(self, batch: str, *, refused: int) -> None:
        self._ask(lambda: api.close_batch(batch, refused=refused))

    def batch_assets(self, batch: str) -> Iterator[BatchAsset]:
        after: str | None = ""
        while after is not None:
            page = self._ask(partial(api.list_batch_assets, batch, after=after))
            yield from page.assets
            after = page.next

    def copies(self, dataset: str) -> Iterator[Copy]:
        """Every released copy of the dataset, for whoever has a grant."""
        after: str | None = ""
        while after is not None:
            page = self._ask(partial(api.list_copies, dataset, after=after))
            yield from page.copies
            after = page.next

    def content(self, copy: str) -> bytes | None:
        """A sanitized copy; None where it was withdrawn after it was listed."""
        try:
            return self._do(lambda: api.copy_content(copy), is_passing)
        except NotFound:
            return None
        except GatewayError as exc:
            raise _stopped(exc) from exc

    def upload(
        self,
        body: Callable[[], Iterator[bytes]],
        *,
        size: int,
        name: str,
        key: str,
        dataset: str,
        batch: str | None,
    ) -> Received:
        """Sends one file; `body` gives its bytes anew each time. Raises Refused, KeyReused, RunStopped."""

        def flow() -> Flow[Received]:
            exact = Pieces(lambda: _exactly(body(), size), size)
            return api.upload(dataset, exact, name=_short(name), key=key, batch=batch)

        try:
            return self._do(flow, _passes_for_uploads)
        except KeyReused:
            raise
        except InputRefused as exc:
            raise Refused(exc.code, exc.advice) from exc
        except GatewayError as exc:
            raise _stopped(exc) from exc

    def _ask(self, make: Callable[[], Flow[Result]]) -> Result:
        """Raises RunStopped."""
        try:
            return self._do(make, is_passing)
        except GatewayError as exc:
            raise _stopped(exc) from exc

    def _do(self, make: Callable[[], Flow[Result]], passes: Callable[[GatewayError], bool]) -> Result:
        return self._client.do(patiently(make, seconds=self._patience, passes=passes))


def _passes_for_uploads(error: GatewayError) -> bool:
    """A conflict, too: another request is at it under this key, the one that was lost sight of."""
    return is_passing(error) or (isinstance(error, Conflict) and not isinstance(error, KeyReused))


def _stopped(exc: GatewayError) -> RunStopped:
    if _passes_for_uploads(exc):
        remedy = "when it is well, run the same command again: it goes on where it stopped"
        return RunStopped(f"the gateway could not ({exc}); {remedy}")
    found = next((remedy for kind, remedy in REMEDIES if isinstance(exc, kind)), None)
    return RunStopped(f"the gateway refused: {exc}" + (f"; {found}" if found else ""))


def check_url(url: str) -> bool:
    """Whether the gateway is on this machine. Raises Misconfigured unless it is, or is spoken to over TLS."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Misconfigured(f"{url} is no http:// or https:// address; give the gateway's with --url")
    loopback = _is_loopback(parts.hostname)
    if parts.scheme == "http" and not loopback:
        raise Misconfigured(
            f"{parts.hostname} is another machine, and images would travel to it in the clear; "
            "give an https:// address with --url"
        )
    return loopback


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _exactly(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The pieces, if they are `size` bytes in all. Raises Refused where the file changed meanwhile."""
    left = size
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            break
        yield piece
    if left:
        raise Refused("file.changed", "it changed while it was read; send it again")


def _short(name: str) -> str:
    """A name too long for the gateway is cut to its last part, from the right."""
    data = name.encode("utf-8", "replace")
    if len(data) > MAX_NAME_BYTES:
        data = data.rpartition(b"/")[2][-MAX_NAME_BYTES:]
    return data.decode("utf-8", "ignore")
