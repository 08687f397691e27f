"""Errors as RFC 9457 problem documents: the one table from our exceptions to HTTP.

A problem says what broke, what did not happen and what to do. It carries ids, never a file name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from gateway import errors
from gateway.web.requests import GONE, HEADER, serving
from policies.errors import IllegalTransition, InvalidDecision, InvalidPolicy, UnknownPolicy

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:privgate:problem:"

log = logging.getLogger("privgate.web")

TABLE: tuple[tuple[type[Exception], HTTPStatus, str], ...] = (
    # The first class that fits counts, so the narrower stand first. The third column is the problem's type.
    (errors.UnsupportedFormat, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "input-refused"),
    (errors.LimitExceeded, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "input-refused"),
    (errors.InputRefused, HTTPStatus.UNPROCESSABLE_ENTITY, "input-refused"),
    (errors.Unauthenticated, HTTPStatus.UNAUTHORIZED, "unauthenticated"),
    (errors.AccessDenied, HTTPStatus.FORBIDDEN, "access-denied"),
    (errors.Withdrawn, HTTPStatus.GONE, "withdrawn"),
    (errors.NotFound, HTTPStatus.NOT_FOUND, "not-found"),
    (errors.KeyReused, HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency-key-reused"),
    (errors.Conflict, HTTPStatus.CONFLICT, "conflict"),
    (IllegalTransition, HTTPStatus.CONFLICT, "conflict"),
    (InvalidDecision, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-decision"),
    (InvalidPolicy, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-policy"),
    (UnknownPolicy, HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-policy"),
    (errors.LedgerUnavailable, HTTPStatus.SERVICE_UNAVAILABLE, "log-unavailable"),
    (errors.Misconfigured, HTTPStatus.SERVICE_UNAVAILABLE, "misconfigured"),
    (errors.VaultUnavailable, HTTPStatus.SERVICE_UNAVAILABLE, "vault-unavailable"),
    (errors.VaultError, HTTPStatus.INTERNAL_SERVER_ERROR, "vault"),
)

UNTOLD = {
    "vault-unavailable": "the store of images or its keys cannot be reached; nothing was delivered or kept",
    "vault": "the sealed object does not open; nothing was delivered. Tell the operator",
    "misconfigured": "the installation lacks something; nothing was done. Tell the operator",
}
"""Types whose own words name files or keys: those are for the operator's log, not for the sender."""


RETRY_SECONDS = "30"
"""A store that is away for a moment is there again by then; one that is for an hour is not asked often."""

Shown = Callable[[Request, int, Mapping[str, Any]], Response | None]
"""How a request wants a problem document to be shown, if not as it is."""


class Problem(JSONResponse):
    """A problem document, and what is in it."""

    media_type = MEDIA_TYPE

    def __init__(
        self, document: dict[str, Any], status: int, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(document, status, headers=headers)
        self.document = document


def problem(
    status: int, kind: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
) -> Problem:
    """A problem document. kind: its type's last word; members: extension members (RFC 9457, section 3.2).

    It carries the request's id, by which the operator finds the log's lines.
    """
    served = serving.get()
    if served is not None:
        served.code = members.get("code") or kind
        headers = {HEADER: served.id} | dict(headers or {})
        members["request"] = served.id
    body = {
        "type": PREFIX + kind,
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
    }
    extra = {name: value for name, value in members.items() if value is not None}
    return Problem(body | extra, int(status), headers)


def install(app: FastAPI, shown: Shown) -> None:
    """Every error of `app` becomes a problem document, or what is shown of one to whom asked for a page."""

    def handle(kind: type[Exception], answer: Callable[[Request, Exception], Problem]) -> None:
        def handler(request: Request, exc: Exception) -> Response:
            document = answer(request, exc)
            instead = shown(request, document.status_code, document.document)
            if instead is None:
                return document
            told = {
                name: value for name, value in document.headers.items() if not name.startswith("content-")
            }
            instead.headers.update(told)
            return instead

        app.add_exception_handler(kind, handler)

    for kind, _, _ in TABLE:
        handle(kind, _ours)
    handle(SQLAlchemyError, _database)
    handle(RequestValidationError, _invalid)
    handle(HTTPException, _plain)
    handle(Exception, _unforeseen)
    app.add_exception_handler(ClientDisconnect, _gone)


def _ours(_: Request, exc: Exception) -> Problem:
    status, kind = next((status, kind) for known, status, kind in TABLE if isinstance(exc, known))
    if kind in UNTOLD:
        log.error("%s: %s", kind, type(exc).__name__)
    headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else None
    if isinstance(exc, errors.VaultUnavailable):
        headers = {"Retry-After": RETRY_SECONDS}
    return problem(
        status,
        kind,
        UNTOLD.get(kind, str(exc)),
        headers=headers,
        code=getattr(exc, "code", None) or getattr(exc, "reason", None),
        advice=getattr(exc, "advice", None),
        frames=list(getattr(exc, "frames", ())) or None,
        faults=[_told(fault) for fault in getattr(exc, "faults", None) or ()] or None,
    )


def _told(fault: Any) -> dict[str, Any]:
    """One of an exception's faults, which are named tuples or mappings."""
    return dict(fault._asdict()) if hasattr(fault, "_asdict") else dict(fault)


def _database(_: Request, exc: Exception) -> Problem:
    log.error("database: %s", type(exc).__name__)
    detail = "the database did not answer; nothing was changed. Try again"
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, "database", detail, headers={"Retry-After": "5"})


def _invalid(_: Request, exc: Exception) -> Problem:
    assert isinstance(exc, RequestValidationError)  # noqa: S101  (registered for it alone)
    faults = [
        {"place": ".".join(str(part) for part in fault["loc"]), "fault": fault["msg"]}
        for fault in exc.errors()
    ]
    detail = "; ".join(f"{fault['place']}: {fault['fault']}" for fault in faults)
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", detail, faults=faults)


def _plain(_: Request, exc: Exception) -> Problem:
    assert isinstance(exc, HTTPException)  # noqa: S101  (registered for it alone)
    status = HTTPStatus(exc.status_code)
    return problem(status, status.phrase.lower().replace(" ", "-"), str(exc.detail), headers=exc.headers)


def _gone(_: Request, exc: Exception) -> Response:
    """To nobody: the sender left before the request's end. What came was thrown away, and it is no error of
    ours.
    """
    return Response(status_code=GONE)


def _unforeseen(_: Request, exc: Exception) -> Problem:
    log.error("unforeseen: %s", type(exc).__name__)
    detail = "something broke that should not; nothing was delivered. Tell the operator when it was"
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "unforeseen", detail)
