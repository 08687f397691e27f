"""How reviewing goes, for officers: how many decisions, how long they took, how often two differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import review_work
from gateway.store.queries.review_work import Took
from policies.access import INSTALLATION, Action, Principal


@dataclass(frozen=True, slots=True)
class Pace:
    """median, p90: seconds from taking an image to the decision on it; None without a decision."""

    name: str
    decisions: int
    median: int | None
    p90: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """pairs: images that two people decided on; differed: those of them that went to a third."""

    all: Pace
    reviewers: tuple[Pace, ...]
    datasets: tuple[Pace, ...]
    pairs: int
    differed: int


class ReviewFigures:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def read(self, principal: Principal, *, days: int) -> Figures:
        """Of the last so many days. Raises AccessDenied."""
        now = self._clock()
        authorize(self._database, principal, Action.REVIEW_FIGURES, INSTALLATION, now=now)
        since = now - timedelta(days=days)
        with self._database.reading() as session:
            took = review_work.seconds_taken(session, since=since)
            pairs, differed = review_work.pairs(session, since=since)
        return Figures(
            all=pace("All", took),
            reviewers=_by(took, lambda one: one.reviewer or one.reviewer_id),
            datasets=_by(took, lambda one: one.dataset),
            pairs=pairs,
            differed=differed,
        )


def pace(name: str, took: Sequence[Took]) -> Pace:
    return Pace(name, sum(one.number for one in took), _quantile(took, 0.5), _quantile(took, 0.9))


def _by(took: Iterable[Took], name: Callable[[Took], str]) -> tuple[Pace, ...]:
    """One pace a name, the one with most decisions first."""
    found: dict[str, list[Took]] = {}
    for one in took:
        found.setdefault(name(one), []).append(one)
    paces = [pace(key, rows) for key, rows in found.items()]
    return tuple(sorted(paces, key=lambda one: (-one.decisions, one.name)))


def _quantile(took: Iterable[Took], share: float) -> int | None:
    """The least number of seconds in which at least this share of the decisions was made."""
    ordered = sorted(took, key=lambda one: one.seconds)
    wanted, counted = share * sum(one.number for one in ordered), 0
    for one in ordered:
        counted += one.number
        if counted >= wanted:
            return one.seconds
    return None
