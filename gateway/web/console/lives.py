"""/audit/assets/{id}: an image's life as a timeline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from audit.entry import Entry
from gateway.services.asset_life import Life
from gateway.store.log_terms import moment
from gateway.store.queries.log_search import ListedEntry
from gateway.web.console.explorer import READERS
from gateway.web.console.log_filter import Asked, parse_place, place_text
from gateway.web.console.log_words import QUARANTINED, Act, Told, person_words, short, told
from gateway.web.console.pages import fragment, is_htmx, page
from gateway.web.console.proofs import section
from gateway.web.console.visitor import Visiting, only
from gateway.web.services import Offered, offered

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(*READERS))])

WITHDRAWN: Final = Act("Copy withdrawn", "slash", QUARANTINED)


@dataclass(frozen=True, slots=True)
class Moment:
    """One act of a life. again: how many like it followed at once.

    listed: None for what the database says and no entry of this image. told: None for a text that is none.
    """

    at: datetime
    listed: ListedEntry | None
    told: Told | None
    who: str
    again: int = 0


@router.get("/audit/assets/{asset_id}")
def show(
    request: Request,
    visitor: Visiting,
    services: Offered,
    asset_id: str,
    after: Annotated[str | None, Query(max_length=60)] = None,
) -> Response:
    life = offered(services.log).lives.read(visitor.principal, asset_id, after=parse_place(after))
    context: dict[str, Any] = {
        "life": life,
        "moments": moments(life) if after is None else [one for one in moments(life) if one.listed],
        "more": None if life.more is None else f"/audit/assets/{asset_id}?after={place_text(life.more)}",
        "first": after is None,
        "searches": Asked().only(about=asset_id),
        "short": short,
    }
    if is_htmx(request):
        return fragment(request, visitor, "audit/_life.html", **context)
    if life.state is not None:
        context |= section(services.proofs, visitor, asset_id, life.state)
    trail = (("Audit", "/audit"), (f"Life of {short(asset_id)}", None))
    return page(request, visitor, "audit/life.html", trail=trail, **context)


def moments(life: Life) -> list[Moment]:
    """The acts in their order; the same person's repeated looks at one copy stand in one line."""
    found: list[Moment] = []
    for listed in life.entries:
        entry, at = listed.entry, moment(listed.place.at)
        if entry is None:
            found.append(Moment(at, listed, None, ""))
            continue
        words = told(entry, life.people, leave_out=frozenset({life.subject}))
        last = found[-1] if found else None
        if last is not None and _is_another_look(last.listed, listed):
            found[-1] = replace(last, again=last.again + 1)
        else:
            found.append(Moment(at, listed, words, person_words(entry.actor, life.people)))
    return sorted([*found, *_withdrawals(life)], key=lambda one: one.at)


def _withdrawals(life: Life) -> list[Moment]:
    """By an act on the data set, or by the copy that takes its place: no entry names the withdrawn one."""
    upto = None if life.more is None else moment(life.more.at)
    return [
        Moment(copy.withdrawn_at, None, Told(WITHDRAWN, "", f"{short(copy.id)} is delivered no more"), "")
        for copy in life.copies
        if copy.withdrawn_at is not None and (upto is None or copy.withdrawn_at <= upto)
    ]


def _is_another_look(one: ListedEntry | None, other: ListedEntry) -> bool:
    if one is None or one.entry is None or other.entry is None or one.entry.action != "copy.delivered":
        return False
    return _look(one.entry) == _look(other.entry)


def _look(entry: Entry) -> tuple[object, ...]:
    """What two looks at one copy have in common: whichever frame of it each showed."""
    details = {name: value for name, value in entry.details.items() if name != "frame"}
    return entry.action, entry.actor, entry.subject, details
