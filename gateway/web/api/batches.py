"""/v1/batches: what one sender brings in together, and how it is getting on."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.services.batches import PAGE
from gateway.web.api.batches_schemas import BatchAssetOut, BatchAssetPage, BatchForm, BatchOut, ClosingForm
from gateway.web.api.schemas import After, Id
from gateway.web.identity import Asking
from gateway.web.services import Offered

router = APIRouter(tags=["batches"])


@router.post("/batches", status_code=201)
def create_batch(form: BatchForm, principal: Asking, services: Offered) -> BatchOut:
    """A new batch. Uploads join it by `POST /v1/assets?dataset=ID&batch=ID`."""
    created = services.batches.create(principal, dataset_id=form.dataset, expected=form.expected)
    return BatchOut.of(created)


@router.get("/batches")
def list_batches(principal: Asking, services: Offered) -> list[BatchOut]:
    """The newest batches of all senders."""
    return [BatchOut.of(progress) for progress in services.batches.list(principal)]


@router.get("/batches/{batch_id}")
def read_batch(batch_id: Id, principal: Asking, services: Offered) -> BatchOut:
    """How many uploads stand in which state, for which reasons, and whether the batch is done."""
    return BatchOut.of(services.batches.read(principal, batch_id))


@router.get("/batches/{batch_id}/assets")
def list_batch_assets(
    batch_id: Id,
    principal: Asking,
    services: Offered,
    after: After = "",
) -> BatchAssetPage:
    """The batch's assets and their states, page by page."""
    found = services.batches.assets(principal, batch_id, after=after)
    following = found[-1].asset_id if len(found) == PAGE else None
    return BatchAssetPage(assets=[BatchAssetOut.of(record) for record in found], next=following)


@router.post("/batches/{batch_id}/close")
def close_batch(batch_id: Id, form: ClosingForm, principal: Asking, services: Offered) -> BatchOut:
    """Says that all was sent; the batch takes no more. Closing again changes nothing."""
    return BatchOut.of(services.batches.close(principal, batch_id, refused=form.refused))
