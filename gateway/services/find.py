"""The global find: assets, batches, datasets and people by id or name, as far as the finder may know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlmodel import Session

from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import asset_lists, finding
from policies.access import INSTALLATION, Action, Allowed, Principal, Resource, decide

LIMIT: Final = 20
"""Of each kind."""

LONGEST: Final = 100
"""Characters that are looked for; what lies behind them is cut off."""

OF_IMAGES: Final = (Action.ASSET_SURVEY, Action.AUDIT_READ)

_HEXADECIMAL: Final = re.compile(r"[0-9a-f]{4,24}")
_ID: Final = re.compile(r"(asset|batch|dataset|person)-[0-9a-f]{1,24}")


class Kind(StrEnum):
    ASSET = "asset"
    BATCH = "batch"
    DATASET = "dataset"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Found:
    """says: what the list shows beside it: a state, a dataset's name, a role."""

    kind: Kind
    id: str
    name: str
    says: str


class Finder:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def find(self, principal: Principal, text: str) -> list[Found]:
        """What fits an id, its beginning, or a name; nothing where the text is empty."""
        wanted = text.strip()[:LONGEST]
        if not wanted:
            return []
        with self._database.reading() as session:
            found = list(_everything(session, wanted))
        return [one for one, resource, actions in found if self._may(principal, actions, resource)]

    def _may(self, principal: Principal, actions: Sequence[Action], resource: Resource) -> bool:
        """Whether one of these acts is allowed. A refusal is no entry: nothing was shown."""
        now = self._clock()
        return any(isinstance(decide(principal, action, resource, now=now), Allowed) for action in actions)


def _everything(session: Session, wanted: str) -> Iterator[tuple[Found, Resource, tuple[Action, ...]]]:
    lowered = wanted.casefold()
    for start in _starts(Kind.ASSET, lowered):
        for asset in asset_lists.beginning_with(session, start, limit=LIMIT):
            # By id, with its state: for whoever runs the gateway too, and for whoever reads the log.
            yield Found(Kind.ASSET, asset.id, asset.id, asset.state.value), INSTALLATION, OF_IMAGES
    for start in _starts(Kind.BATCH, lowered):
        for batch in finding.batches(session, start, limit=LIMIT):
            resource = Resource("Batch", batch.id, batch.dataset, batch.owner)
            yield Found(Kind.BATCH, batch.id, batch.id, batch.dataset_name), resource, (Action.BATCH_READ,)
    for dataset in finding.datasets(session, wanted, limit=LIMIT):
        yield Found(Kind.DATASET, dataset.id, dataset.name, dataset.id), INSTALLATION, (Action.DATASET_LIST,)
    for person in finding.people(session, wanted, limit=LIMIT):
        name = person.name or person.id
        yield Found(Kind.PERSON, person.id, name, person.role), INSTALLATION, (Action.PERSON_FIND,)


def _starts(kind: Kind, wanted: str) -> list[str]:
    """The beginnings of ids of a kind that the text can mean: "asset-5f0c", or "5f0c" alone."""
    if _ID.fullmatch(wanted) and wanted.startswith(f"{kind.value}-"):
        return [wanted]
    return [f"{kind.value}-{wanted}"] if _HEXADECIMAL.fullmatch(wanted) else []
