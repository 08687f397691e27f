"""/workforce/datasets: what images are brought into, under which policy, and who has it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from gateway.errors import Conflict, InputRefused, NotFound
from gateway.web.console.pages import goto, page
from gateway.web.console.visitor import Acting, Visiting, Visitor, only
from gateway.web.console.workforce_forms import done_words, name_of
from gateway.web.services import Offered, Services
from policies.access import Role
from policies.approval import PolicyState

router = APIRouter(
    prefix="/workforce/datasets", include_in_schema=False, dependencies=[Depends(only(Role.OFFICER))]
)

APPLICABLE = (PolicyState.APPROVED, PolicyState.EFFECTIVE)


@router.get("")
def datasets(request: Request, visitor: Visiting, services: Offered, done: str | None = None) -> Response:
    return _datasets(request, visitor, services, done=done_words(done))


@router.post("")
def make(
    request: Request,
    visitor: Acting,
    services: Offered,
    name: Annotated[str, Form(max_length=200)] = "",
    policy: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    try:
        services.datasets.create(visitor.principal, name=name_of(name, "A dataset's name"), policy=policy)
    except (InputRefused, Conflict, NotFound) as exc:
        written = {"name": name, "policy": policy}
        return _datasets(request, visitor, services, fault=str(exc), written=written, status_code=422)
    return goto(request, "/workforce/datasets?done=dataset")


def _datasets(
    request: Request,
    visitor: Visitor,
    services: Services,
    *,
    done: str | None = None,
    fault: str | None = None,
    written: dict[str, str] | None = None,
    status_code: int = 200,
) -> Response:
    policies = [
        (view.id, view.policy.name if view.preset else f"{view.policy.name}, {view.version[:8]}")
        for view in services.policies.list(visitor.principal)
        if view.preset or view.state in APPLICABLE
    ]
    return page(
        request,
        visitor,
        "workforce/datasets.html",
        trail=(("Workforce", "/workforce"), ("Datasets", None)),
        status_code=status_code,
        found=services.workforce.datasets(visitor.principal),
        policies=policies,
        done=done,
        fault=fault,
        written=written or {"name": "", "policy": "street"},
    )
