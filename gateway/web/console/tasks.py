"""/tasks: an annotator's own work, and the way from one image to the next."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from gateway.errors import AccessDenied, Conflict
from gateway.services.label_tasks import TaskView
from gateway.services.my_work import SETTLED_PAGE
from gateway.store.queries.tasks import COUNTED
from gateway.web.api.schemas import ID, Id
from gateway.web.console.annotation import bench_of
from gateway.web.console.pages import goto, page
from gateway.web.console.visitor import Acting, Visiting, only
from gateway.web.services import Offered, Services
from policies.access import Principal, Role

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.ANNOTATOR))])

LIST: Final = ("My tasks", "/tasks")

NoneOpen = Annotated[str, Query(alias="none", pattern=f"^({ID.pattern})?$")]
Behind = Annotated[str, Query(alias="after", pattern=f"^({ID.pattern})?$")]

STOPPED: Final = {
    "grant.expired": ("Your access has ended", "The grant under which you worked here has run out."),
    "grant.revoked": (
        "Your access was taken back",
        "The compliance officer took back the grant under which you worked here.",
    ),
    "grant.none": ("This is not among your work", "You have no grant for the dataset of this image."),
    "person.suspended": ("Your access is suspended", "The compliance officer suspended your access."),
}
"""What broke, by the reason that the entry of the refusal carries."""


@router.get("/tasks")
def my_tasks(request: Request, visitor: Visiting, services: Offered, none_open: NoneOpen = "") -> Response:
    work = services.my_work.overview(visitor.principal)
    return page(
        request,
        visitor,
        "tasks/list.html",
        trail=(("My tasks", None),),
        work=work,
        counted=COUNTED,
        none_open=none_open,
    )


@router.get("/tasks/submitted/{dataset_id}")
def submitted(
    dataset_id: Id, request: Request, visitor: Visiting, services: Offered, after: Behind = ""
) -> Response:
    """What one submitted, to be looked at again or corrected."""
    handbook = services.guidelines.read(visitor.principal, dataset_id)
    found = services.my_work.submitted(visitor.principal, dataset_id, after=after)
    return page(
        request,
        visitor,
        "tasks/submitted.html",
        trail=(LIST, (handbook.dataset.name, None)),
        dataset=handbook.dataset,
        tasks=found,
        first=not after,
        next=found[-1].id if len(found) == SETTLED_PAGE else None,
    )


@router.post("/tasks/next")
def claim_next(
    request: Request, visitor: Acting, services: Offered, dataset: Annotated[Id, Form()]
) -> Response:
    """An image that nobody has, and on to it; back to the list where there is none."""
    return goto(request, next_path(services, visitor.principal, dataset))


@router.post("/tasks/{task_id}/claim")
def claim(task_id: Id, request: Request, visitor: Acting, services: Offered) -> Response:
    """The same image again: after a lease that ended, or to correct one's own labels."""
    dataset = services.label_tasks.read(visitor.principal, task_id).task.dataset_id
    services.label_tasks.claim(visitor.principal, dataset, task_id=task_id)
    return goto(request, f"/tasks/{task_id}")


@router.post("/tasks/{task_id}/release")
def give_back(task_id: Id, request: Request, visitor: Acting, services: Offered) -> Response:
    services.label_tasks.release(visitor.principal, task_id)
    return goto(request, "/tasks")


@router.get("/tasks/{task_id}")
def annotate(task_id: Id, request: Request, visitor: Visiting, services: Offered) -> Response:
    """The workbench of an image that one has; otherwise why it is not there, and what can be done."""
    try:
        view = services.label_tasks.read(visitor.principal, task_id)
        if not view.yours:
            return _not_yours(request, visitor, view)
        bench = bench_of(services, visitor.principal, view)
    except AccessDenied as exc:
        return stopped(request, visitor, exc.reason)
    trail = (LIST, (bench.handbook.dataset.name, f"/guidelines/{view.task.dataset_id}"), ("Image", None))
    return page(request, visitor, "tasks/annotate.html", trail=trail, work=bench, counted=COUNTED)


def stopped(request: Request, visitor: Visiting, reason: str) -> Response:
    """The calm page in the place of work that has ended. reason: as the entry says it."""
    title, words = STOPPED.get(reason, ("You may not see this", "No rule allows it."))
    return page(
        request,
        visitor,
        "tasks/stopped.html",
        trail=(LIST, (title, None)),
        status_code=403,
        title=title,
        words=words,
    )


def next_path(services: Services, principal: Principal, dataset_id: str) -> str:
    """Where the next image of a dataset is worked on. Raises AccessDenied, NotFound, Conflict."""
    view = services.label_tasks.claim(principal, dataset_id, task_id=None)
    return f"/tasks?none={dataset_id}" if view is None else f"/tasks/{view.task.id}"


def next_path_or_list(services: Services, principal: Principal, dataset_id: str) -> str:
    """The same, after labels were submitted: what stops the next claim is told by the list."""
    try:
        return next_path(services, principal, dataset_id)
    except (AccessDenied, Conflict):
        return "/tasks"


def _not_yours(request: Request, visitor: Visiting, view: TaskView) -> Response:
    return page(
        request,
        visitor,
        "tasks/not_yours.html",
        trail=(LIST, ("Image", None)),
        view=view,
        own=view.task.submitter_id == visitor.principal.id,
    )
