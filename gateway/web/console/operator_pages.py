"""/health, /queues, /workers, /keys, /models: for whoever runs the gateway. No image, no file name."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from gateway.services.findings import worst
from gateway.store.ledger import utc_now
from gateway.web.console import reasons
from gateway.web.console.desk import desk_of
from gateway.web.console.pages import fragment, is_htmx, page
from gateway.web.console.visitor import Visiting, Visitor, only
from policies.access import Role

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.OPERATOR))])


@router.get("/health")
def health(request: Request, visitor: Visiting) -> Response:
    estate = desk_of(request).estate
    findings = estate.findings(visitor.principal)
    parts = estate.parts(visitor.principal)
    return _live(
        request,
        visitor,
        "health",
        "Health",
        parts=parts,
        away=estate.away(visitor.principal),
        findings=findings,
        level=worst(findings).value,
        failing=[part for part, failed in parts if failed is not None],
        now=utc_now(),
    )


@router.get("/queues")
def queues(request: Request, visitor: Visiting) -> Response:
    state = desk_of(request).estate.queues(visitor.principal)
    failed = [(reasons.words(code), code, number) for code, number in state.failed]
    return _live(request, visitor, "queues", "Queues", state=state, failed=failed)


@router.get("/workers")
def workers(request: Request, visitor: Visiting) -> Response:
    known = desk_of(request).estate.workers(visitor.principal)
    alive = sum(is_alive for _, is_alive in known)
    return _live(request, visitor, "workers", "Workers", workers=known, alive=alive, now=utc_now())


@router.get("/keys")
def keys(request: Request, visitor: Visiting) -> Response:
    vault = desk_of(request).vault
    rings, log_key = vault.rings(visitor.principal), vault.log_key()
    trail = (("Keys", None),)
    return page(
        request, visitor, "operator/keys.html", trail=trail, rings=rings, log_key=log_key, now=utc_now()
    )


@router.get("/models")
def models(request: Request, visitor: Visiting) -> Response:
    lines = desk_of(request).estate.models(visitor.principal)
    return page(request, visitor, "operator/models.html", trail=(("Models", None),), models=lines)


def _live(request: Request, visitor: Visitor, name: str, title: str, **told: Any) -> Response:
    """The page, or to htmx the part of it that is kept fresh."""
    if is_htmx(request):
        return fragment(request, visitor, f"operator/_{name}.html", **told)
    return page(request, visitor, f"operator/{name}.html", trail=((title, None),), **told)
