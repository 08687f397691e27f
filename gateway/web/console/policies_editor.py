"""The editor of a policy: a form and the YAML beside it, each kept in step with the other by the gateway.

The YAML is what is kept. A field of the form changes the characters of its value and nothing else; what is
typed in the YAML is parsed by the policies' own code, whose faults name the line and the remedy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.errors import Conflict
from gateway.services.policies import PolicyView
from gateway.web.api.policy_schemas import PolicyId
from gateway.web.console import policies_shown as shown
from gateway.web.console.pages import goto, page
from gateway.web.console.visitor import Acting, Visiting, Visitor, only
from gateway.web.services import Offered, Services
from policies import document
from policies.access import Role
from policies.advice import warnings
from policies.approval import PolicyState
from policies.consequences import consequences
from policies.diff import compare
from policies.editing import NoSuchPlace, edited
from policies.errors import InvalidPolicy
from policies.form import NUMBERS, faults_of, values
from policies.model import Effort, Kind, RedactionMethod
from policies.policy import Lines
from policies.writing import number

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.OFFICER))])

Source = Annotated[str, Field(max_length=4 * document.MAX_CHARACTERS)]


class Check(BaseModel):
    """A document to look at. base: what it is compared with."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    source: Source
    base: PolicyId | None = None


class Edit(Check):
    """One field of the form. place: such as "rules.face.hide". value: as it was typed, chosen or ticked."""

    place: str = Field(pattern=r"^[a-z_]+(\.[a-z_]+){0,2}$", max_length=80)
    value: str | bool | list[str]


@router.get("/policies/new")
def begin(
    request: Request,
    visitor: Visiting,
    services: Offered,
    of: Annotated[PolicyId, Query(alias="from")] = "street",
) -> Response:
    """A new version, beginning as a copy of a preset or of another one."""
    start = services.policies.read(visitor.principal, of)
    return _page(request, visitor, services, start, start.source)


@router.post("/policies/new")
def save(
    request: Request,
    visitor: Acting,
    services: Offered,
    source: Annotated[str, Form(max_length=4 * document.MAX_CHARACTERS)],
    of: Annotated[PolicyId, Form(alias="from")],
) -> Response:
    """A draft; a draft of one's own that it began as is retired: it takes its place."""
    text = source.replace("\r\n", "\n")
    start = services.policies.read(visitor.principal, of)
    try:
        view = services.policies.upload(visitor.principal, text)
    except (InvalidPolicy, Conflict) as problem:
        told = str(problem) if isinstance(problem, Conflict) else None
        return _page(request, visitor, services, start, text, status_code=422, problem=told)
    if _own_draft(start, visitor):
        services.policies.retire(visitor.principal, start.id)
    return goto(request, f"/policies/{view.id}?done=saved")


@router.post("/policies/check")
def check(asked: Check, visitor: Acting, services: Offered) -> dict[str, Any]:
    """What is wrong with a document, or what it does; and what the form's fields show of it."""
    return _told(services, visitor, asked.source, asked.base)


@router.post("/policies/edit")
def edit(asked: Edit, visitor: Acting, services: Offered) -> dict[str, Any]:
    """The document after one field was changed. Where the YAML is not readable, it stays as it is."""
    text, kept = asked.source, True
    try:
        result = edited(text, asked.place.split("."), _value(asked))
        text, kept = result.text, result.kept
    except (document.NotYaml, NoSuchPlace):
        pass
    return _told(services, visitor, text, asked.base) | {"kept": kept}


def _value(asked: Edit) -> str | int | float | bool | list[str] | None:
    """What the document gets: a number where one is due; nothing for an empty field."""
    if not isinstance(asked.value, str):
        return asked.value or None if isinstance(asked.value, list) else asked.value
    if asked.value.strip() == "":
        return None
    named = set(asked.place.split("."))
    return number(asked.value) if named & NUMBERS else asked.value


def _told(services: Services, visitor: Visitor, text: str, base: str | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "source": text,
        "faults": [],
        "warnings": [],
        "says": {},
        "changes": [],
        "version": None,
    }
    try:
        told["values"] = values(text)
    except document.NotYaml:
        told["values"] = None
    try:
        policy = services.policies.parsed(visitor.principal, text)
    except InvalidPolicy as problem:
        return told | {"faults": [shown.in_words(fault) for fault in faults_of(problem, text)]}
    told |= {"warnings": warnings(policy), "says": consequences(policy), "version": policy.version}
    if base is not None:
        old = services.policies.read(visitor.principal, base).policy
        told["changes"] = shown.told(compare(old, policy))
    return told


def _page(
    request: Request,
    visitor: Visitor,
    services: Services,
    start: PolicyView,
    text: str,
    *,
    status_code: int = 200,
    problem: str | None = None,
) -> Response:
    told = _told(services, visitor, text, start.id)
    return page(
        request,
        visitor,
        "policies/edit.html",
        trail=(("Policies", "/policies"), (f"New version of {start.policy.name}", None)),
        status_code=status_code,
        start=start,
        replaces=_own_draft(start, visitor),
        source=text,
        told=told,
        fields=told["values"] or values(start.source),
        faulty={
            one["place"]: str(one["message"]).partition(": ")[2] for one in told["faults"] if one["place"]
        },
        problem=problem,
        detectors=_by_kind(services.policies.detectors),
        methods=[method.value for method in RedactionMethod],
        efforts=[effort.value for effort in Effort],
        lines_of=[lines.value for lines in Lines],
        lines=shown.coloured(text),
        shown=shown,
    )


def _own_draft(view: PolicyView, visitor: Visitor) -> bool:
    author = None if view.proposal is None else view.proposal.author_id
    return view.state is PolicyState.DRAFT and author == visitor.principal.id


def _by_kind(detectors: Mapping[str, frozenset[Kind]]) -> dict[str, list[str]]:
    return {kind.value: sorted(name for name, kinds in detectors.items() if kind in kinds) for kind in Kind}
