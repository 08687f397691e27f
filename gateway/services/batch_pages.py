"""A sender's batches, and the images in them, page by page: for somebody who looks, not for a program."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from gateway.services.authorize import authorize
from gateway.services.batches import UNSETTLED, BatchProgress
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import batch_pages, batches
from gateway.store.records import BatchImageRecord, BatchRecord
from policies.access import Action, Principal, Resource
from policies.lifecycle import AssetState

Row = TypeVar("Row")

BATCHES = 25
IMAGES = 50
NAMED = 200
"""Images that are asked for by name at once."""

MAX_CODES = 100
"""Different reasons that one batch keeps: the product has some forty."""


class Show(StrEnum):
    """Which images of a batch."""

    ALL = "all"
    UNFINISHED = "unfinished"
    ATTENTION = "attention"


STATES: Mapping[Show, frozenset[AssetState] | None] = {
    Show.ALL: None,
    Show.UNFINISHED: UNSETTLED,
    Show.ATTENTION: frozenset({AssetState.NEEDS_REVIEW, AssetState.QUARANTINED}),
}


@dataclass(frozen=True, slots=True)
class SentBatch:
    """refused: files that its sender says were not taken, by reason."""

    progress: BatchProgress
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Page:
    """newer, older: whether there is more on that side."""

    rows: Sequence[SentBatch]
    newer: bool
    older: bool


@dataclass(frozen=True, slots=True)
class ImagePage:
    """newer, older: whether there is more on that side."""

    rows: Sequence[BatchImageRecord]
    newer: bool
    older: bool


class BatchPages:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def mine(
        self, principal: Principal, *, older_than: str | None = None, newer_than: str | None = None
    ) -> Page:
        """The principal's own batches, the newest first.

        older_than, newer_than: the id of a batch beyond which the page lies. Raises AccessDenied, NotFound.
        """
        own = Resource("Batch", "own", owner=principal.id)
        authorize(self._database, principal, Action.BATCH_READ, own, now=self._clock())
        older = None if older_than is None else self._own(principal, Action.BATCH_READ, older_than)
        newer = None if newer_than is None else self._own(principal, Action.BATCH_READ, newer_than)
        with self._database.reading() as session:
            found = batch_pages.of_sender(session, principal.id, older=older, newer=newer, limit=BATCHES + 1)
            rows, more_newer, more_older = _trimmed(
                found, BATCHES, backwards=newer is not None, marked=older is not None
            )
            ids = [batch.id for batch in rows]
            counts, refused = batch_pages.counts_of(session, ids), batch_pages.refused_of(session, ids)
        sent = [SentBatch(BatchProgress(row, counts[row.id]), refused[row.id]) for row in rows]
        return Page(sent, more_newer, more_older)

    def read(self, principal: Principal, batch_id: str) -> SentBatch:
        """Raises NotFound, AccessDenied."""
        batch = self._own(principal, Action.BATCH_READ, batch_id)
        with self._database.reading() as session:
            progress = BatchProgress(batch, batches.counts(session, batch_id))
            return SentBatch(progress, batch_pages.refused_of(session, [batch_id])[batch_id])

    def is_open(self, principal: Principal, batch_id: str) -> bool:
        """Whether it takes more. Raises NotFound, AccessDenied."""
        return self._own(principal, Action.BATCH_READ, batch_id).closed_at is None

    def images(
        self,
        principal: Principal,
        batch_id: str,
        *,
        show: Show = Show.ALL,
        before: str | None = None,
        after: str | None = None,
    ) -> ImagePage:
        """A page of the batch's images, the last that came in first. Raises NotFound, AccessDenied."""
        self._own(principal, Action.BATCH_READ, batch_id)
        with self._database.reading() as session:
            found = batch_pages.images(
                session, batch_id, states=STATES[show], before=before, after=after, limit=IMAGES + 1
            )
        return ImagePage(*_trimmed(found, IMAGES, backwards=after is not None, marked=before is not None))

    def named(
        self, principal: Principal, batch_id: str, asset_ids: Collection[str]
    ) -> list[BatchImageRecord]:
        """How these of the batch's images stand, NAMED at most. Raises NotFound, AccessDenied."""
        self._own(principal, Action.BATCH_READ, batch_id)
        with self._database.reading() as session:
            return batch_pages.images_named(session, batch_id, list(asset_ids)[:NAMED])

    def refuse(self, principal: Principal, batch_id: str, code: str, files: int) -> None:
        """Notes that the sender did not send so many files, for this reason, or was refused them.

        Nothing else of them is here, so it is the sender's own word. Raises NotFound, AccessDenied.
        """
        self._own(principal, Action.BATCH_FILL, batch_id)
        with self._database.unit() as unit:
            known = batch_pages.refused_of(unit.session, [batch_id])[batch_id]
            if code in known or len(known) < MAX_CODES:
                batch_pages.add_refused(unit.session, batch_id, code, files)

    def _own(self, principal: Principal, action: Action, batch_id: str) -> BatchRecord:
        with self._database.reading() as session:
            batch = batches.get(session, batch_id)
        resource = Resource("Batch", batch.id, batch.dataset_id, batch.created_by)
        authorize(self._database, principal, action, resource, now=self._clock())
        return batch


def _trimmed(
    found: Sequence[Row], limit: int, *, backwards: bool, marked: bool
) -> tuple[Sequence[Row], bool, bool]:
    """One row more was asked for than is shown; whether it came says if there is more on that side.

    backwards: the page was read from its end. marked: it lies behind a row, which is newer.
    """
    more = len(found) > limit
    if backwards:
        return found[-limit:], more, True
    return found[:limit], marked, more
