"""Assets over all datasets, for those who govern and those who run the installation: ids, states, reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import asset_lists, assets, batches, copies, datasets
from gateway.store.queries.asset_lists import Place, Wanted
from gateway.store.records import AssetRecord, CopyRecord, DatasetRecord
from policies.access import INSTALLATION, Action, Principal

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Page:
    """The newest first. newer, older: where the neighbouring pages begin; None where there is none."""

    assets: Sequence[AssetRecord]
    newer: Place | None
    older: Place | None


@dataclass(frozen=True, slots=True)
class Life:
    """copies: all that were made of it, the newest first."""

    asset: AssetRecord
    dataset: DatasetRecord
    batches: Sequence[str]
    copies: Sequence[CopyRecord]


class AssetSurvey:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def page(self, principal: Principal, wanted: Wanted, place: Place | None = None) -> Page:
        """Raises AccessDenied."""
        self._authorize(principal)
        with self._database.reading() as session:
            # One more than is shown tells whether the list goes on.
            found = asset_lists.page(session, wanted, place, limit=PAGE + 1)
        more = len(found) > PAGE
        if place is not None and place.newer:
            shown = found[1:] if more else found
            return Page(shown, _before(shown) if more else None, _behind(shown))
        shown = found[:PAGE]
        return Page(shown, _before(shown) if place is not None else None, _behind(shown) if more else None)

    def datasets(self, principal: Principal) -> list[DatasetRecord]:
        """All of them, by name. Raises AccessDenied."""
        self._authorize(principal)
        with self._database.reading() as session:
            return sorted(datasets.all_datasets(session), key=lambda one: one.name.casefold())

    def life(self, principal: Principal, asset_id: str) -> Life:
        """Raises NotFound, AccessDenied."""
        self._authorize(principal)
        with self._database.reading() as session:
            asset = assets.get(session, asset_id)
            return Life(
                asset,
                datasets.get(session, asset.dataset_id),
                batches.of_asset(session, asset_id),
                copies.all_of(session, asset_id),
            )

    def _authorize(self, principal: Principal) -> None:
        authorize(self._database, principal, Action.ASSET_SURVEY, INSTALLATION, now=self._clock())


def _before(shown: Sequence[AssetRecord]) -> Place | None:
    return Place(shown[0].updated_at, shown[0].id, newer=True) if shown else None


def _behind(shown: Sequence[AssetRecord]) -> Place | None:
    return Place(shown[-1].updated_at, shown[-1].id) if shown else None
