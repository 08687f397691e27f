"""The sweep: what a crash left half done is taken up again or cleared away. Safe at any time, any number of
times, in any number of processes.
"""

from __future__ import annotations

from datetime import timedelta

from gateway.errors import NotFound
from gateway.services.ports import Clock, Enqueue
from gateway.store.database import Database
from gateway.store.queries import assets, copies, uploads
from gateway.vault.blobs import BlobStore
from policies.lifecycle import AssetState

FORGOTTEN_AFTER = {
    AssetState.RECEIVED: timedelta(seconds=15),
    AssetState.PROCESSING: timedelta(minutes=15),
}
"""An asset that has stood in the state for longer may have lost its job. Asking again does no harm."""

PARTIAL_AFTER = timedelta(hours=24)
"""No upload takes longer; a partial blob older than that has no writer."""

BATCH = 1_000

ACTOR = "sweep"
"""Who, in the log."""


class Sweep:
    def __init__(
        self, database: Database, originals: BlobStore, copy_blobs: BlobStore, enqueue: Enqueue, clock: Clock
    ) -> None:
        self._database = database
        self._originals = originals
        self._copy_blobs = copy_blobs
        self._enqueue = enqueue
        self._clock = clock

    def enqueue_forgotten(self) -> int:
        """Enqueues assets that no job seems to care for; returns how many it asked for."""
        now, found = self._clock(), []
        with self._database.reading() as session:
            for state, age in FORGOTTEN_AFTER.items():
                found += assets.in_state(session, state, before=now - age, limit=BATCH)
        for asset in found:
            self._enqueue(asset.id, asset.attempts)
        return len(found)

    def clear_expired_uploads(self) -> int:
        """Ends resumable uploads that nobody went on with: (1) rows and keys, (2) their sealed pieces."""
        now = self._clock()
        with self._database.reading() as session:
            expired = uploads.expired(session, now=now, limit=BATCH)
        for upload_id in expired:
            with self._database.unit() as unit:
                try:
                    record = uploads.get(unit.session, upload_id)
                except NotFound:  # another worker was faster
                    continue
                if record.expires_at > now:  # somebody went on with it meanwhile
                    continue
                blobs = uploads.remove(unit.session, upload_id)
                if record.asset_id is None:
                    unit.ledger.record(actor=ACTOR, action="upload.expired", subject=upload_id)
            for blob in blobs:
                self._originals.delete(blob)
        return len(expired)

    def clear_partials(self) -> int:
        """Deletes what interrupted writers left; sealed, and under no key that still exists."""
        before = self._clock() - PARTIAL_AFTER
        return self._originals.clear_partials(before=before) + self._copy_blobs.clear_partials(before=before)

    def orphans(self) -> dict[str, list[str]]:
        """Blobs that no row names, by store. Only listed: a blob may be moments ahead of its row."""
        # The stores are listed first: a row that comes while we look belongs to a blob that we did see.
        stored = {"originals": set(self._originals.names()), "copies": set(self._copy_blobs.names())}
        with self._database.reading() as session:
            originals = assets.blobs(session) | uploads.blobs(session)
            named = {"originals": originals, "copies": copies.blobs(session)}
        return {store: sorted(stored[store] - named[store]) for store in stored}
