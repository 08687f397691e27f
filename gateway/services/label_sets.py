"""Label sets: what the annotators of a dataset may say that they see."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.labels.model import Category
from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import categories, datasets
from policies.access import Action, Principal, Resource


class LabelSets:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def replace(self, principal: Principal, dataset_id: str, found: Sequence[Category]) -> list[Category]:
        """Sets a dataset's categories, whose numbers and names are unique; returns them by number.

        Raises NotFound, AccessDenied, Conflict where labels name a category that would go.
        """
        with self._database.reading() as session:
            datasets.get(session, dataset_id)
        resource = Resource("Dataset", dataset_id)
        authorize(self._database, principal, Action.LABEL_DEFINE, resource, now=self._clock())
        with self._database.unit() as unit:
            categories.replace(unit.session, dataset_id, found)
            unit.ledger.record(
                actor=principal.id,
                action="labels.defined",
                subject=dataset_id,
                categories=len(found),
            )
            return categories.of(unit.session, dataset_id)
