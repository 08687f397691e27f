"""The gateway as a sender sees it: HTTP, with patience.

A request is repeated while the gateway cannot be reached, is busy or broken (5xx, 429), with growing pauses.
An upload keeps its Idempotency-Key through all of that: it becomes one asset however often it is sent.
"""

from __future__ import annotations

import ipaddress
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from gateway.errors import GatewayError, Misconfigured

PATIENCE_SECONDS = 120.0
"""How long one request is repeated before the run ends; it goes on from its journal."""

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 10.0

MAX_NAME_BYTES = 1024
"""As the gateway's intake has it."""

MAX_UPLOAD_BYTES = 100_000_000
"""As the gateway has it; a file known to be larger is not sent at all."""


class RunStopped(GatewayError):
    """The run cannot go on. What was sent is in the journal; the same command goes on from there."""


class Refused(Exception):
    """One file is not taken. code: why; advice: what its sender can do."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(f"{code}; {advice}")
        self.code = code
        self.advice = advice


class KeyUsedUp(Exception):
    """The file's Idempotency-Key came with other bytes before: the file has changed since."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What an upload became."""

    asset: str
    duplicate: bool


class Sender:
    """One person's way to one gateway; used by any number of threads.

    sleep, clock: seconds. Only tests pass anything but the defaults.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        connections: int,
        patience: float = PATIENCE_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises Misconfigured for a URL over which images would travel in the clear."""
        loopback = check_url(url)
        self._patience, self._sleep, self._clock = patience, sleep, clock
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(60, connect=10),
            limits=httpx.Limits(max_connections=connections),
            trust_env=not loopback,  # no proxy stands between a machine and itself
        )

    def close(self) -> None:
        self._http.close()

    def open_batch(self, dataset: str, expected: int | None) -> str:
        answer = self._ask("POST", "/batches", json={"dataset": dataset, "expected": expected})
        return str(answer.json()["id"])

    def batch(self, batch: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._ask("GET", f"/batches/{batch}").json()
        return answer

    def close_batch(self, batch: str, *, refused: int) -> None:
        self._ask("POST", f"/batches/{batch}/close", json={"refused": refused})

    def batch_assets(self, batch: str) -> Iterator[dict[str, Any]]:
        """Every asset of the batch: its id, state and reason."""
        yield from self._pages(f"/batches/{batch}/assets", "assets")

    def copies(self, dataset: str) -> Iterator[dict[str, Any]]:
        """Every released copy of the dataset, for whoever has a grant."""
        yield from self._pages(f"/datasets/{dataset}/copies", "copies")

    def content(self, copy: str) -> bytes:
        """A sanitized copy. Raises Refused where it is no longer released."""
        answer = self._ask("GET", f"/copies/{copy}/content", may_refuse=(404,))
        if answer.status_code == 404:
            raise Refused("copy.withdrawn", "it was withdrawn after it was listed")
        return answer.content

    def upload(
        self,
        body: Callable[[], Iterator[bytes]],
        *,
        size: int,
        name: str,
        key: str,
        dataset: str,
        batch: str | None,
    ) -> Taken:
        """Sends one file; `body` gives its bytes anew each time. Raises Refused, KeyUsedUp, RunStopped."""
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(size),
            "Content-Disposition": f"attachment; filename*=UTF-8''{_encoded(name)}",
            "Idempotency-Key": key,
        }
        params = {"dataset": dataset} | ({"batch": batch} if batch else {})
        answer = self._ask(
            "POST",
            "/assets",
            body=body,
            headers=headers,
            params=params,
            may_refuse=(413, 415, 422),
            busy=(409,),
        )
        if answer.status_code in (200, 202):
            told = answer.json()
            return Taken(told["id"], told["duplicate"])
        problem = _problem(answer)
        if problem.get("type", "").endswith(":idempotency-key-reused"):
            raise KeyUsedUp
        code = str(problem.get("code") or "request.invalid")
        raise Refused(code, str(problem.get("advice") or problem.get("detail", "")))

    def _pages(self, path: str, member: str) -> Iterator[dict[str, Any]]:
        after: str | None = ""
        while after is not None:
            page = self._ask("GET", path, params={"after": after}).json()
            yield from page[member]
            after = page["next"]

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: Callable[[], Iterator[bytes]] | None = None,
        may_refuse: tuple[int, ...] = (),
        busy: tuple[int, ...] = (),
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: object = None,
    ) -> httpx.Response:
        """Asks until there is an answer that repeating would not change. Raises Refused, RunStopped."""
        deadline, pause = self._clock() + self._patience, FIRST_PAUSE_SECONDS
        while True:
            content = None if body is None else _exactly(body(), int((headers or {})["Content-Length"]))
            try:
                answer = self._http.request(
                    method, path, content=content, headers=headers, params=params, json=json
                )
            except httpx.TransportError as exc:
                fault, wait = type(exc).__name__, 0.0
            else:
                if not _repeatable(answer.status_code, busy):
                    return _accepted(answer, may_refuse)
                fault, wait = f"status {answer.status_code}", _retry_after(answer)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            wait = max(wait, random.uniform(pause / 2, pause))  # noqa: S311  (spreads senders, hides nothing)
            if self._clock() + wait > deadline:
                raise RunStopped(
                    f"the gateway does not answer ({fault}); when it does, run the same command again: "
                    "it goes on where it stopped"
                )
            self._sleep(wait)


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


def _repeatable(status: int, busy: tuple[int, ...]) -> bool:
    return status >= 500 or status == 429 or status in busy


def _retry_after(answer: httpx.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), 60.0) if text.isdigit() else 0.0


def _accepted(answer: httpx.Response, may_refuse: tuple[int, ...]) -> httpx.Response:
    if answer.is_success or answer.status_code in may_refuse:
        return answer
    problem = _problem(answer)
    told = problem.get("detail", f"status {answer.status_code}")
    remedy = {
        401: "; check --token-file",
        403: "; the token's person may not do this: see the role and, for copies, the grant",
        404: "; check --dataset and --url",
    }.get(answer.status_code, "")
    raise RunStopped(f"the gateway refused: {told}{remedy}")


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}


def _encoded(name: str) -> str:
    """RFC 8187. A name too long for the gateway is cut to its last part, from the right."""
    data = name.encode("utf-8", "replace")
    if len(data) > MAX_NAME_BYTES:
        data = data.rpartition(b"/")[2][-MAX_NAME_BYTES:].decode("utf-8", "ignore").encode()
    return quote(data, safe="")
