"""/healthz: the process answers. /readyz: it can serve. /metrics: how it is doing, for Prometheus."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request, Response, Security
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from gateway.services.authorize import authorize
from gateway.services.readiness import Readiness
from gateway.store.ledger import utc_now
from gateway.web.identity import Doorkeeper, bearer
from gateway.web.metrics import Metrics
from gateway.web.problems import problem
from policies.access import INSTALLATION, Action

NO_STORE = {"Cache-Control": "no-store"}

FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
"""A request with one of these came through a proxy: that the proxy is on this machine says nothing."""

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
def healthz() -> dict[str, str]:
    """Answers while the process does."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(request: Request) -> JSONResponse:
    """503 and the parts that fail, when this server cannot do its work; for a load balancer."""
    readiness: Readiness = request.app.state.readiness
    failing = readiness.failing()
    if not failing:
        return JSONResponse({"status": "ready"}, headers=NO_STORE)
    parts = [unready.part for unready in failing]
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "not-ready",
        f"not ready: {', '.join(parts)}. Run `privgate doctor` on the server's machine",
        headers=NO_STORE | {"Retry-After": "5"},
        failing=[{"part": unready.part, "cause": unready.cause} for unready in failing],
    )


@router.get("/metrics")
def metrics(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
) -> Response:
    """To an operator's token; to programs on this machine without one.

    A reading that is allowed is not entered in the log: it tells of no image and no person, and a scraper
    would fill the log. A denial is.
    """
    if credentials is not None or not _is_local(request):
        doorkeeper: Doorkeeper = request.app.state.doorkeeper
        principal = doorkeeper.principal(credentials.credentials if credentials else None)
        database = request.app.state.database
        authorize(database, principal, Action.METRICS_READ, INSTALLATION, now=utc_now())
    known: Metrics = request.app.state.metrics
    return Response(generate_latest(known.registry), media_type=CONTENT_TYPE_LATEST, headers=NO_STORE)


def _is_local(request: Request) -> bool:
    """Asked from this machine, by a program that means this machine.

    Not so behind a proxy, which itself may be on this machine; nor where the Host is another name: a page
    in somebody's browser here could ask under a name that it made point to loopback.
    """
    if request.app.state.behind_proxy or any(name in request.headers for name in FORWARDED):
        return False
    return _is_loopback(request.client.host if request.client else "") and _is_loopback(
        request.url.hostname or ""
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
