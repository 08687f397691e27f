"""/policies: presets and own policies, what each does and serves, what changed, and the acts of approval."""

from __future__ import annotations

from collections.abc import Container
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from gateway.errors import NotFound
from gateway.services.policy_overview import Version
from gateway.web.api.policy_schemas import Against, PolicyId
from gateway.web.console import policies_shown as shown
from gateway.web.console.pages import goto, page
from gateway.web.console.visitor import Acting, Visiting, Visitor, only
from gateway.web.services import Offered, Services
from policies.access import Role
from policies.approval import APPLICABLE, ENDED, PolicyState
from policies.consequences import consequences
from policies.diff import compare

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.OFFICER, Role.AUDITOR))])
acts = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.OFFICER))])

DONE: Final = {
    "saved": "Saved as a draft. Nothing has changed for any image.",
    "submitted": "Submitted. A second officer decides; you may not.",
    "approved": "Approved. It governs a dataset once it is put in effect there.",
    "rejected": "Rejected, with its reason on the log. What is mended is a new draft.",
    "retired": "Retired. It can be applied no more.",
}
"""What a page says of the act that led to it."""


@router.get("/policies")
def overview(request: Request, visitor: Visiting, services: Offered) -> Response:
    versions = services.policy_overview.versions(visitor.principal)
    own = [one for one in versions if not one.view.preset]
    rollbacks = services.policy_overview.waiting_rollbacks(visitor.principal)
    authors = {one.view.proposal.author_id for one in own if one.view.proposal}
    asking = {one.record.asked_by for one in rollbacks}
    alike = services.policy_overview.to_vouch(visitor.principal, authors | asking)
    return page(
        request,
        visitor,
        "policies/list.html",
        trail=(("Policies", None),),
        presets=[one for one in versions if one.view.preset],
        own=[one for one in own if not one.ended],
        ended=[one for one in own if one.ended],
        waiting=[line for one in own for line in _waiting(one, visitor, alike)],
        alike=alike,
        rollbacks=rollbacks,
        shown=shown,
    )


def _waiting(version: Version, visitor: Visitor, alike: Container[str]) -> list[dict[str, Any]]:
    """What the version waits for, and whether the visitor is who it waits for. alike: authors who may be the
    visitor."""
    proposal = version.view.proposal
    if proposal is None:
        return []
    mine = proposal.author_id == visitor.principal.id
    officer = visitor.principal.role is Role.OFFICER
    line: dict[str, Any] = {"version": version}
    match version.view.state:
        case PolicyState.SUBMITTED:
            second = officer and not mine and proposal.author_id not in alike
            who = "you, as its author may not" if second else "a second officer"
            return [line | {"for": who, "yours": second, "since": proposal.submitted_at}]
        case PolicyState.DRAFT:
            who = "you to submit it" if mine else f"{version.author} to submit it"
            return [line | {"for": who, "yours": mine, "since": proposal.created_at}]
        case PolicyState.APPROVED:
            return [
                line
                | {"for": "an officer to put it in effect", "yours": officer, "since": proposal.decided_at}
            ]
        case _:
            return []


@router.get("/policies/{policy_id}")
def one(
    request: Request,
    policy_id: PolicyId,
    visitor: Visiting,
    services: Offered,
    against: Annotated[Against | None, Query()] = None,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    version, previews = services.policy_overview.version(visitor.principal, policy_id)
    versions = services.policy_overview.versions(visitor.principal)
    base = _base(version, versions, against)
    officer = visitor.principal.role is Role.OFFICER
    proposal = version.view.proposal
    mine = proposal is not None and proposal.author_id == visitor.principal.id
    author = None if proposal is None else proposal.author_id
    alike = services.policy_overview.to_vouch(visitor.principal, () if author is None else (author,))
    return page(
        request,
        visitor,
        "policies/one.html",
        trail=(("Policies", "/policies"), (version.label, None)),
        version=version,
        mine=mine,
        vouch=alike.get(author or ""),
        officer=officer,
        lines=shown.coloured(version.view.source),
        says=consequences(version.view.policy),
        base=base,
        bases=[other for other in versions if other.view.version != version.view.version and not other.ended],
        changes=None if base is None else shown.told(compare(base.view.policy, version.view.policy)),
        diff=None if base is None else shown.changed_lines(base.view.policy, version.view.policy),
        steps=shown.steps(version, previews, mine=mine or bool(alike)),
        previews=previews,
        datasets=_datasets(services, visitor),
        can_apply=officer and (version.view.preset or version.view.state in APPLICABLE),
        can_preview=officer and version.view.state not in ENDED,
        done=DONE.get(done),
        shown=shown,
    )


def _base(version: Version, versions: list[Version], against: str | None) -> Version | None:
    if against is None:
        return shown.base_of(version, versions)
    for one in versions:
        if against in (one.view.id, one.view.version):
            return one
    raise NotFound("there is no such policy to compare with")


def _datasets(services: Services, visitor: Visitor) -> list[Any]:
    if visitor.principal.role is not Role.OFFICER:
        return []
    return services.datasets.list(visitor.principal)


@acts.post("/policies/{policy_id}/submit")
def submit(request: Request, policy_id: PolicyId, visitor: Acting, services: Offered) -> Response:
    services.policies.submit(visitor.principal, policy_id)
    return goto(request, f"/policies/{policy_id}?done=submitted")


@acts.post("/policies/{policy_id}/approve")
def approve(request: Request, policy_id: PolicyId, visitor: Acting, services: Offered) -> Response:
    """Its author is refused, and that is on the log."""
    services.policies.approve(visitor.principal, policy_id)
    return goto(request, f"/policies/{policy_id}?done=approved")


@acts.post("/policies/{policy_id}/reject")
def reject(
    request: Request,
    policy_id: PolicyId,
    visitor: Acting,
    services: Offered,
    reason: Annotated[str, Form(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")],
) -> Response:
    services.policies.reject(visitor.principal, policy_id, reason=reason)
    return goto(request, f"/policies/{policy_id}?done=rejected")


@acts.post("/policies/{policy_id}/retire")
def retire(request: Request, policy_id: PolicyId, visitor: Acting, services: Offered) -> Response:
    services.policies.retire(visitor.principal, policy_id)
    return goto(request, f"/policies/{policy_id}?done=retired")
