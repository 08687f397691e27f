"""What the annotation workbench asks while somebody works: the image's bytes, the lease, drafts, submission.

The image comes by POST with the page's token, as bytes of no type that a browser shows: there is no address
that opens it, in a tab or as a file. It is entered before its first byte, as every delivery is.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway.errors import Conflict
from gateway.services.disclosure import INTERRUPTED
from gateway.services.label_tasks import TaskView
from gateway.web.api.json_bodies import read_json
from gateway.web.api.reviews_schemas import FrameNumber
from gateway.web.api.schemas import Id
from gateway.web.api.tasks import MAX_LABELS_BYTES
from gateway.web.console.annotation import lease_told
from gateway.web.console.tasks import next_path_or_list
from gateway.web.console.visitor import Acting, Forged, Visiting, only
from gateway.web.delivery import DeliveryResponse
from gateway.web.services import Offered, Services, offered
from policies.access import Principal, Role

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.ANNOTATOR))])

VIEW_ONLY: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Sent as it is: an image is compressed already, and what was handed over is counted in its own bytes.
    "Content-Encoding": "identity",
}

BYTES: Final = "application/octet-stream"


@router.post("/tasks/{task_id}/image")
def image(
    task_id: Id, request: Request, visitor: Acting, services: Offered, frame: FrameNumber = 0
) -> Response:
    """A frame of the sanitized copy, to whoever has the task and to a script of this page alone.

    An image of one frame is the copy itself; of several each is asked for, and entered, by itself.
    """
    if request.headers.get("sec-fetch-dest", "empty") != "empty":
        raise Forged("an image is fetched by the workbench; it is no page and no file")
    view = _yours(services, visitor.principal, task_id)
    broker = offered(services.broker)
    delivery = broker.deliver(visitor.principal, view.copy.id, frame=frame)
    return DeliveryResponse(
        delivery.data,
        media_type=BYTES,
        headers=VIEW_ONLY,
        interrupted=lambda sent: broker.undelivered(
            visitor.principal, delivery, sent=sent, reason=INTERRUPTED
        ),
    )


@router.get("/tasks/{task_id}/lease")
def lease(task_id: Id, visitor: Visiting, services: Offered) -> Response:
    """Whether one still has the image, asked every few seconds while it is shown."""
    view = _yours(services, visitor.principal, task_id)
    return JSONResponse(lease_told(view.task.lease_until, None))


@router.post("/tasks/{task_id}/renew")
def renew(task_id: Id, visitor: Acting, services: Offered) -> Response:
    view = services.label_tasks.renew(visitor.principal, task_id)
    return JSONResponse(lease_told(view.task.lease_until, None))


@router.put("/tasks/{task_id}/draft")
async def keep(task_id: Id, request: Request, visitor: Acting, services: Offered) -> Response:
    """Keeps what is drawn; gives when."""
    document = await read_json(request, max_bytes=MAX_LABELS_BYTES)
    draft = await run_in_threadpool(services.label_drafts.save, visitor.principal, task_id, document)
    return JSONResponse({"saved": draft.saved_at.isoformat(timespec="seconds"), "labels": len(draft.labels)})


@router.post("/tasks/{task_id}/labels")
async def submit(task_id: Id, request: Request, visitor: Acting, services: Offered) -> Response:
    """Submits, claims the next image, and says where it is."""
    document = await read_json(request, max_bytes=MAX_LABELS_BYTES)
    return await run_in_threadpool(_submit, services, visitor.principal, task_id, document)


def _submit(services: Services, principal: Principal, task_id: str, document: object) -> Response:
    record = services.label_submissions.submit(principal, task_id, document).record
    path = next_path_or_list(services, principal, record.dataset_id)
    return JSONResponse({"labels": len(record.labels), "number": record.number, "next": path})


def _yours(services: Services, principal: Principal, task_id: str) -> TaskView:
    """The task, while one has it. Raises NotFound, AccessDenied, Conflict."""
    view = services.label_tasks.read(principal, task_id)
    if not view.yours:
        raise Conflict(
            f"task {task_id} is not yours now: its lease ended, or it was given back. Your draft is kept; "
            "claim it again if nobody else has it"
        )
    return view
