"""The broker: sanitized copies to those who hold a grant, each delivery on the log before its bytes.

It is handed a CopyReader built with the copies' key alone. It imports neither the vault nor the imaging
room, so nothing in this file can name an original, let alone open one.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from gateway.errors import AccessDenied, NotFound, Withdrawn
from gateway.services.authorize import authorize, lease_of, record_denial
from gateway.services.ports import Clock, CopyReader
from gateway.services.suspension import SUSPENDED
from gateway.store.database import Database, Unit
from gateway.store.queries import assets, copies, datasets, grants, people
from gateway.store.records import CopyRecord, GrantRecord
from policies.access import Action, Allowed, Denied, Principal, Resource, decide

log = logging.getLogger("privgate.broker")

UNREADABLE = "unreadable"
INTERRUPTED = "interrupted"

PAGE = 100
"""Copies in one answer of `list`."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A whole copy that has authenticated."""

    copy: CopyRecord
    data: bytes


class Broker:
    def __init__(self, database: Database, reader: CopyReader, clock: Clock) -> None:
        self._database = database
        self._reader = reader
        self._clock = clock

    def deliver(self, principal: Principal, copy_id: str) -> Delivery:
        """A copy. Raises NotFound, Withdrawn, AccessDenied, LedgerUnavailable, VaultError: no byte leaves."""
        # (1) Decide and record in one transaction, which holds grant, copy and asset: a revocation comes
        # wholly before it, and is seen, or wholly after its entry. A denial is recorded too. A crash behind
        # the commit over-reports a disclosure, it never hides one.
        with self._database.unit() as unit:
            copy = copies.get(unit.session, copy_id, hold=True)
            grant = grants.best_for(
                unit.session, person_id=principal.id, dataset_id=copy.dataset_id, hold=True
            )
            resource = Resource("Copy", copy.id, copy.dataset_id)
            decision: Allowed | Denied = Denied(SUSPENDED)
            if not people.is_suspended(unit.session, principal.id, hold=True):
                lease = lease_of(grant)
                decision = decide(principal, Action.COPY_READ, resource, now=self._clock(), lease=lease)
            if isinstance(decision, Denied):
                record_denial(unit, principal, Action.COPY_READ, resource, decision)
            elif copy.withdrawn_at is not None:
                raise Withdrawn(f"copy {copy_id} was withdrawn; the dataset's list has what took its place")
            elif grant is None or not copies.is_released(unit.session, copy, hold=True):
                raise NotFound(f"copy {copy_id} is not released")
            else:
                _record_delivery(unit, principal, copy, grant)
        if isinstance(decision, Denied):
            raise AccessDenied(decision.reason)
        # (2) That is committed. Authenticate the whole copy; only then are there bytes to send.
        try:
            return Delivery(copy, self._reader.read(copy.id, copy.blob, copy.wrapped_key))
        except Exception:
            self.undelivered(principal, copy, sent=0, reason=UNREADABLE)
            raise

    def undelivered(self, principal: Principal, copy: CopyRecord, *, sent: int, reason: str) -> None:
        """Records that a delivery which is on the log did not reach its end.

        sent: bytes that may have arrived. reason: UNREADABLE or INTERRUPTED. Raises nothing: where this
        cannot be recorded, the log goes on saying that all of it was delivered.
        """
        try:
            with self._database.unit() as unit:
                unit.ledger.record(
                    actor=principal.id,
                    action="copy.delivery_failed",
                    subject=copy.id,
                    asset=copy.asset_id,
                    dataset=copy.dataset_id,
                    bytes=sent,
                    of=copy.byte_length,
                    reason=reason,
                )
        except Exception as exc:
            log.warning("copy %s: not delivered, and not recorded: %s", copy.id, type(exc).__name__)

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

    def _authorize(
        self, principal: Principal, action: Action, resource: Resource, grant: GrantRecord | None
    ) -> None:
        authorize(self._database, principal, action, resource, now=self._clock(), grant=grant)


def _record_delivery(unit: Unit, principal: Principal, copy: CopyRecord, grant: GrantRecord) -> None:
    unit.ledger.record(
        actor=principal.id,
        action="copy.delivered",
        subject=copy.id,
        asset=copy.asset_id,
        dataset=copy.dataset_id,
        grant=grant.id,
        purpose=grant.purpose,
    )
