"""A broker with real keys, blobs and copies, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from gateway.services.broker import Broker
from gateway.services.grants import Grants
from gateway.services.stills import cut
from gateway.store.database import Database
from gateway.store.queries import assets, copies
from gateway.vault.blobs import BlobStore, new_blob_name
from gateway.vault.copies import CopyReader, copy_context
from gateway.vault.envelope import seal
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.keys import DataKey
from policies.access import Principal, Role
from policies.lifecycle import AssetState
from tests.gateway.store.rows import ANNOTATOR, DATASET, NOW, OFFICER, asset_record, copy_record, seed

COPY_BYTES = b"\xff\xd8 a sanitized copy"
READER = Principal(ANNOTATOR, Role.ANNOTATOR)
GOVERNOR = Principal(OFFICER, Role.OFFICER)


@dataclass
class House:
    """An officer, an annotator, a dataset, keys and stores. now: what the services take the time to be."""

    database: Database
    folder: Path
    now: datetime = NOW
    copy_blobs: BlobStore = field(init=False)

    def __post_init__(self) -> None:
        seed(self.database)
        LocalKeyring.create(self.folder / "keys")
        self.copy_blobs = BlobStore.local(self.folder / "copies")
        self._copy_keys = LocalKeyring.open(self.folder / "keys", KeyPurpose.COPIES)

    def clock(self) -> datetime:
        return self.now

    @property
    def broker(self) -> Broker:
        return Broker(self.database, CopyReader(self.copy_blobs, self._copy_keys), self.clock, cut=cut)

    @property
    def grants(self) -> Grants:
        return Grants(self.database, self.clock)

    def grant(self, *, hours: float = 1) -> str:
        """A grant for the annotator, by the officer; its id."""
        until = self.now + timedelta(hours=hours)
        return self.grants.create(
            GOVERNOR, person_id=ANNOTATOR, dataset_id=DATASET, purpose="label", until=until
        ).id

    def copy(
        self,
        copy_id: str,
        state: AssetState = AssetState.RELEASED,
        *,
        data: bytes = COPY_BYTES,
        frames: int | None = None,
        media_type: str = "image/webp",
    ) -> None:
        """A sealed copy of an asset in a state. frames: what its report says, of a file of media_type."""
        data_key, blob, context = DataKey.generate(), new_blob_name(), copy_context(copy_id)
        self.copy_blobs.put(blob, seal(data, data_key, context))
        wrapped = self._copy_keys.wrap(data_key, context.to_bytes()).to_bytes()
        asset = asset_record(f"asset-of-{copy_id}", state)
        copy = replace(copy_record(copy_id, asset.id), blob=blob, wrapped_key=wrapped)
        if frames is not None:
            told = {**copy.report, "frames": frames}
            copy = replace(copy, report=told, byte_length=len(data), media_type=media_type)
        with self.database.unit() as unit:
            assets.add(unit.session, asset, sealed_name=None)
            copies.add(unit.session, copy)
