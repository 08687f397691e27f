"""A reviewer's day: what waits, what comes next, what they decided. Ids, risks and reasons: no image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlmodel import Session

from gateway.services.authorize import authorize
from gateway.services.policy_lines import rule_lines
from gateway.services.ports import Clock
from gateway.services.review_sheet import Sheet
from gateway.store.database import Database
from gateway.store.queries import datasets, review_work, reviews
from gateway.store.queries.review_work import Own, Waiting
from policies.access import INSTALLATION, Action, Principal
from policies.model import Kind
from policies.policy import Policy

PAGE = 50
STRIP = 24
"""Images on the film strip of the workbench."""


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """newer, older: the ids that the neighbouring pages begin behind; None where there is none."""

    rows: tuple[Row, ...]
    newer: str | None
    older: str | None


@dataclass(frozen=True, slots=True)
class Around:
    """What a reviewer is told besides the sheet. lines: of the policy's document, by kind."""

    dataset: str
    policy: Policy
    lines: Mapping[Kind, int]
    strip: tuple[Waiting, ...]


class ReviewWork:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def waiting(
        self, principal: Principal, *, after: str | None = None, before: str | None = None
    ) -> Page[Waiting]:
        """A page of the queue, others' images too. Raises AccessDenied, NotFound for an unknown mark."""
        now = self._allowed(principal)

        def read(session: Session, limit: int) -> list[Waiting]:
            return review_work.waiting(
                session, person_id=principal.id, now=now, after=after, before=before, limit=limit
            )

        return self._page(read, lambda row: row.id, after, before)

    def own(self, principal: Principal, *, after: str | None = None, before: str | None = None) -> Page[Own]:
        """A page of what this person decided. Raises AccessDenied, NotFound for an unknown mark."""
        self._allowed(principal)

        def read(session: Session, limit: int) -> list[Own]:
            return review_work.own(session, principal.id, after=after, before=before, limit=limit)

        return self._page(read, lambda row: row.review_id, after, before)

    def next(self, principal: Principal, *, behind: str | None = None) -> str | None:
        """The riskiest round that this person may take or holds; behind: the next one after that round."""
        now = self._allowed(principal)
        with self._database.reading() as session:
            found = reviews.queue(session, person_id=principal.id, now=now, after=behind, limit=1)
            if not found and behind is not None:  # the last one was left for later: begin at the top
                found = reviews.queue(session, person_id=principal.id, now=now, after=None, limit=1)
        return next((one.id for one in found if one.id != behind), None)

    def around(self, principal: Principal, sheet: Sheet) -> Around:
        """What stands around the sheet of a review that this person holds."""
        now = self._allowed(principal)
        version = sheet.copy.report["policy_version"]
        with self._database.reading() as session:
            strip = review_work.waiting(session, person_id=principal.id, now=now, limit=STRIP)
            return Around(
                dataset=datasets.get(session, sheet.review.dataset_id).name,
                policy=datasets.policy_at(session, version),
                lines=rule_lines(session, version),
                strip=tuple(one for one in strip if one.holder in (None, principal.id)),
            )

    def _allowed(self, principal: Principal) -> datetime:
        now = self._clock()
        authorize(self._database, principal, Action.REVIEW_LIST, INSTALLATION, now=now)
        return now

    def _page(
        self,
        read: Callable[[Session, int], list[Row]],
        key: Callable[[Row], str],
        after: str | None,
        before: str | None,
    ) -> Page[Row]:
        with self._database.reading() as session:
            rows = read(session, PAGE + 1)
        more = len(rows) > PAGE
        # One row more than the page tells whether there is another; going back it is the first, not the last.
        shown = rows[-PAGE:] if before is not None else rows[:PAGE]
        ahead = more if before is not None else after is not None
        further = before is not None or more
        return Page(
            tuple(shown),
            newer=key(shown[0]) if shown and ahead else None,
            older=key(shown[-1]) if shown and further else None,
        )
