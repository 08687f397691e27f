"""Every request: an id of its own, a line in the log, a place in the metrics, a span in the traces.

The line and the labels hold the route's template, never the path, which may hold anything somebody typed. The
id is always ours: one that came from outside could hold anything too.
"""

from __future__ import annotations

import logging
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.correlation import correlation
from gateway.services.ids import new_id
from gateway.services.tracing import span
from gateway.web.metrics import METHODS, Metrics

HEADER: Final = "X-Request-Id"
API: Final = "/v1"
UNMATCHED: Final = "unmatched"

GONE: Final = 499
"""The sender left before an answer began; nginx's number for that."""

log = logging.getLogger("privgate.web")


@dataclass(slots=True)
class Served:
    """The request being served. code: of the problem document that answers it, if one does."""

    id: str
    code: str | None = None


serving: Final[ContextVar[Served | None]] = ContextVar("serving", default=None)


class RequestMiddleware:
    """Outside of all that is ours, so that what goes wrong inside is seen too."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        served = Served(new_id("req"))
        # Not reset at the end: the handler of the unforeseen runs after this, in the same task, and each
        # request has a task of its own.
        serving.set(served)
        correlation.set(served.id)
        start, status = time.perf_counter(), GONE

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = served.id
            await send(message)

        try:
            with span("request", request=served.id) as attributes:
                await self._app(scope, receive, answer)
                attributes.update(route=route_of(scope), method=method_of(scope), status=status)
        except Exception:
            status, served.code = 500, "unforeseen"
            raise
        finally:
            self._tell(scope, served, status, time.perf_counter() - start)

    def _tell(self, scope: Scope, served: Served, status: int, seconds: float) -> None:
        route, method = route_of(scope), method_of(scope)
        self._metrics.answered(route=route, method=method, status=status, seconds=seconds, code=served.code)
        milliseconds = round(seconds * 1000)
        fields = {"route": route, "method": method, "status": status, "milliseconds": milliseconds}
        log.info("%s %s %s %sms", method, route, status, milliseconds, extra={"fields": fields})


def method_of(scope: Scope) -> str:
    """The method, if it is one of HTTP's; anything may stand there."""
    method: str = scope["method"]
    return method if method in METHODS else "other"


def route_of(scope: Scope) -> str:
    """The template of the route that answered: a string of our code, whatever was asked for."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        # A folder of files is known by the place it is mounted at.
        mounted = scope.get("root_path") if "endpoint" in scope else None
        return f"{mounted}/*" if mounted else UNMATCHED
    # FastAPI leaves the prefix of an included router out of the template.
    return f"{API}{path}" if scope["path"].startswith(f"{API}/") else str(path)
