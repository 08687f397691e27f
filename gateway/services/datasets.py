"""Datasets: what images are brought into, each under one policy version."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.labels.model import Category
from gateway.services.authorize import authorize
from gateway.services.ids import new_id
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import categories, datasets
from gateway.store.records import DatasetRecord
from policies.access import INSTALLATION, Action, Principal
from policies.policy import Policy


class Datasets:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(
        self, principal: Principal, *, name: str, policy: Policy, label_set: Sequence[Category] = ()
    ) -> DatasetRecord:
        """label_set: its categories, unique by number and by name.

        Raises AccessDenied, or Conflict when the name is taken.
        """
        now = self._clock()
        authorize(self._database, principal, Action.DATASET_CREATE, INSTALLATION, now=now)
        with self._database.unit() as unit:
            record = datasets.add(
                unit.session,
                dataset_id=new_id("dataset"),
                name=name,
                policy=policy,
                created_by=principal.id,
                now=now,
            )
            categories.replace(unit.session, record.id, label_set)
            unit.ledger.record(
                actor=principal.id,
                action="dataset.created",
                subject=record.id,
                policy=policy.version,
                categories=len(label_set),
            )
        return record

    def list(self, principal: Principal) -> list[DatasetRecord]:
        """Raises AccessDenied."""
        authorize(self._database, principal, Action.DATASET_LIST, INSTALLATION, now=self._clock())
        with self._database.reading() as session:
            return datasets.all_datasets(session)
