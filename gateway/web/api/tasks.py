"""/v1/datasets/{id}/tasks and /v1/tasks: work for annotators, one image at a time."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from gateway.web.api.json_bodies import read_json
from gateway.web.api.labels_schemas import (
    COCO_SCHEMA,
    ClaimForm,
    RenewForm,
    SubmissionOut,
    TaskOut,
    TaskPage,
)
from gateway.web.api.schemas import After, Id
from gateway.web.identity import Asking
from gateway.web.services import Offered

MAX_LABELS_BYTES: Final = 16_000_000

router = APIRouter(tags=["tasks"])


@router.get("/datasets/{dataset_id}/tasks")
def list_tasks(
    dataset_id: Id,
    principal: Asking,
    services: Offered,
    after: After = "",
) -> TaskPage:
    """How far a dataset is, its label set, and your own tasks, page by page."""
    return TaskPage.of(services.label_tasks.overview(principal, dataset_id, after=after))


@router.post(
    "/datasets/{dataset_id}/tasks/claim",
    response_model=TaskOut,
    responses={204: {"description": "No task is open."}},
)
def claim_task(
    dataset_id: Id, principal: Asking, services: Offered, form: ClaimForm | None = None
) -> TaskOut | Response:
    """The next open task, leased to you: 30 minutes unless said otherwise. 204 when there is none."""
    asked = form or ClaimForm()
    view = services.label_tasks.claim(principal, dataset_id, seconds=asked.seconds, task_id=asked.task)
    return Response(status_code=204) if view is None else TaskOut.of(view)


@router.get("/tasks/{task_id}")
def read_task(task_id: Id, principal: Asking, services: Offered) -> TaskOut:
    """A task of a dataset that you have a grant for."""
    return TaskOut.of(services.label_tasks.read(principal, task_id))


@router.post("/tasks/{task_id}/renew")
def renew_task(task_id: Id, principal: Asking, services: Offered, form: RenewForm | None = None) -> TaskOut:
    """The lease, counted anew from now."""
    asked = form or RenewForm()
    return TaskOut.of(services.label_tasks.renew(principal, task_id, seconds=asked.seconds))


@router.post("/tasks/{task_id}/release")
def release_task(task_id: Id, principal: Asking, services: Offered) -> TaskOut:
    """Gives the task back."""
    return TaskOut.of(services.label_tasks.release(principal, task_id))


@router.put(
    "/tasks/{task_id}/labels",
    responses={413: {}},
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": COCO_SCHEMA}}}
    },
)
async def submit_labels(task_id: Id, request: Request, principal: Asking, services: Offered) -> SubmissionOut:
    """Submits the image's labels and ends the claim. The same labels again are the same submission."""
    document = await read_json(request, max_bytes=MAX_LABELS_BYTES)
    submitted = await run_in_threadpool(services.label_submissions.submit, principal, task_id, document)
    return SubmissionOut.of(submitted)
