"""A worker's end of previews: it notes who asked, which version and how many images before it opens one."""

from __future__ import annotations

from datetime import timedelta

from gateway.errors import Misconfigured, VaultUnavailable
from gateway.services.anonymize import MAX_ATTEMPTS
from gateway.services.jobs import PREVIEW
from gateway.services.policy_trial import PolicyTrial, summary
from gateway.services.ports import Clock, EnqueueJob
from gateway.store.database import Database
from gateway.store.queries import assets, datasets, policies, policy_previews
from gateway.store.records import PreviewRecord

FORGOTTEN_AFTER = timedelta(minutes=15)
"""A preview that was begun so long ago may have lost its job. Asking again does no harm."""

AT_A_TIME = 8

STEPS = 50
"""Of one preview's progress, at least; each is a small transaction."""


class PreviewRunner:
    """actor: the worker's id, as it stands in the log."""

    def __init__(
        self, database: Database, trial: PolicyTrial, enqueue: EnqueueJob, clock: Clock, *, actor: str
    ) -> None:
        self._database = database
        self._trial = trial
        self._enqueue = enqueue
        self._clock = clock
        self._actor = actor

    def tend(self) -> None:
        """Enqueues previews that nobody has begun. In any number of processes."""
        before = self._clock() - FORGOTTEN_AFTER
        with self._database.reading() as session:
            waiting = policy_previews.unfinished(session, begun_before=before, limit=AT_A_TIME)
        for one in waiting:
            self._enqueue(PREVIEW, one.id, f"{one.id}:{one.attempts}")

    def run(self, preview_id: str) -> str:
        """Returns "finished" or "failed". A crash anywhere means that it is begun again.

        Raises VaultUnavailable: then the attempt does not count.
        """
        # (1) The attempt is counted before anything can go wrong.
        with self._database.unit() as unit:
            record = policy_previews.begin(unit.session, preview_id, now=self._clock())
        if record.finished_at is not None:
            return "finished"
        if record.attempts > MAX_ATTEMPTS:
            return self._fail(record, "job.attempts")
        with self._database.reading() as session:
            against = datasets.get(session, record.dataset_id).policy_version
            old, new = policies.load(session, against), policies.load(session, record.version)
            chosen = assets.newest_in(session, record.dataset_id, limit=record.last)
        try:
            self._trial.check(old, new)
        except Misconfigured:
            return self._fail(record, "worker.misconfigured")
        # (2) Who looks at what, before the first original is opened.
        with self._database.unit() as unit:
            unit.ledger.record(
                actor=self._actor,
                action="policy.preview_opened",
                subject=record.id,
                asked_by=record.asked_by,
                version=record.version,
                against=against,
                dataset=record.dataset_id,
                images=len(chosen),
            )
        # (3) In memory; (4) ids and rectangles, with an entry.
        try:
            tried = self._trial.run(
                chosen, old, new, looked_at=lambda number: self._note(record.id, number, len(chosen))
            )
        except VaultUnavailable:
            with self._database.unit() as unit:
                policy_previews.uncount(unit.session, record.id)
            raise
        counts = summary(tried)
        result = {"against": against, "counts": counts, "assets": [one.to_dict() for one in tried]}
        with self._database.unit() as unit:
            if policy_previews.finish(unit.session, record.id, now=self._clock(), result=result):
                unit.ledger.record(
                    actor=self._actor,
                    action="policy.preview_finished",
                    subject=record.id,
                    images=counts["images"],
                    failed=counts["failed"],
                    changed=counts["changed"],
                )
        return "finished"

    def _note(self, preview_id: str, number: int, total: int) -> None:
        """How far it is, in steps that somebody who waits can see."""
        if number % max(total // STEPS, 1) == 0:
            with self._database.unit() as unit:
                policy_previews.look(unit.session, preview_id, number)

    def _fail(self, record: PreviewRecord, reason: str) -> str:
        with self._database.unit() as unit:
            if policy_previews.finish(unit.session, record.id, now=self._clock(), failure=reason):
                unit.ledger.record(
                    actor=self._actor, action="policy.preview_failed", subject=record.id, reason=reason
                )
        return "failed"
