"""Problem documents (RFC 9457) to exceptions: the gateway's own errors, said again on this side."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import (
    AccessDenied,
    Conflict,
    GatewayError,
    InputRefused,
    KeyReused,
    LedgerUnavailable,
    LimitExceeded,
    NotFound,
    Unauthenticated,
    UnsupportedFormat,
    Withdrawn,
)

ADVICE = "see the gateway's reference at /docs"
PREFIX = "urn:privgate:problem:"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request, and where."""

    place: str
    fault: str


class Problem(GatewayError):
    """What the gateway said: the cause of the exception that the caller gets.

    kind: the last word of the problem's type. code: machine-readable, where there is one.
    """

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.kind = str(document.get("type", "")).removeprefix(PREFIX)
        self.detail = str(document.get("detail", f"status {status}"))
        self.code = _text(document.get("code"))
        self.advice = _text(document.get("advice"))
        faults = document.get("faults")
        self.faults = tuple(
            Fault(str(fault.get("place", "")), str(fault.get("fault", "")))
            for fault in (faults if isinstance(faults, list) else ())
            if isinstance(fault, Mapping)
        )
        super().__init__(self.detail)


class Unreachable(GatewayError):
    """No answer: the address is wrong, the gateway is down, or the connection broke. It says which."""


class ServerFault(GatewayError):
    """The gateway, or a proxy before it, could not: 5xx, or too many requests. Nothing was delivered."""


class UnexpectedAnswer(GatewayError):
    """Not an answer of this gateway's API, or of another version's."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """error: what the caller gets; problem: its cause."""

    error: GatewayError
    problem: Problem


def refusal(status: int, body: bytes) -> Refusal:
    """What to raise for an answer that is none of success."""
    problem = Problem(status, _document(body))
    return Refusal(_error(problem), problem)


def _error(problem: Problem) -> GatewayError:
    """The first that fits: a status with its kind, a status, a class of statuses."""
    make = _BY_KIND.get((problem.status, problem.kind)) or _BY_STATUS.get(problem.status)
    if make is not None:
        return make(problem)
    told = f"status {problem.status}: {problem.detail}"
    busy = problem.status >= 500 or problem.status == 429
    return ServerFault(told) if busy else UnexpectedAnswer(told)


def _input(kind: type[InputRefused]) -> Callable[[Problem], GatewayError]:
    return lambda problem: kind(problem.detail, advice=problem.advice or ADVICE, code=problem.code)


_BY_KIND: Final[dict[tuple[int, str], Callable[[Problem], GatewayError]]] = {
    (422, "idempotency-key-reused"): lambda problem: KeyReused(problem.detail),
    (503, "log-unavailable"): lambda problem: LedgerUnavailable(problem.detail),
}

_BY_STATUS: Final[dict[int, Callable[[Problem], GatewayError]]] = {
    400: _input(InputRefused),
    401: lambda problem: Unauthenticated(problem.detail),
    403: lambda problem: AccessDenied(problem.code or problem.kind),
    404: lambda problem: NotFound(problem.detail),
    409: lambda problem: Conflict(problem.detail),
    410: lambda problem: Withdrawn(problem.detail),
    413: _input(LimitExceeded),
    415: _input(UnsupportedFormat),
    422: _input(InputRefused),
}


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, Mapping) else {}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
