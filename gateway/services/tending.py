"""Assets as those see them who tend the installation: ids, states, reasons; and what is held, put through
again.
"""

from __future__ import annotations

import logging
from typing import Final

from gateway.errors import Conflict
from gateway.services.authorize import authorize
from gateway.services.ports import Clock, Enqueue
from gateway.store.database import Database
from gateway.store.queries import assets, datasets
from gateway.store.records import AssetRecord
from policies.access import Action, Principal, Resource
from policies.lifecycle import AssetState

log = logging.getLogger("privgate.tending")

PAGE: Final = 100
"""Assets in one answer of `list`."""

BY_PEOPLE: Final = "review."
"""What the reasons of people begin with: what somebody held after looking, no machine lets go."""


class Tending:
    """enqueue: asks for the anonymization of an asset; what it cannot ask for, the sweep does."""

    def __init__(self, database: Database, enqueue: Enqueue, clock: Clock) -> None:
        self._database = database
        self._enqueue = enqueue
        self._clock = clock

    def list(
        self, principal: Principal, dataset_id: str, *, state: AssetState | None = None, after: str = ""
    ) -> list[AssetRecord]:
        """A page of a dataset's assets, by id, beginning behind `after`. Raises NotFound, AccessDenied."""
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
        resource = Resource("Dataset", dataset_id)
        authorize(self._database, principal, Action.ASSET_LIST, resource, now=self._clock())
        with self._database.reading() as session:
            return assets.page(session, dataset_id, state=state, after=after, limit=PAGE)

    def requeue(self, principal: Principal, asset_id: str) -> AssetRecord:
        """Has a quarantined image put through again. Raises NotFound, AccessDenied, Conflict."""
        with self._database.reading() as session:
            asset = assets.get(session, asset_id)
        resource = Resource("Asset", asset.id, asset.dataset_id, asset.uploader_id)
        authorize(self._database, principal, Action.ASSET_REQUEUE, resource, now=self._clock())
        return self.requeue_here(asset_id, actor=principal.id)

    def requeue_here(self, asset_id: str, *, actor: str) -> AssetRecord:
        """The same by whoever sits at the installation itself. Raises NotFound, Conflict."""
        # (1) One transaction: the state and its entry. A crash behind it: the sweep enqueues.
        with self._database.unit() as unit:
            asset = assets.get(unit.session, asset_id, hold=True)
            if asset.state is not AssetState.QUARANTINED:
                raise Conflict(
                    f"asset {asset_id} is {asset.state.value}: only what is quarantined is put again"
                )
            if (asset.reason or "").startswith(BY_PEOPLE):
                raise Conflict(f"asset {asset_id} was quarantined by a person, and stays so")
            again = assets.put_again(unit.session, asset_id, now=self._clock())
            unit.ledger.record(
                actor=actor, action="asset.requeued", subject=asset_id, was=asset.reason or "none"
            )
        # (2) Enqueue.
        try:
            self._enqueue(again.id, again.attempts)
        except Exception as exc:
            log.warning("asset %s: not enqueued yet: %s", again.id, type(exc).__name__)
        return again
