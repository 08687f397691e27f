"""The sweep: what a crash left half done is taken up again or cleared away. Safe at any time, any number of
times, in any number of processes.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.errors import NotFound, VaultUnavailable
from gateway.services.ports import Clock, Enqueue
from gateway.services.review_opening import open_review
from gateway.store.database import Database
from gateway.store.queries import assets, copies, datasets, reviews, uploads
from gateway.store.records import AssetRecord
from gateway.vault.blobs import BlobStore
from policies.lifecycle import AssetState

FORGOTTEN_AFTER = {
    AssetState.RECEIVED: timedelta(seconds=15),
    AssetState.PROCESSING: timedelta(minutes=15),
}
"""An asset that has stood in the state for longer may have lost its job. Asking again does no harm."""

REMAKE_AFTER = {False: timedelta(seconds=15), True: timedelta(minutes=15)}
"""Since the last decision on a copy, by whether its successor was begun: its job may be lost by then."""

UNOPENED_AFTER = timedelta(minutes=1)
"""A review is opened in the transaction in which its image comes to need one, so this is long."""

PARTIAL_AFTER = timedelta(hours=24)
"""No upload takes longer; a partial blob older than that has no writer."""

BATCH = 1_000

ACTOR = "sweep"
"""Who, in the log."""


class Sweep:
    def __init__(
        self,
        database: Database,
        originals: BlobStore,
        copy_blobs: BlobStore,
        enqueue: Enqueue,
        clock: Clock,
        *,
        enqueue_remake: Enqueue | None = None,
        actor: str = "sweep",
    ) -> None:
        self._database = database
        self._originals = originals
        self._copy_blobs = copy_blobs
        self._enqueue = enqueue
        self._enqueue_remake = enqueue_remake
        self._actor = actor
        self._clock = clock

    def enqueue_forgotten(self) -> int:
        """Enqueues assets that no job seems to care for; returns how many it asked for."""
        now, found = self._clock(), []
        with self._database.reading() as session:
            for state, age in FORGOTTEN_AFTER.items():
                found += [
                    asset
                    for asset in assets.in_state(session, state, before=now - age, limit=BATCH)
                    if not _waits(asset, now)
                ]
        for asset in found:
            self._enqueue(asset.id, asset.attempts)
        return len(found) + self._enqueue_remakes()

    def _enqueue_remakes(self) -> int:
        """The same for copies that reviewers agreed on."""
        if self._enqueue_remake is None:
            return 0
        now, found = self._clock(), []
        with self._database.reading() as session:
            for begun, age in REMAKE_AFTER.items():
                found += reviews.waiting_for_copy(session, begun=begun, before=now - age, limit=BATCH)
        for review in found:
            self._enqueue_remake(review.copy_id, review.attempts)
        return len(found)

    def open_missing_reviews(self) -> int:
        """Opens a review for each image that waits for people and is in no queue; returns how many.

        Such were there before there was a queue. One at a time, so that of two sweeps one opens it.
        """
        opened = 0
        with self._database.reading() as session:
            found = reviews.unopened(session, before=self._clock() - UNOPENED_AFTER, limit=BATCH)
        for copy in found:
            with self._database.unit() as unit:
                asset = assets.get(unit.session, copy.asset_id, hold=True)
                waits = asset.state is AssetState.NEEDS_REVIEW
                if waits and not reviews.of_copy(unit.session, copy.id):
                    policy = datasets.policy_at(unit.session, copy.report["policy_version"])
                    reasons = copy.report["reasons"]
                    open_review(unit, copy, reasons, reviewers=policy.release.reviewers, actor=self._actor)
                    opened += 1
        return opened

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


def _waits(asset: AssetRecord, now: datetime) -> bool:
    """Its job was put off while its store was away, which is never for as long as this."""
    put_off = asset.reason == VaultUnavailable.code
    return put_off and now - asset.updated_at < FORGOTTEN_AFTER[AssetState.PROCESSING]
