"""Previews: what a policy would newly hide and newly show in a dataset's newest images.

An officer sees no original: no rule allows it. What changes is drawn as outlines over an empty frame of the
image's size. An officer who holds a grant on the dataset may have the sanitized copies put under the
outlines; they come through the broker, so each is a delivery on the log, as for anybody else.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Query, Request, Response

from gateway.services.policy_previews import MAX_IMAGES
from gateway.store.records import PreviewRecord
from gateway.web.api.copies import VIEW_ONLY
from gateway.web.api.policy_schemas import PolicyId
from gateway.web.api.schemas import Id
from gateway.web.console import policies_shown as shown
from gateway.web.console.pages import fragment, goto, is_htmx, page
from gateway.web.console.visitor import Acting, Visiting, only
from gateway.web.services import Offered, offered
from policies.access import Role

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.OFFICER))])

PAGE: Final = 6
"""Images of one page: with copies under them, as many deliveries."""

SHOWS: Final = {
    "hidden": "Newly hidden",
    "shown": "Newly shown",
    "method": "Hidden otherwise",
    "same": "Same",
    "failed": "Not readable",
}


@router.post("/policies/{policy_id}/previews")
def ask(
    request: Request,
    policy_id: PolicyId,
    visitor: Acting,
    services: Offered,
    dataset: Annotated[Id, Form()],
    last: Annotated[int, Form(ge=1, le=MAX_IMAGES)],
) -> Response:
    record = services.previews.ask(visitor.principal, policy_id, dataset_id=dataset, last=last)
    return goto(request, f"/policies/previews/{record.id}")


@router.get("/policies/previews/{preview_id}")
def read(
    request: Request,
    preview_id: Id,
    visitor: Visiting,
    services: Offered,
    show: Annotated[str | None, Query(pattern="^[a-z]{1,10}$")] = None,
    after: Annotated[int, Query(ge=0, le=MAX_IMAGES)] = 0,
    copies: Annotated[bool, Query()] = False,
) -> Response:
    """The preview's progress, or what came of it."""
    record = services.previews.read(visitor.principal, preview_id)
    version, _ = services.policy_overview.version(visitor.principal, record.policy_id)
    state = services.policy_overview.dataset(visitor.principal, record.dataset_id)
    groups = grouped(record)
    chosen = show if show in groups else next((name for name in SHOWS if groups.get(name)), "same")
    images = groups.get(chosen, [])
    purpose = services.previews.purpose(visitor.principal, preview_id)
    return page(
        request,
        visitor,
        "policies/preview.html",
        trail=(("Policies", "/policies"), (version.label, f"/policies/{version.view.id}"), ("Preview", None)),
        record=record,
        version=version,
        dataset=state.dataset,
        current=state.current,
        counts=shown.counts_of(record),
        groups=[(name, words, len(groups.get(name, ()))) for name, words in SHOWS.items()],
        chosen=chosen,
        images=images[after : after + PAGE],
        after=after,
        total=len(images),
        per_page=PAGE,
        purpose=purpose,
        copies=copies and purpose is not None,
        shown=shown,
    )


@router.get("/policies/previews/{preview_id}/progress")
def progress(request: Request, preview_id: Id, visitor: Visiting, services: Offered) -> Response:
    """Asked for again and again; once it has come to its end the whole page is loaded."""
    record = services.previews.read(visitor.principal, preview_id)
    if record.finished_at is not None and is_htmx(request):
        return Response(headers={"HX-Refresh": "true"})
    return fragment(request, visitor, "policies/_preview_progress.html", record=record)


@router.get("/policies/previews/{preview_id}/copies/{asset_id}")
def copy(preview_id: Id, asset_id: Id, visitor: Visiting, services: Offered) -> Response:
    """The sanitized copy of one of the preview's images, for whoever holds a grant on the dataset."""
    copy_id = services.previews.copy_of(visitor.principal, preview_id, asset_id)
    delivery = offered(services.broker).deliver(visitor.principal, copy_id)
    return Response(delivery.data, media_type=delivery.copy.media_type, headers=VIEW_ONLY)


def grouped(record: PreviewRecord) -> dict[str, list[dict[str, Any]]]:
    """The preview's images by what changes in them; one where things are hidden and shown is in both."""
    groups: dict[str, list[dict[str, Any]]] = {name: [] for name in SHOWS}
    for image in record.result["assets"] if record.result else ():
        if image["failure"] is not None:
            groups["failed"].append(image)
            continue
        line = image | {"words": _words(image)}
        found = [name for name in ("hidden", "shown") if image[f"newly_{name}"]]
        if not found:
            found = ["method"] if image["harder"] or image["softer"] else ["same"]
        for name in found:
            groups[name].append(line)
    return groups


def _words(image: dict[str, Any]) -> list[tuple[str, str]]:
    """Such as ("more", "+1 plate"), ("less", "1 margin narrower")."""
    told: list[tuple[str, str]] = []
    for name, sign, edge, margin in (
        ("newly_hidden", "+", "more", "wider"),
        ("newly_shown", "−", "less", "narrower"),
    ):
        counts: dict[str, int] = {}
        for part in image[name]:
            if part["whole"]:
                counts[part["kind"]] = counts.get(part["kind"], 0) + 1
        if counts:
            told.append((edge, f"{sign}{shown.things(counts)}"))
        if margins := sum(not part["whole"] for part in image[name]):
            told.append((edge, f"{margins} {'margin' if margins == 1 else 'margins'} {margin}"))
    if image["harder"]:
        told.append(("more", f"{len(image['harder'])} filled instead"))
    if image["softer"]:
        told.append(("less", f"{len(image['softer'])} no longer filled"))
    if image["released_before"] and not image["released_after"]:
        told.append(("more", "waits for a person"))
    if image["released_after"] and not image["released_before"]:
        told.append(("less", "goes out by itself"))
    return told
