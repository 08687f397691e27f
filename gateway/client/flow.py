"""What a client does, without doing it: a generator that yields steps and is sent what came of them.

A flow decides everything (the request, whether to try again, when to give up, what the answer means); a
client carries out one step after another. So the synchronous and the asynchronous client cannot differ.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar, Union
from urllib.parse import quote

from gateway.client.problems import ServerFault, UnexpectedAnswer, Unreachable, refusal
from gateway.errors import GatewayError, LedgerUnavailable

Result = TypeVar("Result")

ATTEMPTS: Final = 5
FIRST_PAUSE: Final = 0.25
"""Seconds; doubled with each attempt, and varied so that clients that failed together do not come back so."""

LONGEST_PAUSE: Final = 30.0

PASSING: Final = frozenset({429, 502, 503, 504})
"""Statuses that say: not now."""

LONGEST_WAIT: Final = 10.0
"""Seconds between two tries of `patiently`."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Bytes from anywhere. make: anew with each attempt. length: of all, in bytes, if it is known."""

    make: Callable[[], Iterator[bytes]]
    length: int | None = None


Body = Union[bytes, Path, Pieces]  # noqa: UP007  (a name)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    body: bytes, or a file or pieces that are streamed anew with each attempt. into: where a successful
    answer's body is streamed to instead of into memory; the file appears whole or not at all.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = b""
    into: Path | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait. seconds: from 0."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: names in lower case. body: empty where it went into a file."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def success(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The connection could not be made, or broke. reason: in words."""

    reason: str


@dataclass(frozen=True, slots=True)
class Over:
    """The pause is over."""


Step = Union[Request, Pause]  # noqa: UP007  (a name, used in subscripts)
Came = Union[Answer, NoAnswer, Over]  # noqa: UP007
Flow = Generator[Step, Came, Result]


def as_json(method: str, path: str, value: object = None, **query: str) -> Request:
    """A request with a JSON body, or with none."""
    if value is None:
        return Request(method, path, query)
    headers = {"Content-Type": "application/json"}
    return Request(method, path, query, headers, json.dumps(value).encode())


def perform(request: Request, *, repeatable: bool) -> Flow[Answer]:
    """The answer of success. repeatable: doing it twice does no harm, so that it is tried again.

    Raises the errors of `problems`, the last one where every attempt failed.
    """
    attempts = ATTEMPTS if repeatable else 1
    for attempt in range(attempts):
        came = yield request
        if isinstance(came, Answer) and came.success:
            return came
        last = attempt == attempts - 1
        if isinstance(came, NoAnswer):
            if last:
                raise Unreachable(came.reason)
            yield Pause(_pause(attempt, None))
        elif isinstance(came, Answer):
            if last or came.status not in PASSING:
                found = refusal(came.status, came.body)
                raise found.error from found.problem
            yield Pause(_pause(attempt, came.headers.get("retry-after")))
    raise AssertionError("there is at least one attempt")


def is_passing(error: GatewayError) -> bool:
    """What may be otherwise a minute later: the gateway is away, being started again, or out of disk."""
    return isinstance(error, (Unreachable, ServerFault, LedgerUnavailable))


def patiently(
    make: Callable[[], Flow[Result]], *, seconds: float, passes: Callable[[GatewayError], bool] = is_passing
) -> Flow[Result]:
    """What a flow gives, made anew while it ends with an error that passes; `seconds` of pauses in all.

    Only for what may happen twice: reading, or an upload under a key of its own. Raises the last error.
    """
    waited, pause = 0.0, 2 * FIRST_PAUSE
    while True:
        try:
            return (yield from make())
        except GatewayError as exc:
            if not passes(exc) or waited + pause > seconds:
                raise
        yield Pause(pause)
        waited += pause
        pause = min(2 * pause, LONGEST_WAIT)


def ask(request: Request, parse: Callable[[Any], Result], *, repeatable: bool | None = None) -> Flow[Result]:
    """What `parse` makes of the answer's JSON. GET and PUT are repeatable unless said otherwise."""
    if repeatable is None:
        repeatable = request.method in ("GET", "PUT")
    answer = yield from perform(request, repeatable=repeatable)
    return parsed(answer, parse)


def parsed(answer: Answer, parse: Callable[[Any], Result]) -> Result:
    """Of its JSON. Raises UnexpectedAnswer."""
    return _understood(lambda: parse(json.loads(answer.body)))


def parsed_headers(answer: Answer, parse: Callable[[Mapping[str, str]], Result]) -> Result:
    """Raises UnexpectedAnswer."""
    return _understood(lambda: parse(answer.headers))


def _understood(parse: Callable[[], Result]) -> Result:
    try:
        return parse()
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise UnexpectedAnswer(
            f"the answer is not what this version of the client knows ({type(exc).__name__}: {exc}); "
            "is this the gateway's address, and is the client as new as it?"
        ) from exc


def _pause(attempt: int, retry_after: str | None) -> float:
    """Seconds before the next attempt; what the server asks for is respected, up to a limit."""
    if retry_after is not None and retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after), LONGEST_PAUSE)
    varied = random.uniform(0.5, 1.0)  # noqa: S311  (no secret)
    return float(min(FIRST_PAUSE * 2**attempt * varied, LONGEST_PAUSE))


def part(value: str) -> str:
    """One segment of a path: an id from elsewhere must not become another route."""
    return quote(value, safe="").replace(".", "%2E")
