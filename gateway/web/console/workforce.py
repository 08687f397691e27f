"""/workforce: people, by page: who is here, how they work, who is asked in, who is kept out."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from gateway.errors import InputRefused
from gateway.services.accounts import INVITATION, Invited
from gateway.services.resets import LASTS
from gateway.store.queries.workforce import PersonRow
from gateway.web.console.navigation import LABELS
from gateway.web.console.pages import fragment, goto, is_htmx, page
from gateway.web.console.visitor import Acting, Visiting, Visitor, only
from gateway.web.console.workforce_forms import done_words, key_of, name_of, neighbours
from gateway.web.services import Offered, Services
from policies.access import Role

router = APIRouter(prefix="/workforce", include_in_schema=False, dependencies=[Depends(only(Role.OFFICER))])

TRAIL = ("Workforce", "/workforce")


@router.get("")
def people(
    request: Request,
    visitor: Visiting,
    services: Offered,
    show: str = "",
    before: str | None = None,
    after: str | None = None,
) -> Response:
    """show: a role, "suspended", or "" for all."""
    return _people(request, visitor, services, show=show, before=before, after=after)


@router.post("/invitations")
def invite(
    request: Request,
    visitor: Acting,
    services: Offered,
    role: Annotated[Role, Form()],
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """The link is on the page that answers, and nowhere else."""
    try:
        named = name_of(name, "A name")
    except InputRefused as exc:
        return _people(request, visitor, services, fault=exc, written=(role, name), status_code=422)
    invited = services.workforce.invite(visitor.principal, role=role, name=named)
    return _people(request, visitor, services, invited=(named, _link(request, invited)))


@router.get("/people/{person_id}")
def person(
    request: Request, visitor: Visiting, services: Offered, person_id: str, done: str | None = None
) -> Response:
    return _person(request, visitor, services, person_id, done=done_words(done))


@router.post("/people/{person_id}/invitation")
def invite_again(request: Request, visitor: Acting, services: Offered, person_id: str) -> Response:
    invited = services.workforce.invite_again(visitor.principal, person_id)
    return _person(request, visitor, services, person_id, link=_link(request, invited))


@router.post("/people/{person_id}/password")
def offer_password(request: Request, visitor: Acting, services: Offered, person_id: str) -> Response:
    """The link is on the page that answers, and nowhere else."""
    offered = services.workforce.offer_password(visitor.principal, person_id)
    link = f"{_root(request)}/new-password/{offered.code}"
    return _person(request, visitor, services, person_id, link=link, lasts=LASTS)


@router.post("/people/{person_id}/suspend")
def suspend(request: Request, visitor: Acting, services: Offered, person_id: str) -> Response:
    services.workforce.suspend(visitor.principal, person_id)
    return _row_or_page(request, visitor, services, person_id, "suspended")


@router.post("/people/{person_id}/restore")
def restore(request: Request, visitor: Acting, services: Offered, person_id: str) -> Response:
    services.workforce.restore(visitor.principal, person_id)
    return _row_or_page(request, visitor, services, person_id, "restored")


@router.post("/people/{person_id}/role")
def change_role(
    request: Request, visitor: Acting, services: Offered, person_id: str, role: Annotated[Role, Form()]
) -> Response:
    services.workforce.change_role(visitor.principal, person_id, role)
    return goto(request, f"/workforce/people/{person_id}?done=role")


@router.post("/people/{person_id}/erase")
def erase(
    request: Request,
    visitor: Acting,
    services: Offered,
    person_id: str,
    typed: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """typed: what they are called, once more, since nothing brings it back."""
    row = services.workforce.person(visitor.principal, person_id).row
    if typed.split() != called(row).split():
        fault = f"What you wrote is not {called(row)}. Nothing was erased."
        return _person(request, visitor, services, person_id, fault=fault, status_code=422)
    services.workforce.erase(visitor.principal, person_id)
    return goto(request, f"/workforce/people/{person_id}?done=erased")


def called(row: PersonRow) -> str:
    """What a person goes by: the name, else the user name, else the id."""
    return row.name or row.login or row.id


def _row_or_page(
    request: Request, visitor: Visitor, services: Services, person_id: str, done: str
) -> Response:
    if not is_htmx(request):
        return goto(request, f"/workforce/people/{person_id}?done={done}")
    one = services.workforce.person(visitor.principal, person_id)
    return fragment(request, visitor, "workforce/_person_row.html", row=one.row, work=one.work, labels=LABELS)


def _people(
    request: Request,
    visitor: Visitor,
    services: Services,
    *,
    show: str = "",
    before: str | None = None,
    after: str | None = None,
    invited: tuple[str, str] | None = None,
    fault: InputRefused | None = None,
    written: tuple[Role, str] = (Role.ANNOTATOR, ""),
    status_code: int = 200,
) -> Response:
    role = Role(show) if show in set(Role) else None
    found = services.workforce.people(
        visitor.principal,
        role=role,
        suspended=show == "suspended",
        before=key_of(before),
        after=key_of(after),
    )
    kept = {"show": show} if show else {}
    return page(
        request,
        visitor,
        "workforce/people.html",
        trail=(("Workforce", None),),
        status_code=status_code,
        found=found,
        show=show,
        labels=LABELS,
        pager_to=neighbours("/workforce", kept, found.rows, newer=found.newer, older=found.older),
        invited=invited,
        hours=round(INVITATION.total_seconds() / 3600),
        fault=None if fault is None else str(fault),
        written=written,
    )


def _person(
    request: Request,
    visitor: Visitor,
    services: Services,
    person_id: str,
    *,
    done: str | None = None,
    link: str | None = None,
    lasts: timedelta = INVITATION,
    fault: str | None = None,
    status_code: int = 200,
) -> Response:
    one = services.workforce.person(visitor.principal, person_id)
    given = services.workforce.grants(visitor.principal, person_id=person_id, live=False)
    return page(
        request,
        visitor,
        "workforce/person.html",
        trail=(TRAIL, (called(one.row), None)),
        status_code=status_code,
        one=one,
        given=given,
        labels=LABELS,
        done=done,
        link=link,
        fault=fault,
        called=called(one.row),
        hours=round(lasts.total_seconds() / 3600),
        reset_hours=round(LASTS.total_seconds() / 3600),
        now=services.workforce.now(),
    )


def _link(request: Request, invited: Invited) -> str:
    return f"{_root(request)}/invitation/{invited.code}"


def _root(request: Request) -> str:
    return str(request.base_url).rstrip("/")
