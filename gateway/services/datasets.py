"""Datasets: what images are brought into, each under one policy version."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.labels.model import Category
from gateway.services.apply_policy import mark_effective
from gateway.services.authorize import authorize
from gateway.services.ids import new_id
from gateway.services.policy_refs import applicable, keep
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import categories, datasets, policy_history
from gateway.store.records import DatasetRecord
from policies.access import INSTALLATION, Action, Principal


class Datasets:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(
        self, principal: Principal, *, name: str, policy: str, label_set: Sequence[Category] = ()
    ) -> DatasetRecord:
        """policy: a preset's name, or the id of an approved policy. label_set: its categories, unique by
        number and by name.

        Raises AccessDenied, NotFound, or Conflict when the name is taken or the policy was not approved.
        """
        now = self._clock()
        authorize(self._database, principal, Action.DATASET_CREATE, INSTALLATION, now=now)
        with self._database.unit() as unit:
            found = applicable(unit.session, policy)
            keep(unit.session, found)
            mark_effective(unit.session, found, by=principal.id, now=now)
            record = datasets.add(
                unit.session,
                dataset_id=new_id("dataset"),
                name=name,
                policy=found.policy,
                version=found.version,
                created_by=principal.id,
                now=now,
            )
            policy_history.note(
                unit.session,
                record.id,
                found.version,
                since=now,
                policy_id=found.id,
                put_by=principal.id,
            )
            categories.replace(unit.session, record.id, label_set)
            unit.ledger.record(
                actor=principal.id,
                action="dataset.created",
                subject=record.id,
                policy=record.policy_version,
                categories=len(label_set),
            )
        return record

    def list(self, principal: Principal) -> list[DatasetRecord]:
        """Raises AccessDenied."""
        authorize(self._database, principal, Action.DATASET_LIST, INSTALLATION, now=self._clock())
        with self._database.reading() as session:
            return datasets.all_datasets(session)
