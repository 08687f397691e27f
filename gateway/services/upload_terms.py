"""What happens to an image that is brought into a dataset: told to whoever may bring one, before they do."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import datasets, policies
from gateway.store.records import DatasetRecord
from policies.access import INSTALLATION, Action, Allowed, Principal, Resource, decide
from policies.policy import Policy


@dataclass(frozen=True, slots=True)
class Terms:
    """A dataset, and the policy that its images are under now."""

    dataset: DatasetRecord
    policy: Policy


class UploadTerms:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(self, principal: Principal) -> list[Terms]:
        """Of every dataset that they may bring images to, by name. Raises AccessDenied."""
        now = self._clock()
        authorize(self._database, principal, Action.DATASET_LIST, INSTALLATION, now=now)
        with self._database.reading() as session:
            open_to = [
                dataset
                for dataset in datasets.all_datasets(session)
                # A question, not an attempt: what they may not fill is left out, and nothing is entered.
                if isinstance(decide(principal, Action.ASSET_CREATE, _resource(dataset.id), now=now), Allowed)
            ]
            known = {
                version: policies.load(session, version) for version in {d.policy_version for d in open_to}
            }
        found = [Terms(dataset, known[dataset.policy_version]) for dataset in open_to]
        return sorted(found, key=lambda terms: (terms.dataset.name.casefold(), terms.dataset.id))

    def read(self, principal: Principal, dataset_id: str) -> Terms:
        """Raises NotFound, AccessDenied."""
        with self._database.reading() as session:
            dataset = datasets.get(session, dataset_id)
            policy = policies.load(session, dataset.policy_version)
        resource = _resource(dataset.id)
        authorize(self._database, principal, Action.ASSET_CREATE, resource, now=self._clock())
        return Terms(dataset, policy)


def _resource(dataset_id: str) -> Resource:
    return Resource("Dataset", dataset_id)
