"""The broker: sanitized copies to those who hold a grant, each delivery on the log before its bytes.

It is handed a CopyReader built with the copies' key alone. It imports neither the vault nor the imaging
room, so nothing in this file can name an original, let alone open one.
"""

from __future__ import annotations

from typing import Final

from gateway.errors import NotFound, Withdrawn
from gateway.services.authorize import authorize, lease_of
from gateway.services.disclosure import Delivery, Disclosure, Given, Refused, judge
from gateway.services.ports import Clock, CopyReader, CutFrame
from gateway.store.database import Database, Unit
from gateway.store.queries import assets, copies, datasets, grants
from gateway.store.records import CopyRecord, GrantRecord
from policies.access import Action, Principal, Resource

PAGE: Final = 100
"""Copies in one answer of `list`."""


class Broker:
    """cut: of a copy of several frames, for those who label them one by one."""

    def __init__(self, database: Database, reader: CopyReader, clock: Clock, *, cut: CutFrame) -> None:
        self._database = database
        self._clock = clock
        self._way = Disclosure(
            database, reader, entry="copy.delivered", failure="copy.delivery_failed", cut=cut
        )

    def deliver(self, principal: Principal, copy_id: str, *, frame: int | None = None) -> Delivery:
        """A copy, or of one of several frames a picture of a single one, counted from 0; its entry names it.

        A copy of one frame is itself that picture. Raises NotFound, also for a frame that is not there,
        Withdrawn, AccessDenied, LedgerUnavailable, VaultError: no byte leaves.
        """
        return self._way.give(principal, lambda unit: self._settle(unit, principal, copy_id, frame))

    def undelivered(self, principal: Principal, delivery: Delivery, *, sent: int, reason: str) -> None:
        """Records that a delivery which is on the log did not reach its end.

        sent: bytes that may have arrived. reason: disclosure's UNREADABLE or INTERRUPTED. Raises nothing.
        """
        of, frame = len(delivery.data), delivery.frame
        self._way.fell_short(principal, delivery.copy, sent=sent, reason=reason, of=of, frame=frame)

    def list(self, principal: Principal, dataset_id: str, *, after: str = "") -> list[CopyRecord]:
        """A page of a dataset's released copies, by id, beginning behind `after`."""
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
            grant = grants.best_for(session, person_id=principal.id, dataset_id=dataset_id)
        self._authorize(principal, Action.COPY_LIST, Resource("Dataset", dataset_id), grant)
        with self._database.reading() as session:
            return copies.released_in(session, dataset_id, after=after, limit=PAGE)

    def original(self, principal: Principal, asset_id: str) -> None:
        """Asks for an original. No rule allows it: an entry, and AccessDenied. NotFound for no such asset."""
        with self._database.reading() as session:
            asset = assets.get(session, asset_id)
        resource = Resource("Asset", asset.id, asset.dataset_id, asset.uploader_id)
        self._authorize(principal, Action.ORIGINAL_READ, resource, None)

    def _settle(self, unit: Unit, principal: Principal, copy_id: str, frame: int | None) -> Given | Refused:
        """Holds copy, grant and person: a revocation comes wholly before the entry, or wholly after it."""
        copy = copies.get(unit.session, copy_id, hold=True)
        grant = grants.best_for(unit.session, person_id=principal.id, dataset_id=copy.dataset_id, hold=True)
        resource = Resource("Copy", copy.id, copy.dataset_id)
        refused = judge(unit, principal, Action.COPY_READ, resource, now=self._clock(), lease=lease_of(grant))
        if refused is not None:
            return refused
        if copy.withdrawn_at is not None:
            raise Withdrawn(f"copy {copy_id} was withdrawn; the dataset's list has what took its place")
        if grant is None or not copies.is_released(unit.session, copy, hold=True):
            raise NotFound(f"copy {copy_id} is not released")
        if frame is not None and frame >= copy.frames:
            raise NotFound(f"copy {copy_id} has no frame {frame}; it has {copy.frames}, counted from 0")
        only = frame if copy.frames > 1 else None
        return Given(copy, {"grant": grant.id, "purpose": grant.purpose}, only)

    def _authorize(
        self, principal: Principal, action: Action, resource: Resource, grant: GrantRecord | None
    ) -> None:
        authorize(self._database, principal, action, resource, now=self._clock(), grant=grant)
