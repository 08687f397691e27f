"""/assets: images by state, cause and dataset, the newest first, and what became of each. None is shown."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from gateway.errors import InputRefused
from gateway.services.releases import number_filled
from gateway.services.tending import BY_PEOPLE
from gateway.store.queries.asset_lists import Place, Wanted
from gateway.store.records import AssetRecord, CopyRecord
from gateway.web.console import reasons
from gateway.web.console.desk import desk_of
from gateway.web.console.pages import fragment, goto, is_htmx, page
from gateway.web.console.proofs import section
from gateway.web.console.visitor import Acting, Visiting, only
from gateway.web.services import Offered, offered
from policies.access import Role
from policies.lifecycle import AssetState

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.OFFICER, Role.OPERATOR))])

Text = Annotated[str, Query(max_length=100)]


@router.get("/assets")
def listed(
    request: Request,
    visitor: Visiting,
    state: Literal["", "received", "processing", "needs_review", "released", "quarantined", "erased"] = "",
    reason: Text = "",
    dataset: Text = "",
    batch: Text = "",
    since: date | Literal[""] = "",
    before: Text = "",
    after: Text = "",
) -> Response:
    """before, after: the place where the page of older, or newer, ones begins."""
    survey = desk_of(request).survey
    wanted = Wanted(
        state=AssetState(state) if state else None,
        reason=reason or None,
        dataset=dataset or None,
        batch=batch or None,
        since=datetime.combine(since, time(), UTC) if since else None,
    )
    found = survey.page(visitor.principal, wanted, _place(before, after))
    datasets = survey.datasets(visitor.principal)
    names = {one.id: one.name for one in datasets}
    chosen = {"state": state, "reason": reason, "dataset": dataset, "batch": batch, "since": str(since)}
    return page(
        request,
        visitor,
        "assets/list.html",
        trail=(*_start(visitor.principal.role), ("Images", None)),
        rows=[row(asset, names) for asset in found.assets],
        datasets=datasets,
        states=list(AssetState),
        chosen=chosen,
        reason_words=reasons.words(reason),
        newer=_address(chosen, "after", found.newer),
        older=_address(chosen, "before", found.older),
    )


@router.get("/assets/{asset_id}")
def shown(request: Request, visitor: Visiting, asset_id: str, services: Offered) -> Response:
    life = desk_of(request).survey.life(visitor.principal, asset_id)
    officer = visitor.principal.role is Role.OFFICER
    proofs = section(services.proofs, visitor, asset_id, life.asset.state) if officer else {}
    return page(
        request,
        visitor,
        "assets/asset.html",
        trail=(*_start(visitor.principal.role), ("Images", "/assets"), (asset_id, None)),
        life=life,
        row=row(life.asset, {life.dataset.id: life.dataset.name}),
        copies=[_copy(copy) for copy in life.copies],
        **proofs,
    )


@router.post("/assets/{asset_id}/requeue")
def requeue(request: Request, visitor: Acting, asset_id: str, services: Offered) -> Response:
    """Puts a held image through again, and answers its row."""
    offered(services.tending).requeue(visitor.principal, asset_id)
    if not is_htmx(request):
        return goto(request, f"/assets/{asset_id}")
    life = desk_of(request).survey.life(visitor.principal, asset_id)
    names = {life.dataset.id: life.dataset.name}
    return fragment(request, visitor, "assets/_row.html", row=row(life.asset, names), put=True)


def row(asset: AssetRecord, names: dict[str, str]) -> dict[str, Any]:
    """What a row of the list says. can_requeue: a machine held it, so it may be put through again."""
    held = asset.state is AssetState.QUARANTINED
    return {
        "asset": asset,
        "dataset": names.get(asset.dataset_id, asset.dataset_id),
        "why": reasons.words(asset.reason),
        "can_requeue": held and not (asset.reason or "").startswith(BY_PEOPLE),
    }


def _copy(copy: CopyRecord) -> dict[str, Any]:
    counted = Counter(str(one["kind"]) for one in copy.report.get("redactions", ()))
    return {
        "record": copy,
        "policy": copy.report.get("policy_version"),
        "regions": [(reasons.KINDS.get(kind, kind), number) for kind, number in sorted(counted.items())],
        "hidden": sum(counted.values()),
        "kept": copy.report.get("kept", 0),
        "filled": number_filled(copy.report),
        "reasons": [reasons.words(code) for code in copy.report.get("reasons", ())],
        "seconds": sum(copy.report.get("milliseconds", {}).values()) / 1000,
        "models": sorted(copy.report.get("models", {}).items()),
    }


def _start(role: Role) -> tuple[tuple[str, str], ...]:
    return (("Home", "/home"),) if role is Role.OFFICER else (("Queues", "/queues"),)


def _place(before: str, after: str) -> Place | None:
    """Raises InputRefused for one that no page of ours has written."""
    text = before or after
    if not text:
        return None
    moment, _, asset_id = text.partition("~")
    try:
        return Place(datetime.fromisoformat(moment).astimezone(UTC), asset_id, newer=not before)
    except (ValueError, OverflowError) as exc:
        raise InputRefused(
            "this address is no page of the list", advice="begin at /assets", code="page"
        ) from exc


def _address(chosen: dict[str, str], name: str, place: Place | None) -> str | None:
    if place is None:
        return None
    query = {key: value for key, value in chosen.items() if value}
    return "/assets?" + urlencode(query | {name: f"{place.time.isoformat()}~{place.id}"})
