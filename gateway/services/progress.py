"""How an asset is getting on."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import assets, copies
from gateway.store.records import AssetRecord, CopyRecord
from policies.access import Action, Principal, Resource


@dataclass(frozen=True, slots=True)
class AssetProgress:
    """copy: the newest sanitized copy, released or not."""

    asset: AssetRecord
    copy: CopyRecord | None


class Progress:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def read(self, principal: Principal, asset_id: str) -> AssetProgress:
        """Raises NotFound, AccessDenied."""
        with self._database.reading() as session:
            asset = assets.get(session, asset_id)
            copy = copies.newest_of(session, asset_id)
        resource = Resource("Asset", asset.id, asset.dataset_id, asset.uploader_id)
        authorize(self._database, principal, Action.ASSET_READ, resource, now=self._clock())
        return AssetProgress(asset, copy)
