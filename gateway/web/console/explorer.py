"""/audit: the log as auditors and officers look through it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from gateway.services.log_explorer import Searched
from gateway.store.log_terms import moment
from gateway.store.queries.log_search import ListedEntry
from gateway.store.queries.names import Known
from gateway.web.console.checks import verdict_of
from gateway.web.console.log_filter import Asked, Understood, parse_place, understand
from gateway.web.console.log_words import ACTS, Told, person_words, short, told
from gateway.web.console.pages import fragment, is_htmx, page
from gateway.web.console.visitor import Visiting, Visitor, only
from gateway.web.services import Log, Offered, offered
from policies.access import Role

READERS: Final = (Role.AUDITOR, Role.OFFICER)

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(*READERS))])

Text = Annotated[str, Query(max_length=200)]

KEPT: Final = (
    ("Denied", {"act": "access.denied"}),
    ("Copies shown", {"act": "copy.delivered"}),
    ("Originals opened", {"act": "original.shown"}),
    ("Copies proven", {"act": "copy.proven"}),
    ("Grants given", {"act": "grant.created"}),
    ("Policies in effect", {"act": "dataset.policy_applied"}),
    ("Searches of this log", {"act": "audit.searched"}),
    ("Verifications", {"act": "audit.verified"}),
)
"""Searches that are made often, as links."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table. told: None where the row holds no entry. who: a name, or an id made short."""

    listed: ListedEntry
    told: Told | None
    who: str
    actor: Known | None
    on: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page lists, and where to go on. back: how far it looked, where it stopped too early."""

    lines: tuple[Line, ...]
    searched: Searched
    older: str | None
    newer: str | None
    back: datetime | None


@router.get("/audit")
def explore(
    request: Request,
    visitor: Visiting,
    services: Offered,
    person: Text = "",
    about: Text = "",
    act: Text = "",
    since: Text = "",
    until: Text = "",
    before: Text | None = None,
    after: Text | None = None,
) -> Response:
    log = offered(services.log)
    asked = Asked(person.strip(), about.strip(), act, since, until)
    meant, choices = _meant(log, visitor, asked.person)
    understood = understand(asked, meant)
    faults = _faults(understood, asked, meant, choices)
    shown = None
    if not faults:
        shown = _shown(log, visitor, asked, understood, before, after)
    context: dict[str, Any] = {
        "asked": asked,
        "faults": faults,
        "choices": choices if meant is None else [],
        "shown": shown,
        "acts": sorted(ACTS.items(), key=lambda item: item[1].words),
        "kept": [(words, asked.only(**fields), asked == Asked(**fields)) for words, fields in KEPT],
    }
    if is_htmx(request):
        return fragment(request, visitor, "audit/_entries.html", **context)
    context["verdict"] = verdict_of(log.checks.newest(visitor.principal))
    trail = (("Audit", None), ("Explorer", None))
    return page(request, visitor, "audit/explorer.html", trail=trail, **context)


def _meant(log: Log, visitor: Visitor, text: str) -> tuple[str | None, list[Known]]:
    """Whose id the field stands for; or those whose name it may be. Processes of ours have ids too."""
    if not text:
        return None, []
    known = log.explorer.people_called(visitor.principal, text)
    if len(known) == 1:
        return known[0].id, known
    return (text if not known and " " not in text and text.isascii() else None), known


def _faults(understood: Understood, asked: Asked, meant: str | None, choices: list[Known]) -> dict[str, str]:
    faults = dict(understood.faults)
    if asked.person and meant is None:
        faults["person"] = "Several have this name: choose one." if choices else "Nobody has this name or id."
    return faults


def _shown(
    log: Log, visitor: Visitor, asked: Asked, understood: Understood, before: str | None, after: str | None
) -> Shown:
    searched = log.explorer.search(
        visitor.principal, understood.wanted, before=parse_place(before), after=parse_place(after)
    )
    found = searched.found
    return Shown(
        lines=tuple(line_of(listed, searched.people) for listed in found.entries),
        searched=searched,
        older=None if found.older is None else asked.link(before=found.older),
        newer=None if found.newer is None else asked.link(after=found.newer),
        back=None if found.looked_back_to is None else moment(found.looked_back_to.at),
    )


def line_of(listed: ListedEntry, people: dict[str, Known]) -> Line:
    entry = listed.entry
    if entry is None:
        return Line(listed, None, "", None, "")
    words = told(entry, people, leave_out=frozenset({entry.subject}))
    on = person_words(entry.subject, people) if entry.subject in people else short(entry.subject)
    return Line(listed, words, person_words(entry.actor, people), people.get(entry.actor), on)
