"""The names of the files that somebody brought in, told to nobody but them.

A name is sealed with its image, under the originals' key. Each telling is one entry: who, which batch, how
many. The names themselves stand in no entry and in no log.
"""

from __future__ import annotations

from collections.abc import Collection

from gateway.services.authorize import authorize
from gateway.services.intake import NAME, ORIGINAL
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import assets, batch_pages, batches
from gateway.store.records import AssetRecord
from gateway.vault.envelope import EnvelopeContext, open_sealed
from gateway.vault.keys import KeyProvider, WrappedKey
from policies.access import Action, Allowed, Principal, Resource, decide


class FileNames:
    """keys: the originals'."""

    def __init__(self, database: Database, keys: KeyProvider, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    def of(self, principal: Principal, batch_id: str, asset_ids: Collection[str]) -> dict[str, str]:
        """Names by asset: of those images of the batch that they brought in themselves, and that have one.

        The others are left out: the same bytes may have come from somebody else first, under another name.
        Raises NotFound, AccessDenied, LedgerUnavailable, VaultError.
        """
        with self._database.reading() as session:
            batch = batches.get(session, batch_id)
            found = [row.asset for row in batch_pages.images_named(session, batch_id, asset_ids)]
            sealed = assets.sealed_names(session, [asset.id for asset in found])
        resource = Resource("Batch", batch.id, batch.dataset_id, batch.created_by)
        authorize(self._database, principal, Action.BATCH_READ, resource, now=self._clock())
        own = [asset for asset in found if asset.id in sealed and self._may_know(principal, asset)]
        if own:
            # (1) Record first: a crash here over-reports what was told, it never hides it.
            with self._database.unit() as unit:
                unit.ledger.record(actor=principal.id, action="names.told", subject=batch_id, names=len(own))
        # (2) Only now are they opened.
        return {asset.id: self._open(asset, sealed[asset.id]) for asset in own}

    def _may_know(self, principal: Principal, asset: AssetRecord) -> bool:
        resource = Resource("Asset", asset.id, asset.dataset_id, asset.uploader_id)
        return isinstance(decide(principal, Action.ASSET_NAME, resource, now=self._clock()), Allowed)

    def _open(self, asset: AssetRecord, sealed: bytes) -> str:
        context = EnvelopeContext(ORIGINAL, asset.id).to_bytes()
        data_key = self._keys.unwrap(WrappedKey.parse(asset.wrapped_key), context)
        return open_sealed(sealed, data_key, EnvelopeContext(NAME, asset.id)).decode()
