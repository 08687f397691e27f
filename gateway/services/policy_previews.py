"""Previews of a policy on a dataset's newest originals: asked for by an officer, run by a worker, on the log.

Nothing of it is released and no copy is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.errors import NotFound
from gateway.services.authorize import authorize, lease_of
from gateway.services.ids import new_id
from gateway.services.policy_refs import keep, previewable
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import copies, datasets, grants, policy_previews
from gateway.store.records import PreviewRecord
from policies.access import Action, Allowed, Principal, Resource, decide

MAX_IMAGES = 200
"""Of one preview: some minutes of a worker's time."""


class PolicyPreviews:
    """The officer's end."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ask(self, principal: Principal, reference: str, *, dataset_id: str, last: int) -> PreviewRecord:
        """last: the number of newest originals. Raises NotFound, AccessDenied, Conflict."""
        now = self._authorize(principal, dataset_id)
        with self._database.unit() as unit:
            found = previewable(unit.session, reference)
            keep(unit.session, found)
            record = PreviewRecord(
                new_id("preview"), found.id, found.version, dataset_id, principal.id, last, now
            )
            policy_previews.add(unit.session, record)
            unit.ledger.record(
                actor=principal.id,
                action="policy.preview_asked",
                subject=record.id,
                policy=found.id,
                version=found.version,
                dataset=dataset_id,
                last=last,
            )
        return record

    def read(self, principal: Principal, preview_id: str) -> PreviewRecord:
        """Raises NotFound, AccessDenied."""
        with self._database.reading() as session:
            record = policy_previews.get(session, preview_id)
        self._authorize(principal, record.dataset_id)
        return record

    def purpose(self, principal: Principal, preview_id: str) -> str | None:
        """For what this person may see the dataset's sanitized copies now; None without a grant that holds.

        Raises NotFound, AccessDenied.
        """
        record = self.read(principal, preview_id)
        with self._database.reading() as session:
            grant = grants.best_for(session, person_id=principal.id, dataset_id=record.dataset_id)
        copies_there = Resource("Dataset", record.dataset_id)
        decision = decide(principal, Action.COPY_LIST, copies_there, now=self._clock(), lease=lease_of(grant))
        return grant.purpose if grant is not None and isinstance(decision, Allowed) else None

    def copy_of(self, principal: Principal, preview_id: str, asset_id: str) -> str:
        """The id of the newest copy of one of the preview's images. Raises NotFound, AccessDenied."""
        record = self.read(principal, preview_id)
        images = record.result["assets"] if record.result else ()
        with self._database.reading() as session:
            newest = copies.newest_of(session, asset_id)
        if newest is None or not any(image["asset"] == asset_id for image in images):
            raise NotFound("there is no copy of such an image in this preview")
        return newest.id

    def _authorize(self, principal: Principal, dataset_id: str) -> datetime:
        now = self._clock()
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
        resource = Resource("Dataset", dataset_id)
        authorize(self._database, principal, Action.POLICY_PREVIEW, resource, now=now)
        return now


def share(counts: Mapping[str, Any], when: str) -> float | None:
    """The share released without a person, "before" or "after"; None without images."""
    released: int = counts[f"released_{when}"]
    return released / counts["images"] if counts["images"] else None
