"""/guidelines: how datasets are labelled, for annotators; and the page on which an officer writes it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from gateway.errors import AccessDenied, Conflict, InputRefused
from gateway.services.guidelines import PAGE, Handbook
from gateway.web.api.schemas import Id
from gateway.web.console.annotation import class_rows
from gateway.web.console.class_table import InvalidClasses, parse_classes, rows_of
from gateway.web.console.markdown import rendered
from gateway.web.console.pages import goto, page
from gateway.web.console.tasks import stopped
from gateway.web.console.visitor import Acting, Visiting, only
from gateway.web.services import Offered
from policies.access import Role

readers = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.ANNOTATOR))])
writers = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.OFFICER))])

MAX_FORM: int = 60_000
"""Characters of a text field; the service says how many are kept."""

Version = Annotated[int | None, Query(ge=1, le=1_000_000)]


@readers.get("/guidelines")
def shelf(request: Request, visitor: Visiting, services: Offered) -> Response:
    work = services.my_work.overview(visitor.principal)
    return page(
        request,
        visitor,
        "guidelines/shelf.html",
        trail=(("Guidelines", None),),
        places=work.open,
    )


@readers.get("/guidelines/{dataset_id}")
def read(dataset_id: Id, request: Request, visitor: Visiting, services: Offered) -> Response:
    try:
        handbook = services.guidelines.read(visitor.principal, dataset_id)
    except AccessDenied as exc:
        return stopped(request, visitor, exc.reason)
    return page(
        request,
        visitor,
        "guidelines/read.html",
        trail=(("Guidelines", "/guidelines"), (handbook.dataset.name, None)),
        handbook=handbook,
        text=_markup(handbook),
        classes=class_rows(handbook),
    )


@writers.get("/workforce/datasets/{dataset_id}/guidelines")
def edit(
    dataset_id: Id,
    request: Request,
    visitor: Visiting,
    services: Offered,
    version: Version = None,
    before: Version = None,
) -> Response:
    """What was written last, to be written anew; or an older version, to be read."""
    newest = services.guidelines.read(visitor.principal, dataset_id)
    shown = (
        newest
        if version is None
        else services.guidelines.read(visitor.principal, dataset_id, version=version)
    )
    return _editor(request, visitor, services, newest, shown=shown, before=before)


@writers.post("/workforce/datasets/{dataset_id}/guidelines")
def write(
    dataset_id: Id,
    request: Request,
    visitor: Acting,
    services: Offered,
    text: Annotated[str, Form(max_length=MAX_FORM)] = "",
    after: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    try:
        services.guidelines.write(visitor.principal, dataset_id, text, after=after)
    except (InputRefused, Conflict) as exc:
        newest = services.guidelines.read(visitor.principal, dataset_id)
        return _editor(request, visitor, services, newest, status_code=422, text=text, fault=_said(exc))
    return goto(request, f"/workforce/datasets/{dataset_id}/guidelines")


@writers.post("/workforce/datasets/{dataset_id}/classes")
async def set_classes(dataset_id: Id, request: Request, visitor: Acting, services: Offered) -> Response:
    """The label set, whole, from the rows of the form."""
    form = await request.form()
    rows = rows_of(form)
    try:
        services.label_sets.replace(visitor.principal, dataset_id, parse_classes(rows))
    except (InvalidClasses, Conflict) as exc:
        newest = services.guidelines.read(visitor.principal, dataset_id)
        return _editor(
            request, visitor, services, newest, status_code=422, rows=rows, classes_fault=_said(exc)
        )
    return goto(request, f"/workforce/datasets/{dataset_id}/guidelines#classes")


def _editor(
    request: Request,
    visitor: Visiting,
    services: Offered,
    newest: Handbook,
    *,
    shown: Handbook | None = None,
    before: int | None = None,
    status_code: int = 200,
    text: str | None = None,
    fault: str | None = None,
    rows: object = None,
    classes_fault: str | None = None,
) -> Response:
    shown = shown or newest
    versions = services.guidelines.versions(visitor.principal, newest.dataset.id, before=before)
    last = "" if newest.guideline is None else newest.guideline.text
    return page(
        request,
        visitor,
        "guidelines/write.html",
        status_code=status_code,
        trail=(("Workforce", "/workforce"), (newest.dataset.name, None), ("Guidelines", None)),
        handbook=newest,
        shown=shown,
        preview=_markup(shown),
        versions=versions,
        older=versions[-1].version if len(versions) == PAGE else None,
        text=last if text is None else text,
        fault=fault,
        rows=rows or rows_of(newest.categories),
        classes_fault=classes_fault,
    )


def _markup(handbook: Handbook) -> str | None:
    return None if handbook.guideline is None else rendered(handbook.guideline.text)


def _said(exc: Exception) -> str:
    words = str(exc)
    advice = getattr(exc, "advice", None)
    sentence = f"{words[:1].upper()}{words[1:]}."
    return f"{sentence} {advice[:1].upper()}{advice[1:]}." if advice else sentence
