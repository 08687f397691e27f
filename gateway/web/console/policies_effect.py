"""A policy in effect: put on a dataset, its copies made anew, and the way back to an earlier version."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from gateway.errors import NotFound
from gateway.services.rederive import RederivationProgress
from gateway.web.api.policy_schemas import PolicyId
from gateway.web.api.schemas import Id
from gateway.web.console import policies_shown as shown
from gateway.web.console.pages import fragment, goto, is_htmx, page
from gateway.web.console.visitor import Acting, Visiting, Visitor, only
from gateway.web.services import Offered, Services
from policies.access import Role

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.OFFICER))])

DONE: Final = {
    "applied": "In effect for every image from now on.",
    "rederiving": "The copies are being made anew.",
    "asked": "Asked for. A second officer decides; you may not.",
    "back": "Back on the earlier version, for every image from now on.",
    "refused": "Refused. The dataset stays as it is.",
    "withdrawn": "Taken back. The dataset stays as it is.",
}

OUTCOMES: Final = {
    "released": "made anew and released",
    "needs_review": "made anew, wait for a person",
    "quarantined": "held",
    "current": "were right already",
    "passed_over": "had no copy to replace",
    "not_made": "no worker can run the detectors; they stay as they were",
}


@router.get("/policies/{policy_id}/effect/{dataset_id}")
def foresee(
    request: Request, policy_id: PolicyId, dataset_id: Id, visitor: Visiting, services: Offered
) -> Response:
    """What would happen to whom, before it is agreed to."""
    version, _ = services.policy_overview.version(visitor.principal, policy_id)
    state = services.policy_overview.dataset(visitor.principal, dataset_id)
    return page(
        request,
        visitor,
        "policies/effect.html",
        trail=(("Policies", "/policies"), (version.label, f"/policies/{policy_id}"), ("Put in effect", None)),
        version=version,
        state=state,
        foreseen=services.application.foresee(visitor.principal, dataset_id, policy_id),
        reasons=shown.ROLLBACK_REASONS,
        shown=shown,
    )


@router.post("/policies/{policy_id}/effect/{dataset_id}")
def apply(
    request: Request,
    policy_id: PolicyId,
    dataset_id: Id,
    visitor: Acting,
    services: Offered,
    withdraw: Annotated[bool, Form()] = False,
) -> Response:
    services.application.apply(visitor.principal, dataset_id, policy_id, withdraw=withdraw)
    return goto(request, f"/policies/datasets/{dataset_id}?done=applied")


@router.get("/policies/datasets/{dataset_id}")
def dataset(
    request: Request,
    dataset_id: Id,
    visitor: Visiting,
    services: Offered,
    done: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """What a dataset is under, was under, and how far its copies follow."""
    state = services.policy_overview.dataset(visitor.principal, dataset_id)
    rollback = state.rollback
    mine = rollback is not None and rollback.record.asked_by == visitor.principal.id
    foreseen, alike = None, dict[str, str]()
    if rollback is not None:
        alike = services.policy_overview.to_vouch(visitor.principal, (rollback.record.asked_by,))
        foreseen = services.application.foresee(visitor.principal, dataset_id, rollback.record.policy_id)
    return page(
        request,
        visitor,
        "policies/dataset.html",
        trail=(("Policies", "/policies"), (state.dataset.name, None)),
        state=state,
        mine=mine,
        vouch=next(iter(alike.values()), None),
        foreseen=foreseen,
        progress=_progress(services, visitor, dataset_id),
        reasons=shown.ROLLBACK_REASONS,
        done=DONE.get(done),
        shown=shown,
    )


@router.post("/policies/datasets/{dataset_id}/rederive")
def rederive(request: Request, dataset_id: Id, visitor: Acting, services: Offered) -> Response:
    services.rederivations.begin(visitor.principal, dataset_id)
    return goto(request, f"/policies/datasets/{dataset_id}?done=rederiving")


@router.get("/policies/datasets/{dataset_id}/rederivation")
def rederivation(request: Request, dataset_id: Id, visitor: Visiting, services: Offered) -> Response:
    """How far it is; asked for again and again until its end, then the whole page is loaded."""
    progress = _progress(services, visitor, dataset_id)
    if progress is None:
        raise NotFound("the copies of this dataset were never made anew")
    if progress["ended"] and is_htmx(request):
        return Response(headers={"HX-Refresh": "true"})
    return fragment(request, visitor, "policies/_rederivation.html", progress=progress, dataset_id=dataset_id)


@router.post("/policies/datasets/{dataset_id}/rollbacks")
def ask_rollback(
    request: Request,
    dataset_id: Id,
    visitor: Acting,
    services: Offered,
    policy: Annotated[PolicyId, Form()],
    reason: Annotated[str, Form(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")],
) -> Response:
    services.rollbacks.ask(visitor.principal, dataset_id, policy, reason=reason)
    return goto(request, f"/policies/datasets/{dataset_id}?done=asked")


@router.post("/policies/rollbacks/{rollback_id}/approve")
def approve_rollback(
    request: Request,
    rollback_id: Id,
    visitor: Acting,
    services: Offered,
    withdraw: Annotated[bool, Form()] = False,
) -> Response:
    """Whoever asked for it is refused, and that is on the log."""
    applied = services.rollbacks.approve(visitor.principal, rollback_id, withdraw=withdraw)
    return goto(request, f"/policies/datasets/{applied.dataset.id}?done=back")


@router.post("/policies/rollbacks/{rollback_id}/refuse")
def refuse_rollback(request: Request, rollback_id: Id, visitor: Acting, services: Offered) -> Response:
    record = services.rollbacks.refuse(visitor.principal, rollback_id)
    return goto(request, f"/policies/datasets/{record.dataset_id}?done=refused")


@router.post("/policies/rollbacks/{rollback_id}/withdraw")
def withdraw_rollback(request: Request, rollback_id: Id, visitor: Acting, services: Offered) -> Response:
    record = services.rollbacks.withdraw(visitor.principal, rollback_id)
    return goto(request, f"/policies/datasets/{record.dataset_id}?done=withdrawn")


def _progress(services: Services, visitor: Visitor, dataset_id: str) -> dict[str, Any] | None:
    """The dataset's last re-derivation in words; None where there was none."""
    try:
        found: RederivationProgress = services.rederivations.progress(visitor.principal, dataset_id)
    except NotFound:
        return None
    record = found.rederivation
    return {
        "ended": record.finished_at is not None,
        "superseded": record.superseded,
        "done": found.outcomes.total(),
        "assets": found.assets,
        "outcomes": [(number, OUTCOMES.get(name, name)) for name, number in sorted(found.outcomes.items())],
        "created_at": record.created_at,
        "finished_at": record.finished_at,
    }
