"""The reviewer's lists: what waits, and what they decided. Ids, risks and reasons; no image."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from gateway.store.ledger import utc_now
from gateway.web.api.schemas import Id
from gateway.web.console import review_words
from gateway.web.console.pages import page
from gateway.web.console.visitor import Visiting, only
from gateway.web.services import Offered, offered
from policies.access import Role

Mark = Annotated[Id | None, Query()]

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.REVIEWER))])


@router.get("/queue")
def queue(
    request: Request, visitor: Visiting, services: Offered, after: Mark = None, before: Mark = None
) -> HTMLResponse:
    work = offered(services.reviews).work
    found = work.waiting(visitor.principal, after=after, before=before)
    return page(
        request,
        visitor,
        "review/queue.html",
        trail=(("Queue", None),),
        found=found,
        me=visitor.principal.id,
        now=utc_now(),
        next=work.next(visitor.principal),
        words=review_words,
    )


@router.get("/decisions")
def decisions(
    request: Request, visitor: Visiting, services: Offered, after: Mark = None, before: Mark = None
) -> HTMLResponse:
    found = offered(services.reviews).work.own(visitor.principal, after=after, before=before)
    return page(
        request,
        visitor,
        "review/decisions.html",
        trail=(("My decisions", None),),
        found=found,
        now=utc_now(),
        words=review_words,
    )
