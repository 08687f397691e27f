"""/home: what the officer sees first. Every number opens the rows behind it; live figures swap in place."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from gateway.services.overview import Days, Overview, share
from gateway.store.queries.tallies import Outcome
from gateway.web.console import plots, reasons
from gateway.web.console.desk import desk_of
from gateway.web.console.integrity import integrity_of
from gateway.web.console.pages import page, templates
from gateway.web.console.visitor import Visiting, Visitor, only
from policies.access import Role

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.OFFICER))])

Period = Annotated[Literal["14", "90"], Query()]

SHOWN_DATASETS = 9
"""On the first page; those that need somebody come first."""

SHOWN_CAUSES = 3
"""Causes of quarantine among what waits for the officer."""


@router.get("/home")
def home(request: Request, visitor: Visiting, days: Period = "14") -> Response:
    told = _told(request, visitor, int(days))
    return page(request, visitor, "home/home.html", trail=(("Home", None),), **told)


@router.get("/home/live")
def live(request: Request, visitor: Visiting, days: Period = "14", seen: str = "") -> Response:
    """The figures anew, where they differ from those that were seen."""
    told = _told(request, visitor, int(days))
    if told["seen"] == seen:
        return Response(status_code=204)
    return templates.TemplateResponse(request, "home/_live.html", told)


@router.get("/home/datasets")
def all_datasets(request: Request, visitor: Visiting) -> Response:
    now = desk_of(request).overviews.now(visitor.principal)
    trail = (("Home", "/home"), ("Datasets", None))
    datasets = sorted(now.datasets, key=lambda one: one.dataset.name.casefold())
    return page(request, visitor, "home/datasets.html", trail=trail, datasets=datasets)


@router.get("/home/refused")
def refused(request: Request, visitor: Visiting, days: Period = "14") -> Response:
    happened = desk_of(request).overviews.days(visitor.principal, back=int(days))
    trail = (("Home", "/home"), ("Refused", None))
    rows = [(reasons.words(code), code, number) for code, number in happened.refused.items()]
    return page(request, visitor, "home/refused.html", trail=trail, rows=rows, days=days)


def _told(request: Request, visitor: Visitor, back: int) -> dict[str, Any]:
    desk = desk_of(request)
    now, happened = desk.overviews.now(visitor.principal), desk.overviews.days(visitor.principal, back=back)
    told = {
        "days": back,
        "now": now,
        "happened": happened,
        "today": _today(happened),
        "vault": desk.vault.read(visitor.principal),
        "integrity": integrity_of(request),
        "causes": [(reasons.words(code), code, number) for code, number in now.held],
        "shown_causes": SHOWN_CAUSES,
        "datasets": _most_pressing(now),
        "images": _images_a_day(happened),
        "shares": _shares(happened),
        "first_name": visitor.name.split()[0],
        "greeting": _greeting(now.now),
        "todo": len(now.to_approve) + min(len(now.held), SHOWN_CAUSES),
    }
    drawn = templates.get_template("home/_figures.html").render(told)
    return told | {"figures": drawn, "seen": hashlib.sha256(drawn.encode()).hexdigest()[:16]}


def _today(happened: Days) -> dict[str, Any]:
    at_once, asked, reviewed = (
        happened.numbers[outcome][-1] for outcome in (Outcome.AT_ONCE, Outcome.TO_REVIEW, Outcome.REVIEWED)
    )
    return {
        "released": at_once + reviewed,
        "share": share(at_once, asked),
        "day": happened.days[-1].isoformat(),
        "held": happened.numbers[Outcome.QUARANTINED][-1],
    }


def _most_pressing(now: Overview) -> list[Any]:
    order = sorted(
        now.datasets, key=lambda one: (-(one.held + one.review), -one.working, one.dataset.name.casefold())
    )
    return order[:SHOWN_DATASETS]


def _images_a_day(happened: Days) -> dict[str, Any]:
    series = [
        plots.Series("Released at once", "f-acc", happened.numbers[Outcome.AT_ONCE]),
        plots.Series("Released after review", "f-rev", happened.numbers[Outcome.REVIEWED]),
        plots.Series("Quarantined", "f-quar", happened.numbers[Outcome.QUARANTINED]),
    ]
    names = [f"{day:%-d %b %Y}" for day in happened.days]
    says = f"Images a day, {names[0]} to {names[-1]}: " + ", ".join(
        f"{sum(one.values):,} {one.name.lower()}" for one in series
    )
    return {
        "plot": plots.stacked(_labels(happened.days), series, says=says, words=names),
        "series": series,
        "rows": list(zip(names, *(one.values for one in series), strict=True))[::-1],
    }


def _shares(happened: Days) -> dict[str, Any]:
    values = [None if value is None else 100 * value for value in happened.shares()]
    known = [value for value in values if value is not None]
    names = [f"{day:%-d %b %Y}" for day in happened.days]
    says = (
        f"Released without a person, a day: between {min(known):.0f} and {max(known):.0f} %"
        if known
        else "No image was anonymized in this time"
    )
    text = f"{known[-1]:.0f} %" if known else ""
    return {
        "plot": plots.curve(_labels(happened.days), values, says=says, text=text, most=100),
        "known": bool(known),
        "rows": [
            (name, "–" if value is None else f"{value:.1f} %")
            for name, value in zip(names, values, strict=True)
        ][::-1],
    }


def _labels(days: Sequence[date]) -> list[str]:
    """The day of the month; with many days the month too."""
    return [f"{day:%-d}" if len(days) <= plots.WORDS else f"{day:%-d %b}" for day in days]


def _greeting(now: datetime) -> str:
    hour = now.astimezone().hour
    if hour < 5:
        return "Good night"
    return "Good morning" if hour < 12 else "Good afternoon" if hour < 18 else "Good evening"
