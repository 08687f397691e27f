"""/find: where something is, by its id or name."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from gateway.services.find import LONGEST, Found, Kind
from gateway.web.console.desk import desk_of
from gateway.web.console.pages import goto, page
from gateway.web.console.visitor import Visiting, only
from policies.access import Role

FINDING: Final = (Role.OFFICER, Role.UPLOADER, Role.AUDITOR, Role.OPERATOR)

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(*FINDING))])

PLACES: Final[dict[Role, dict[Kind, str]]] = {
    Role.OFFICER: {
        Kind.ASSET: "/assets/{id}",
        Kind.BATCH: "/assets?batch={id}",
        Kind.DATASET: "/assets?dataset={id}",
        Kind.PERSON: "/workforce/people/{id}",
    },
    Role.UPLOADER: {Kind.BATCH: "/batches/{id}", Kind.DATASET: "/datasets/{id}"},
    Role.AUDITOR: {Kind.ASSET: "/audit/assets/{id}", Kind.PERSON: "/audit?person={id}"},
    Role.OPERATOR: {Kind.ASSET: "/assets/{id}"},
}
"""Where a role goes to see a thing; what is not here is not found."""


@router.get("/find")
def find(request: Request, visitor: Visiting, q: Annotated[str, Query(max_length=LONGEST)] = "") -> Response:
    role = visitor.principal.role
    places = PLACES[role]
    found = [one for one in desk_of(request).finder.find(visitor.principal, q) if one.kind in places]
    if len(found) == 1 and found[0].id == q.strip():
        return goto(request, _path(role, found[0]))
    rows: list[dict[str, Any]] = [{"found": one, "path": _path(role, one)} for one in found]
    return page(request, visitor, "find/find.html", trail=(("Find", None),), q=q, rows=rows)


def _path(role: Role, found: Found) -> str:
    return PLACES[role][found.kind].format(id=found.id)
