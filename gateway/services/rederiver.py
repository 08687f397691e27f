"""A worker's end of re-derivations: what was made under another policy version is made anew, what other
library versions or another release wrote, so that it could not be proven, and what has cells of an earlier
revision.

The rows are the plan of work: any worker's keeper enqueues what waits, so a crash loses nothing. The asset
keeps its state meanwhile. Its old copies are withdrawn when the new policy is applied (see `apply_policy`)
or, where it is laxer, in the transaction that brings the new copy: there is never a moment with two.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.exc import IntegrityError

from gateway.errors import Conflict, Misconfigured, VaultUnavailable
from gateway.imaging.releases import is_outdated
from gateway.services.anonymize import MAX_ATTEMPTS, WITH_COPY, Anonymizer, Held, PolicyChanged
from gateway.services.jobs import REDERIVE
from gateway.services.ports import Clock, EnqueueJob
from gateway.services.releases import shown_in
from gateway.store.database import Database, Unit
from gateway.store.queries import assets, copies, datasets, policies, proofs, rederivations
from gateway.store.records import AssetRecord, RederivationItemRecord, RederivationRecord
from policies.lifecycle import AssetState

AT_A_TIME = 64
"""Jobs of one rederivation in the queue at once: an upload never waits behind a whole dataset."""

FORGOTTEN_AFTER = timedelta(minutes=15)
"""An asset that was begun so long ago may have lost its job. Asking again does no harm."""

LOOKS = 5
"""Times that one job looks at an asset that others change at the same time."""

CURRENT = "current"
PASSED_OVER = "passed_over"
NOT_MADE = "not_made"
"""Outcomes beside the asset's states: the newest copy was right already; the asset left the states that have
copies; no worker can run the policy's detectors, and the asset stays as it was."""


class Rederiver:
    """One worker's means: `tend` keeps the queue filled, `run` makes one asset's copy anew."""

    def __init__(
        self, database: Database, anonymizer: Anonymizer, enqueue: EnqueueJob, clock: Clock, *, actor: str
    ) -> None:
        self._database = database
        self._anonymizer = anonymizer
        self._enqueue = enqueue
        self._clock = clock
        self._actor = actor

    def tend(self) -> None:
        """Enqueues what waits, and ends what has nothing left. In any number of processes."""
        before = self._clock() - FORGOTTEN_AFTER
        with self._database.reading() as session:
            under_way = rederivations.unfinished(session)
            waiting = {
                one.id: rederivations.waiting(session, one.id, begun_before=before, limit=AT_A_TIME)
                for one in under_way
            }
        for one in under_way:
            for item in waiting[one.id]:
                turn = f"{one.id}:{item.asset_id}:{item.attempts}"
                self._enqueue(REDERIVE, item.asset_id, turn)
            if not waiting[one.id]:
                self._finish(one)

    def _finish(self, one: RederivationRecord) -> None:
        with self._database.unit() as unit:
            if rederivations.finish(unit.session, one.id, now=self._clock()):
                counts = rederivations.progress(unit.session, one.id)
                unit.ledger.record(
                    actor=self._actor,
                    action="dataset.rederivation_finished",
                    subject=one.dataset_id,
                    rederivation=one.id,
                    **{str(name): count for name, count in sorted(counts.items(), key=str)},
                )

    def run(self, asset_id: str) -> str:
        """Returns the outcome; "none" when no rederivation waits for this asset.

        What a crash means: before (2) the attempt alone is counted, and the job is taken over; the rest is as
        `anonymize` has it. Raises VaultUnavailable, when the attempt does not count and the asset stays as it
        is, and what the database raises: then the job is done again.
        """
        # (1) The attempt is counted before anything can go wrong.
        with self._database.unit() as unit:
            item = rederivations.begin_item(unit.session, asset_id, now=self._clock())
        if item is None:
            return "none"
        for _ in range(LOOKS):
            try:
                return self._once(item)
            except VaultUnavailable:
                with self._database.unit() as unit:
                    rederivations.uncount(unit.session, item)
                raise
            except (PolicyChanged, IntegrityError):
                # (2) The dataset's policy or the asset's newest copy is another by now: look again.
                continue
        raise Conflict(f"asset {asset_id} is changed again and again; the job is done later")

    def _once(self, item: RederivationItemRecord) -> str:
        with self._database.reading() as session:
            asset = assets.get(session, item.asset_id)
            version = datasets.get(session, asset.dataset_id).policy_version
            policy = policies.load(session, version)
            made = copies.all_of(session, asset.id)
            newest = made[0] if made else None
            unprovable = newest is not None and proofs.is_unprovable(session, newest.id)
        if asset.state not in WITH_COPY or newest is None:
            return self._end(item, PASSED_OVER)
        right = newest.report["policy_version"] == version and newest.withdrawn_at is None
        if right and not unprovable and not is_outdated(shown_in(newest)):
            return self._end(item, CURRENT)
        if item.attempts > MAX_ATTEMPTS:
            return self._hold(asset, item, "job.attempts")
        try:
            # (3) Open, sanitize, check; (4) seal, put, and one transaction: copy, withdrawal, state, outcome.
            result = self._anonymizer.sanitized(asset, policy, made)
        except Held as held:
            return self._hold(asset, item, held.reason)
        except Misconfigured:
            return self._end(item, NOT_MADE)
        return self._anonymizer.keep(
            asset,
            result,
            policy,
            version,
            replaces=newest,
            also=lambda unit, state: self._close(unit, item, state),
        )

    def _hold(self, asset: AssetRecord, item: RederivationItemRecord, reason: str) -> str:
        return self._anonymizer.hold(asset, reason, also=lambda unit, state: self._close(unit, item, state))

    def _close(self, unit: Unit, item: RederivationItemRecord, state: AssetState) -> None:
        rederivations.end_item(unit.session, item, state.value)

    def _end(self, item: RederivationItemRecord, outcome: str) -> str:
        with self._database.unit() as unit:
            rederivations.end_item(unit.session, item, outcome)
        return outcome
