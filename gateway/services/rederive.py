"""Copies made anew: what was made under another policy version is made once more under the dataset's present
one, by durable jobs, asset by asset. This is the officer's end; `rederiver` does the work.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from gateway.errors import Conflict
from gateway.imaging.strokes import REVISION
from gateway.services.authorize import authorize
from gateway.services.ids import new_id
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import datasets, rederivations
from gateway.store.records import RederivationRecord
from policies.access import Action, Principal, Resource


@dataclass(frozen=True, slots=True)
class RederivationProgress:
    """outcomes: assets by what came of them. waiting: those still to be done."""

    rederivation: RederivationRecord
    policy_version: str
    outcomes: Counter[str]
    waiting: int

    @property
    def assets(self) -> int:
        return self.waiting + self.outcomes.total()


class Rederivations:
    """Begins one, and tells how far it is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, principal: Principal, dataset_id: str) -> RederivationProgress:
        """One that is under way is superseded. Raises NotFound, AccessDenied, Conflict."""
        self._authorize(principal, dataset_id)
        record = RederivationRecord(new_id("rederivation"), dataset_id, principal.id, self._clock())
        try:
            with self._database.unit() as unit:
                version = datasets.get(unit.session, dataset_id).policy_version
                number = rederivations.begin(unit.session, record, version=version, revision=REVISION)
                unit.ledger.record(
                    actor=principal.id,
                    action="dataset.rederivation_begun",
                    subject=dataset_id,
                    rederivation=record.id,
                    policy=version,
                    assets=number,
                )
        except IntegrityError as exc:
            raise Conflict("another request begins the same right now; ask how far it is") from exc
        return self._progress(dataset_id)

    def progress(self, principal: Principal, dataset_id: str) -> RederivationProgress:
        """The dataset's last one. Raises NotFound, AccessDenied."""
        self._authorize(principal, dataset_id)
        return self._progress(dataset_id)

    def _progress(self, dataset_id: str) -> RederivationProgress:
        with self._database.reading() as session:
            version = datasets.get(session, dataset_id).policy_version
            record = rederivations.latest(session, dataset_id)
            counts = rederivations.progress(session, record.id)
        outcomes = Counter({name: count for name, count in counts.items() if name is not None})
        return RederivationProgress(record, version, outcomes, counts[None])

    def _authorize(self, principal: Principal, dataset_id: str) -> None:
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
        resource = Resource("Dataset", dataset_id)
        authorize(self._database, principal, Action.DATASET_REDERIVE, resource, now=self._clock())
