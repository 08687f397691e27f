"""/upload: where an uploader brings images in, and is told first what happens to them there."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from gateway.services.upload_terms import Terms
from gateway.web.api.schemas import Id
from gateway.web.console.consequences import consequences
from gateway.web.console.outcomes import refusals
from gateway.web.console.pages import fragment, page
from gateway.web.console.visitor import Visiting, only
from gateway.web.services import Offered, offered
from policies.access import Role

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.UPLOADER))])

Chosen = Annotated[Id | None, Query()]


@router.get("/upload")
def show(
    request: Request, visitor: Visiting, services: Offered, dataset: Chosen = None, batch: Chosen = None
) -> Response:
    """dataset: the one that is chosen already. batch: an open batch of theirs, to be gone on with."""
    found = services.bringing.terms.list(visitor.principal)
    gone_on = None
    if batch is not None:
        gone_on = services.bringing.pages.read(visitor.principal, batch).progress.batch
        dataset = gone_on.dataset_id
    chosen = next((terms for terms in found if terms.dataset.id == dataset), found[0] if found else None)
    return page(
        request,
        visitor,
        "upload/page.html",
        trail=(("My batches", "/batches"), ("Upload", None)),
        choices=found,
        batch=gone_on if gone_on is not None and gone_on.closed_at is None else None,
        megabytes=offered(services.uploads).max_bytes // 1_000_000,
        **told_of(chosen),
    )


@router.get("/upload/terms")
def terms(
    request: Request, visitor: Visiting, services: Offered, dataset: Annotated[Id, Query()]
) -> Response:
    """What a dataset's policy means, for the choice of another one."""
    chosen = services.bringing.terms.read(visitor.principal, dataset)
    return fragment(request, visitor, "upload/_terms.html", **told_of(chosen))


@router.get("/upload/means")
def means(visitor: Visiting, services: Offered) -> dict[str, Any]:
    """What the page's modules need: limits, words, and the key under which this browser knows a file again.

    token: a fresh one, so that a page which was signed out goes on once somebody has signed in again.
    """
    uploads = offered(services.uploads)
    return {
        "person": visitor.principal.id,
        "token": visitor.token,
        "key": uploads.resume_key(visitor.principal).hex(),
        "most": uploads.max_bytes,
        "words": refusals(),
    }


def told_of(terms: Terms | None) -> dict[str, Any]:
    """What the templates are told of a dataset and its policy."""
    if terms is None:
        return {"dataset": None, "policy": None, "told": ()}
    return {"dataset": terms.dataset, "policy": terms.policy, "told": consequences(terms.policy)}
