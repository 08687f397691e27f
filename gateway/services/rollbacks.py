"""Going back to a policy version that a dataset was under before: asked for by one officer, done by another.

Each version was approved once, but leaving a newer one for it is a decision of its own, so it takes two
people again. Approving it puts the dataset under that version in the same transaction.
"""

from __future__ import annotations

from datetime import datetime

from gateway.errors import Conflict
from gateway.services.apply_policy import Applied, check_seen, put_under
from gateway.services.authorize import authorize
from gateway.services.ids import new_id
from gateway.services.one_person import alike
from gateway.services.policy_refs import applicable
from gateway.services.ports import Clock
from gateway.store.database import Database, Unit
from gateway.store.policy_records import RollbackRecord, RollbackState
from gateway.store.queries import datasets, policy_history
from policies.access import INSTALLATION, Action, Principal, Resource

SHOWN = 100
"""Requests of one dataset that are listed: the newest."""


class Rollbacks:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ask(self, principal: Principal, dataset_id: str, reference: str, *, reason: str) -> RollbackRecord:
        """reference: a preset's name or a policy's id. reason: a short code.

        Raises NotFound, AccessDenied, and Conflict for a version that the dataset was never under, is under
        now, or that was not previewed on it, and while another request of this dataset waits.
        """
        now = self._clock()
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
        self._authorize(principal, Action.POLICY_ROLLBACK, Resource("Dataset", dataset_id), now)
        with self._database.unit() as unit:
            found = applicable(unit.session, reference)
            current = datasets.get(unit.session, dataset_id).policy_version
            if current == found.version:
                raise Conflict("the dataset is under this version now; there is nothing to go back to")
            if not policy_history.was_under(unit.session, dataset_id, found.version):
                raise Conflict("the dataset was never under this version; apply it instead")
            check_seen(unit.session, dataset_id, found)
            record = RollbackRecord(
                new_id("rollback"),
                dataset_id,
                found.id,
                found.version,
                current,
                reason,
                RollbackState.ASKED,
                principal.id,
                now,
            )
            policy_history.ask(unit.session, record)
            unit.ledger.record(
                actor=principal.id,
                action="rollback.asked",
                subject=record.id,
                dataset=dataset_id,
                policy=found.id,
                old=current,
                new=found.version,
                reason=reason,
            )
        return record

    def list(self, principal: Principal, dataset_id: str) -> list[RollbackRecord]:
        """What was asked for of one dataset, the newest first. Raises NotFound, AccessDenied."""
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
        self._authorize(principal, Action.POLICY_LIST, INSTALLATION, self._clock())
        with self._database.reading() as session:
            return policy_history.rollbacks(session, dataset_id, limit=SHOWN)

    def read(self, principal: Principal, rollback_id: str) -> RollbackRecord:
        """Raises NotFound, AccessDenied."""
        with self._database.reading() as session:
            record = policy_history.rollback(session, rollback_id)
        self._authorize(principal, Action.POLICY_LIST, INSTALLATION, self._clock())
        return record

    def approve(self, principal: Principal, rollback_id: str, *, withdraw: bool = False) -> Applied:
        """Goes back.

        Raises NotFound, AccessDenied (to whoever asked, or may be who asked), and Conflict where it was
        decided on, or the dataset was put under another version since.
        """
        now = self._decide(principal, rollback_id, Action.ROLLBACK_APPROVE)
        with self._database.unit() as unit:
            record = self._end(unit, principal, rollback_id, RollbackState.DONE, now, "rollback.approved")
            found = applicable(unit.session, record.policy_id)
            applied = put_under(
                unit,
                record.dataset_id,
                found,
                by=principal.id,
                now=now,
                withdraw=withdraw,
                rollback=record,
            )
            if applied.old != record.leaves:
                raise Conflict(
                    "the dataset was put under another version since this was asked for; "
                    "nothing was changed; refuse this one and ask anew"
                )
            return applied

    def refuse(self, principal: Principal, rollback_id: str) -> RollbackRecord:
        """Raises NotFound, AccessDenied (to whoever asked, or may be who asked), Conflict."""
        now = self._decide(principal, rollback_id, Action.ROLLBACK_REFUSE)
        with self._database.unit() as unit:
            return self._end(unit, principal, rollback_id, RollbackState.REFUSED, now, "rollback.refused")

    def withdraw(self, principal: Principal, rollback_id: str) -> RollbackRecord:
        """Whoever asked takes it back. Raises NotFound, AccessDenied (to others), Conflict."""
        now = self._decide(principal, rollback_id, Action.ROLLBACK_WITHDRAW)
        with self._database.unit() as unit:
            return self._end(unit, principal, rollback_id, RollbackState.WITHDRAWN, now, "rollback.withdrawn")

    def _end(
        self,
        unit: Unit,
        principal: Principal,
        rollback_id: str,
        state: RollbackState,
        now: datetime,
        action: str,
    ) -> RollbackRecord:
        record = policy_history.end(unit.session, rollback_id, state, by=principal.id, now=now)
        unit.ledger.record(
            actor=principal.id,
            action=action,
            subject=record.id,
            dataset=record.dataset_id,
            asked_by=record.asked_by,
        )
        return record

    def _decide(self, principal: Principal, rollback_id: str, action: Action) -> datetime:
        now = self._clock()
        with self._database.reading() as session:
            record = policy_history.rollback(session, rollback_id)
            same = alike(session, principal, record.asked_by)
        resource = Resource("Rollback", rollback_id, author=record.asked_by, alike=same)
        self._authorize(principal, action, resource, now)
        return now

    def _authorize(self, principal: Principal, action: Action, resource: Resource, now: datetime) -> None:
        authorize(self._database, principal, action, resource, now=now)
