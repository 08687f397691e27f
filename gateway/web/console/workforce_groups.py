"""/workforce/groups: people who are given datasets together."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from gateway.errors import Conflict, InputRefused
from gateway.web.console.navigation import LABELS
from gateway.web.console.pages import goto, page
from gateway.web.console.visitor import Acting, Visiting, Visitor, only
from gateway.web.console.workforce_forms import done_words, name_of
from gateway.web.services import Offered, Services
from policies.access import Role

router = APIRouter(
    prefix="/workforce/groups", include_in_schema=False, dependencies=[Depends(only(Role.OFFICER))]
)


@router.get("")
def groups(request: Request, visitor: Visiting, services: Offered) -> Response:
    return _groups(request, visitor, services)


@router.post("")
def make(
    request: Request,
    visitor: Acting,
    services: Offered,
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    try:
        made = services.groups.create(visitor.principal, name_of(name, "A group's name"))
    except (InputRefused, Conflict) as exc:
        return _groups(request, visitor, services, fault=str(exc), written=name, status_code=422)
    return goto(request, f"/workforce/groups/{made.id}?done=group")


@router.get("/{group_id}")
def group(
    request: Request, visitor: Visiting, services: Offered, group_id: str, done: str | None = None
) -> Response:
    return _group(request, visitor, services, group_id, done=done_words(done))


@router.post("/{group_id}/members")
def add(
    request: Request,
    visitor: Acting,
    services: Offered,
    group_id: str,
    person: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    try:
        person_id = services.workforce.find(visitor.principal, person)
        services.groups.add(visitor.principal, group_id, person_id)
    except (InputRefused, Conflict) as exc:
        return _group(request, visitor, services, group_id, fault=str(exc), written=person, status_code=422)
    return goto(request, f"/workforce/groups/{group_id}?done=joined")


@router.post("/{group_id}/members/{person_id}/leave")
def remove(request: Request, visitor: Acting, services: Offered, group_id: str, person_id: str) -> Response:
    services.groups.remove(visitor.principal, group_id, person_id)
    return goto(request, f"/workforce/groups/{group_id}?done=left")


def _groups(
    request: Request,
    visitor: Visitor,
    services: Services,
    *,
    fault: str | None = None,
    written: str = "",
    status_code: int = 200,
) -> Response:
    return page(
        request,
        visitor,
        "workforce/groups.html",
        trail=(("Workforce", "/workforce"), ("Groups", None)),
        status_code=status_code,
        found=services.workforce.groups(visitor.principal),
        fault=fault,
        written=written,
    )


def _group(
    request: Request,
    visitor: Visitor,
    services: Services,
    group_id: str,
    *,
    done: str | None = None,
    fault: str | None = None,
    written: str = "",
    status_code: int = 200,
) -> Response:
    one = services.workforce.group(visitor.principal, group_id)
    datasets = {row.dataset.id: row.dataset.name for row in services.workforce.datasets(visitor.principal)}
    return page(
        request,
        visitor,
        "workforce/group.html",
        trail=(("Workforce", "/workforce"), ("Groups", "/workforce/groups"), (one.group.name, None)),
        status_code=status_code,
        one=one,
        datasets=datasets,
        labels=LABELS,
        now=services.workforce.now(),
        done=done,
        fault=fault,
        written=written,
    )
