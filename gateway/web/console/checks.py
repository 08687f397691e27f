"""/audit/checks: the whole log verified now, how far that is, and what it found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response

from gateway.store.queries.log_checks import FAILED, RUNNING, CheckRecord
from gateway.web.console.log_words import short
from gateway.web.console.pages import fragment, goto, is_htmx, page
from gateway.web.console.visitor import Acting, Visiting, only
from gateway.web.services import Offered, offered
from policies.access import Role

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.AUDITOR, Role.OFFICER))])

SHOWN: Final = 20
"""Earlier verifications on one page."""

QUESTIONS: Final = (
    ("Every entry is what its leaf was made of", ("entry.leaf", "entry.malformed")),
    ("Order without gap or repeat", ("index.missing", "index.order")),
    ("Each writer's own chain holds", ("writer.gap", "writer.order", "writer.previous")),
    (
        "Signed by the log's key",
        ("checkpoint.signature", "checkpoint.malformed", "checkpoint.origin", "log.unproven"),
    ),
    (
        "Every signed root is met",
        ("checkpoint.root", "checkpoint.order", "checkpoint.repeated", "log.truncated"),
    ),
    (
        "As the file kept outside says",
        (
            "outside.root",
            "outside.order",
            "outside.empty",
            "outside.signature",
            "outside.malformed",
            "outside.origin",
            "log.rolled_back",
            "log.split_view",
        ),
    ),
)
"""What a verification asks, and the findings that deny it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One question of a verification. holds: None where it was not asked."""

    words: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """running: the verification that runs now. last: the newest that came to a verdict."""

    running: CheckRecord | None
    last: CheckRecord | None
    answers: tuple[Answer, ...]


def verdict_of(newest: Sequence[CheckRecord]) -> Verdict:
    running = next((check for check in newest if check.state == RUNNING), None)
    last = next((check for check in newest if check.state not in (RUNNING, FAILED)), None)
    return Verdict(running, last, answers_of(last))


def answers_of(check: CheckRecord | None) -> tuple[Answer, ...]:
    if check is None or check.report is None or "findings" not in check.report:
        return ()
    codes = {finding["code"] for finding in check.report["findings"] if finding["severity"] == "failure"}
    told = [Answer(words, not codes.intersection(denied)) for words, denied in QUESTIONS]
    if check.report["outside_met"] is None:
        told[-1] = Answer("No file was kept outside", None)
    return tuple(told)


@router.post("/audit/checks")
def begin(request: Request, visitor: Acting, services: Offered) -> Response:
    check = offered(services.log).checks.start(visitor.principal)
    return goto(request, f"/audit/checks/{check.id}")


@router.get("/audit/checks")
def earlier(request: Request, visitor: Visiting, services: Offered) -> Response:
    log = offered(services.log)
    found = log.checks.newest(visitor.principal, limit=SHOWN)
    people = log.explorer.people(visitor.principal, {check.asked_by for check in found})
    trail = (("Audit", "/audit"), ("Verifications", None))
    return page(request, visitor, "audit/checks.html", trail=trail, checks=found, people=people)


@router.get("/audit/checks/{check_id}")
def show(request: Request, visitor: Visiting, services: Offered, check_id: str) -> Response:
    log = offered(services.log)
    check = log.checks.read(visitor.principal, check_id)
    people = log.explorer.people(visitor.principal, {check.asked_by})
    context: dict[str, Any] = {
        "check": check,
        "answers": answers_of(check),
        "asked_by": people.get(check.asked_by),
        "report": check.report or {},
    }
    if is_htmx(request) and check.state == RUNNING:
        return fragment(request, visitor, "audit/_check.html", **context)
    if is_htmx(request):
        return goto(request, request.url.path)  # it is over: the page says what can be done now
    trail = (("Audit", "/audit"), ("Verifications", "/audit/checks"), (short(check.id), None))
    return page(request, visitor, "audit/check.html", trail=trail, **context)
