"""Batches: what one sender brings in together, counted by state and reason. Ids and numbers only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.services.authorize import authorize
from gateway.services.ids import new_id
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import batches, datasets
from gateway.store.records import BatchAssetRecord, BatchCount, BatchRecord
from policies.access import INSTALLATION, Action, Principal, Resource
from policies.lifecycle import AssetState

PAGE = 500
"""Assets in one answer of `assets`; batches in one of `list`."""

UNSETTLED = frozenset({AssetState.RECEIVED, AssetState.PROCESSING})


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """A batch and how its uploads stand."""

    batch: BatchRecord
    counts: Sequence[BatchCount]

    @property
    def uploads(self) -> int:
        return sum(count.uploads for count in self.counts)

    @property
    def duplicates(self) -> int:
        return sum(count.duplicates for count in self.counts)

    @property
    def unsettled(self) -> int:
        return sum(count.uploads for count in self.counts if count.state in UNSETTLED)

    @property
    def done(self) -> bool:
        """All was sent, as far as the sender said, and nothing more happens to any of it by itself."""
        expected = self.batch.expected
        sent = self.batch.closed_at is not None or (expected is not None and self.uploads >= expected)
        return sent and self.unsettled == 0


class Batches:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, principal: Principal, *, dataset_id: str, expected: int | None) -> BatchProgress:
        """expected: how many uploads are to come, if that is known. Raises AccessDenied, NotFound."""
        now = self._clock()
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
        resource = Resource("Dataset", dataset_id)
        authorize(self._database, principal, Action.BATCH_CREATE, resource, now=now)
        record = BatchRecord(new_id("batch"), dataset_id, principal.id, expected, 0, now, None)
        with self._database.unit() as unit:
            batches.add(unit.session, record)
            unit.ledger.record(
                actor=principal.id,
                action="batch.created",
                subject=record.id,
                dataset=dataset_id,
                expected=-1 if expected is None else expected,
            )
        return BatchProgress(record, ())

    def close(self, principal: Principal, batch_id: str, *, refused: int) -> BatchProgress:
        """The sender has sent all. refused: how many were not taken. Raises AccessDenied, NotFound."""
        now = self._clock()
        self._authorize(principal, Action.BATCH_FILL, batch_id, now)
        with self._database.unit() as unit:
            open_before = batches.get(unit.session, batch_id).closed_at is None
            batches.close(unit.session, batch_id, refused=refused, now=now)
            if open_before:
                unit.ledger.record(
                    actor=principal.id, action="batch.closed", subject=batch_id, refused=refused
                )
        return self._progress(batch_id)

    def read(self, principal: Principal, batch_id: str) -> BatchProgress:
        """Raises AccessDenied, NotFound."""
        self._authorize(principal, Action.BATCH_READ, batch_id, self._clock())
        return self._progress(batch_id)

    def assets(self, principal: Principal, batch_id: str, *, after: str = "") -> Sequence[BatchAssetRecord]:
        """A page of the batch's assets, by id, beginning behind `after`. Raises AccessDenied, NotFound."""
        self._authorize(principal, Action.BATCH_READ, batch_id, self._clock())
        with self._database.reading() as session:
            return batches.assets_of(session, batch_id, after=after, limit=PAGE)

    def list(self, principal: Principal) -> list[BatchProgress]:
        """The newest batches. Raises AccessDenied."""
        authorize(self._database, principal, Action.BATCH_LIST, INSTALLATION, now=self._clock())
        with self._database.reading() as session:
            return [
                BatchProgress(record, batches.counts(session, record.id))
                for record in batches.all_batches(session, limit=PAGE)
            ]

    def _authorize(self, principal: Principal, action: Action, batch_id: str, now: datetime) -> None:
        with self._database.reading() as session:
            batch = batches.get(session, batch_id)
        resource = Resource("Batch", batch.id, batch.dataset_id, batch.created_by)
        authorize(self._database, principal, action, resource, now=now)

    def _progress(self, batch_id: str) -> BatchProgress:
        with self._database.reading() as session:
            return BatchProgress(batches.get(session, batch_id), batches.counts(session, batch_id))
