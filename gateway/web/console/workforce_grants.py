"""/workforce/grants: who may see which dataset's copies, for what, until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request, Response

from gateway.errors import Conflict, InputRefused, NotFound
from gateway.web.console.navigation import safe_next
from gateway.web.console.pages import goto, page
from gateway.web.console.visitor import Acting, Visiting, Visitor, only
from gateway.web.console.workforce_forms import done_words, end_of, key_of, neighbours, purpose_of
from gateway.web.services import Offered, Services
from policies.access import Role

router = APIRouter(prefix="/workforce", include_in_schema=False, dependencies=[Depends(only(Role.OFFICER))])

USUAL: Final = timedelta(days=30)
"""What the form offers as a grant's last day."""

HERE: Final = "/workforce/grants"


@router.get("/grants")
def grants(
    request: Request,
    visitor: Visiting,
    services: Offered,
    dataset: str = "",
    person: str = "",
    group: str = "",
    show: str = "",
    before: str | None = None,
    after: str | None = None,
    done: str | None = None,
) -> Response:
    """group: the one that the form begins with. show: "all" for those that were revoked or are over too."""
    return _grants(
        request,
        visitor,
        services,
        dataset=dataset,
        person=person,
        group=group,
        show=show,
        before=before,
        after=after,
        done=done_words(done),
    )


@router.post("/grants")
def give(
    request: Request,
    visitor: Acting,
    services: Offered,
    dataset: Annotated[str, Form(max_length=200)] = "",
    who: Annotated[str, Form(max_length=200)] = "",
    group: Annotated[str, Form(max_length=200)] = "",
    purpose: Annotated[str, Form(max_length=200)] = "",
    until: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """To a group where one is chosen, to a person otherwise."""
    asking = visitor.principal
    try:
        code, end = purpose_of(purpose), end_of(until)
        if group:
            services.groups.grant(asking, group_id=group, dataset_id=dataset, purpose=code, until=end)
        else:
            person = services.workforce.find(asking, who)
            services.grants.create(asking, person_id=person, dataset_id=dataset, purpose=code, until=end)
    except (InputRefused, Conflict, NotFound) as exc:
        written = {"dataset": dataset, "who": who, "group": group, "purpose": purpose, "until": until}
        return _grants(request, visitor, services, fault=_words(exc), written=written, status_code=422)
    return goto(request, f"{HERE}?done=given")


@router.post("/grants/{grant_id}/extend")
def extend(
    request: Request,
    visitor: Acting,
    services: Offered,
    grant_id: str,
    until: Annotated[str, Form(max_length=40)] = "",
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    services.grants.extend(visitor.principal, grant_id, until=end_of(until))
    return goto(request, _back(back, "extended"))


@router.post("/grants/{grant_id}/revoke")
def revoke(
    request: Request,
    visitor: Acting,
    services: Offered,
    grant_id: str,
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    services.grants.revoke(visitor.principal, grant_id)
    return goto(request, _back(back, "revoked"))


@router.post("/group-grants/{grant_id}/extend")
def extend_group(
    request: Request,
    visitor: Acting,
    services: Offered,
    grant_id: str,
    until: Annotated[str, Form(max_length=40)] = "",
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    services.groups.extend(visitor.principal, grant_id, until=end_of(until))
    return goto(request, _back(back, "extended"))


@router.post("/group-grants/{grant_id}/revoke")
def revoke_group(
    request: Request,
    visitor: Acting,
    services: Offered,
    grant_id: str,
    back: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    services.groups.revoke(visitor.principal, grant_id)
    return goto(request, _back(back, "revoked"))


def _back(path: str, done: str) -> str:
    """To the page that the form was on."""
    where = safe_next(path) or HERE
    return f"{where.partition('?')[0]}?done={done}"


def _words(exc: Exception) -> str:
    words = str(exc)
    return words[:1].upper() + words[1:]


def _grants(
    request: Request,
    visitor: Visitor,
    services: Services,
    *,
    dataset: str = "",
    person: str = "",
    group: str = "",
    show: str = "",
    before: str | None = None,
    after: str | None = None,
    done: str | None = None,
    fault: str | None = None,
    written: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    asking = visitor.principal
    person_id = services.workforce.find(asking, person) if person else None
    found = services.workforce.grants(
        asking,
        dataset_id=dataset or None,
        person_id=person_id,
        live=show != "all",
        before=key_of(before),
        after=key_of(after),
    )
    filters = {"dataset": dataset, "person": person, "show": show}
    kept = {name: value for name, value in filters.items() if value}
    now = services.workforce.now()
    usual = (now + USUAL).astimezone().date().isoformat()
    empty = {"dataset": dataset, "who": "", "group": group, "purpose": "", "until": usual}
    return page(
        request,
        visitor,
        "workforce/grants.html",
        trail=(("Workforce", "/workforce"), ("Grants", None)),
        status_code=status_code,
        found=found,
        filters=filters,
        datasets=[(row.dataset.id, row.dataset.name) for row in services.workforce.datasets(asking)],
        groups=[
            (group.id, f"{group.name} ({number})") for group, number in services.workforce.groups(asking)
        ],
        pager_to=neighbours(HERE, kept, found.rows, newer=found.newer, older=found.older),
        now=now,
        done=done,
        fault=fault,
        written=written or empty,
    )
