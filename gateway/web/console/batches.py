"""/batches: what an uploader brought in, how each image stands, and what to do next."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.errors import NotFound
from gateway.services.batch_pages import NAMED, ImagePage, SentBatch, Show
from gateway.services.disclosure import INTERRUPTED
from gateway.store.records import BatchImageRecord
from gateway.web.api.copies import VIEW_ONLY
from gateway.web.api.schemas import Id
from gateway.web.console.batch_summary import Summary, next_steps
from gateway.web.console.outcomes import Outcome, outcome_of
from gateway.web.console.pages import fragment, goto, page
from gateway.web.console.visitor import Acting, Visiting, Visitor, only
from gateway.web.delivery import DeliveryResponse
from gateway.web.services import Offered, offered
from policies.access import Role
from policies.lifecycle import AssetState

router = APIRouter(prefix="/batches", include_in_schema=False, dependencies=[Depends(only(Role.UPLOADER))])

Mark = Annotated[Id | None, Query()]
Shown = Annotated[Show, Query()]


class LookForm(BaseModel):
    """assets: those whose state the page waits for."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    assets: list[Id] = Field(max_length=NAMED)


@router.get("")
def show(
    request: Request, visitor: Visiting, services: Offered, before: Mark = None, after: Mark = None
) -> Response:
    found = services.bringing.pages.mine(visitor.principal, older_than=before, newer_than=after)
    names = {one.dataset.id: one.dataset.name for one in services.bringing.terms.list(visitor.principal)}
    rows = [
        (Summary.of(sent), names.get(sent.progress.batch.dataset_id, sent.progress.batch.dataset_id))
        for sent in found.rows
    ]
    return page(
        request,
        visitor,
        "upload/batches.html",
        trail=(("My batches", None),),
        rows=rows,
        newer=f"/batches?after={rows[0][0].batch.id}" if rows and found.newer else None,
        older=f"/batches?before={rows[-1][0].batch.id}" if rows and found.older else None,
    )


@router.get("/{batch_id}")
def show_one(
    request: Request,
    visitor: Visiting,
    services: Offered,
    batch_id: Id,
    show: Shown = Show.ALL,
    before: Mark = None,
    after: Mark = None,
) -> Response:
    pages, names = services.bringing.pages, services.bringing.names
    sent = pages.read(visitor.principal, batch_id)
    found = pages.images(visitor.principal, batch_id, show=show, before=before, after=after)
    dataset = services.bringing.terms.read(visitor.principal, sent.progress.batch.dataset_id).dataset
    shown = [row.asset.id for row in found.rows]
    return page(
        request,
        visitor,
        "upload/batch.html",
        trail=(("My batches", "/batches"), (f"Batch {batch_id[-6:]}", None)),
        dataset=dataset,
        names=names.of(visitor.principal, batch_id, shown) if names is not None and shown else {},
        **_told(visitor, sent, found, show, before, after),
    )


@router.get("/{batch_id}/live")
def live(
    request: Request,
    visitor: Visiting,
    services: Offered,
    batch_id: Id,
    show: Shown = Show.ALL,
    before: Mark = None,
    after: Mark = None,
) -> Response:
    """The figures, and the states of the images on the page. No name is opened again for it."""
    pages = services.bringing.pages
    sent = pages.read(visitor.principal, batch_id)
    found = pages.images(visitor.principal, batch_id, show=show, before=before, after=after)
    told = _told(visitor, sent, found, show, before, after)
    return fragment(request, visitor, "upload/_live.html", **told)


@router.post("/{batch_id}/look")
def look(visitor: Acting, services: Offered, batch_id: Id, form: LookForm) -> dict[str, Any]:
    """How these of the batch's images stand. An act only in form: a long list fits into no address."""
    pages = services.bringing.pages
    found = pages.named(visitor.principal, batch_id, form.assets)
    return {
        "open": pages.is_open(visitor.principal, batch_id),
        "images": {row.asset.id: _line(visitor, row) for row in found},
    }


@router.post("/{batch_id}/close")
def close(
    request: Request,
    visitor: Acting,
    services: Offered,
    batch_id: Id,
    back: Annotated[bool, Form()] = True,
) -> Response:
    """The sender has sent all. back: on to the batch's page; a module asks for no page."""
    refused = services.bringing.pages.read(visitor.principal, batch_id).refused
    services.batches.close(visitor.principal, batch_id, refused=sum(refused.values()))
    return goto(request, f"/batches/{batch_id}") if back else Response(status_code=204)


@router.get("/{batch_id}/images/{asset_id}")
def show_image(
    request: Request, visitor: Visiting, services: Offered, batch_id: Id, asset_id: Id
) -> Response:
    """One image of a batch: where a file that repeated its bytes leads to."""
    pages, names = services.bringing.pages, services.bringing.names
    rows = pages.named(visitor.principal, batch_id, [asset_id])
    if not rows:
        raise NotFound("this batch has no such image")
    named = {} if names is None else names.of(visitor.principal, batch_id, [asset_id])
    trail = (
        ("My batches", "/batches"),
        (f"Batch {batch_id[-6:]}", f"/batches/{batch_id}"),
        (f"Image {asset_id[-6:]}", None),
    )
    return page(
        request,
        visitor,
        "upload/image.html",
        trail=trail,
        batch_id=batch_id,
        row=rows[0],
        told=outcome_of(rows[0]),
        seen=_may_see(visitor, rows[0]),
        name=named.get(asset_id),
    )


@router.get("/{batch_id}/images/{asset_id}/copy")
def read_copy(visitor: Visiting, services: Offered, batch_id: Id, asset_id: Id) -> Response:
    """The released copy of an image of theirs, of pages the first, once the view is on the log."""
    previews = offered(services.bringing.previews)
    delivery = previews.show(visitor.principal, asset_id)
    return DeliveryResponse(
        delivery.data,
        media_type=delivery.media_type,
        headers=VIEW_ONLY,
        interrupted=lambda sent: previews.unseen(visitor.principal, delivery, sent=sent, reason=INTERRUPTED),
    )


def _told(
    visitor: Visitor, sent: SentBatch, found: ImagePage, show: Show, before: str | None, after: str | None
) -> dict[str, Any]:
    here = f"/batches/{sent.progress.batch.id}?show={show.value}"
    rows = [(row, outcome_of(row), _may_see(visitor, row)) for row in found.rows]
    mark = f"&before={before}" if before else f"&after={after}" if after else ""
    return {
        "summary": Summary.of(sent),
        "steps": next_steps(sent),
        "rows": rows,
        "show": show.value,
        "live": here.replace("?", "/live?") + mark,
        "newer": f"{here}&after={rows[0][0].asset.id}" if rows and found.newer else None,
        "older": f"{here}&before={rows[-1][0].asset.id}" if rows and found.older else None,
    }


def _may_see(visitor: Visitor, row: BatchImageRecord) -> bool:
    """Whether the page offers its copy; whether it is shown is decided when it is asked for."""
    return row.asset.state is AssetState.RELEASED and row.asset.uploader_id == visitor.principal.id


def _line(visitor: Visitor, row: BatchImageRecord) -> dict[str, Any]:
    told: Outcome = outcome_of(row)
    return {
        "state": told.state,
        "happened": told.happened,
        "advice": told.advice,
        "settled": row.asset.state not in (AssetState.RECEIVED, AssetState.PROCESSING),
        "shown": _may_see(visitor, row),
    }
