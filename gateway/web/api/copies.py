"""/v1/copies: sanitized copies to those who hold a grant."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from gateway.services.broker import PAGE
from gateway.services.disclosure import INTERRUPTED
from gateway.web.api.schemas import After, CopyOut, CopyPage, Id
from gateway.web.delivery import DeliveryResponse
from gateway.web.identity import Asking
from gateway.web.services import Offered, offered

router = APIRouter(tags=["copies"])

OneFrame = Annotated[
    int | None,
    Query(ge=0, lt=5_000, description="Of an animation or of pages this one alone, from 0.", examples=[0]),
]

VIEW_ONLY = {
    # Nothing on the way keeps it, and no browser takes it for anything but a picture.
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@router.get("/datasets/{dataset_id}/copies")
def list_copies(
    dataset_id: Id,
    principal: Asking,
    services: Offered,
    after: After = "",
) -> CopyPage:
    """A dataset's released copies, page by page."""
    found = offered(services.broker).list(principal, dataset_id, after=after)
    return CopyPage(copies=[CopyOut.of(c) for c in found], next=found[-1].id if len(found) == PAGE else None)


@router.get(
    "/copies/{copy_id}/content",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}, "image/png": {}, "image/webp": {}, "image/tiff": {}}}},
)
def read_copy(
    copy_id: Id,
    principal: Asking,
    services: Offered,
    frame: OneFrame = None,
) -> Response:
    """The sanitized image, once the delivery is on the log. What does not reach its end is entered too.

    Without `frame` the file as it is: of an animation a WebP, of pages a TIFF. With it a picture of that
    frame alone, as WebP or PNG, and its entry names it; an image of one frame is its own picture.
    """
    broker = offered(services.broker)
    delivery = broker.deliver(principal, copy_id, frame=frame)
    return DeliveryResponse(
        delivery.data,
        media_type=delivery.media_type,
        headers=VIEW_ONLY,
        interrupted=lambda sent: broker.undelivered(principal, delivery, sent=sent, reason=INTERRUPTED),
    )
