"""One asset's anonymization, run by a worker: from the sealed original to a sealed, checked copy.

Everything may be repeated: a job can be killed anywhere and is then done again, by this worker or another.
What a crash means after each numbered effect of `run`: (1) the asset stands at processing and its job is
taken over; (2) to (4) nothing was written; (5) a sealed copy that no row names: its data key was never
stored, so nobody opens it, and `Sweep.orphans` lists it; (6) done. Of two workers on one asset the unique
(asset, revision) lets one win.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from gateway.errors import (
    DeadlineExceeded,
    InputRefused,
    LedgerUnavailable,
    Misconfigured,
    MissingDetector,
    OutputCheckFailed,
    VaultError,
    VaultUnavailable,
)
from gateway.imaging import strokes
from gateway.services.carry import carried_from
from gateway.services.company import Company
from gateway.services.job_counts import JobCounts
from gateway.services.libraries import library_versions
from gateway.services.new_copies import NewCopies
from gateway.services.originals import Originals
from gateway.services.ports import Clock
from gateway.services.releases import REVISION, details_of, shown_before, told
from gateway.services.review_opening import open_review
from gateway.services.sanitize import Sanitized, Sanitizer
from gateway.services.tracing import span
from gateway.store.database import Database, Unit
from gateway.store.queries import assets, copies, datasets, policies, reviews
from gateway.store.records import AssetRecord, CopyRecord
from gateway.vault.blobs import BlobStore
from gateway.vault.keys import KeyProvider
from policies.lifecycle import AssetState
from policies.model import Verdict
from policies.plan import sent_to_review
from policies.policy import Policy
from policies.review import ReviewState

MAX_ATTEMPTS = 3
"""Times a job may begin. One that takes its worker down each time is held, not tried for ever."""

FIRST_REVISION = 1

REQUEUED = "requeued"
"""Why a person looks at a new copy of an image that was held after it had one."""

OVERTAKEN = "overtaken"
"""Why a person looks at a new copy that the machine would release: somebody had decided on the one before."""

UNSETTLED = frozenset({AssetState.RECEIVED, AssetState.PROCESSING})

WITH_COPY = frozenset({AssetState.RELEASED, AssetState.NEEDS_REVIEW})
"""States in which an asset has a copy that another may replace."""


Also = Callable[[Unit, AssetState], None]
"""Takes part in the transaction in which an asset comes to a state."""


class Held(Exception):
    """The original cannot become a copy that may be shown. reason: a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PolicyChanged(Exception):
    """The dataset was put under another policy while a copy was being made."""


class Overtaken(PolicyChanged):
    """Somebody decided on the copy that is to be replaced while another was being made; it is made again."""


class Anonymizer:
    """One worker's means, for any thread of it. `actor` is the worker's id, as it stands in the log.

    unfit: called when this worker lacks a key or a model that its work needs; it must take no more.
    """

    def __init__(
        self,
        database: Database,
        *,
        originals: BlobStore,
        original_keys: KeyProvider,
        copy_blobs: BlobStore,
        copy_keys: KeyProvider,
        sanitizer: Sanitizer,
        clock: Clock,
        actor: str,
        code_version: str,
        counts: JobCounts | None = None,
        unfit: Callable[[Misconfigured], None] | None = None,
    ) -> None:
        self._database = database
        self._originals = Originals(originals, original_keys)
        self._copies = NewCopies(copy_blobs, copy_keys)
        self._sanitizer = sanitizer
        self._clock = clock
        self._actor = actor
        self._code_version = code_version
        self._counts = counts
        self._unfit = unfit or (lambda _: None)
        self._company = Company()

    def run(self, asset_id: str) -> AssetState:
        """Brings the asset to released, needs_review or quarantined, and returns which.

        Raises VaultUnavailable, when it is received again, as if it had not been begun; LedgerUnavailable,
        and what else the database raises: then the job is done again.
        """
        with self._database.reading() as session:
            begun = assets.get(session, asset_id).attempts
        # Before the attempt is counted: what waits here until another takes the process down has not begun.
        with self._company.joined(alone=begun > 0):
            try:
                return self._run(asset_id)
            except VaultUnavailable:
                with self._database.unit() as unit:
                    assets.wait(unit.session, asset_id, reason=VaultUnavailable.code, now=self._clock())
                raise

    def _run(self, asset_id: str) -> AssetState:
        # (1) The asset is being processed; the attempt is counted before anything can go wrong.
        with self._database.unit() as unit:
            # Held: what another quarantines in this moment must not be taken for one that is still at work.
            asset = assets.get(unit.session, asset_id, hold=True)
            if asset.state not in UNSETTLED:
                return asset.state
            asset = assets.move(unit.session, asset_id, AssetState.PROCESSING, now=self._clock())
            version = datasets.get(unit.session, asset.dataset_id).policy_version
            policy = policies.load(unit.session, version)
            made = copies.all_of(unit.session, asset_id)  # there are some where a held asset is put again
        if self._counts is not None:
            self._counts.begun()
        if asset.attempts > MAX_ATTEMPTS:
            return self.hold(asset, "job.attempts")
        try:
            result = self._sanitized_again(asset, policy, made)
        except Held as held:
            return self.hold(asset, held.reason)
        except MissingDetector:
            return self.hold(asset, "worker.misconfigured")  # this policy cannot run here, others can
        except Misconfigured as exc:
            return self._give_back(asset, exc)
        try:
            return self.keep(asset, result, policy, version, replaces=made[0] if made else None)
        except PolicyChanged:
            return self._run(asset_id)
        except IntegrityError:
            return self._winner(asset.id)

    def _sanitized_again(self, asset: AssetRecord, policy: Policy, made: Sequence[CopyRecord]) -> Sanitized:
        """`sanitized`; where there was a copy a person looks again."""
        result = self.sanitized(asset, policy, made)
        if not made:
            return result
        return replace(result, plan=sent_to_review(result.plan, REQUEUED))

    def _give_back(self, asset: AssetRecord, exc: Misconfigured) -> AssetState:
        """What this worker lacks is not the image's fault: it waits for another, and this one takes no more.

        Its attempts count, so that an image which no worker can open does not end them one by one for ever.
        """
        with self._database.unit() as unit:
            if assets.get(unit.session, asset.id, hold=True).state is AssetState.PROCESSING:
                assets.move(unit.session, asset.id, AssetState.RECEIVED, now=self._clock())
        self._unfit(exc)
        return AssetState.RECEIVED

    def give_up(self, asset_id: str) -> AssetState:
        """Holds an asset whose job does not end, so that no other worker is taken down by it."""
        with self._database.reading() as session:
            asset = assets.get(session, asset_id)
        return self.hold(asset, DeadlineExceeded.code)

    def sanitized(self, asset: AssetRecord, policy: Policy, made: Sequence[CopyRecord]) -> Sanitized:
        """Steps (2) and (3) for an asset, whatever its state. Raises Held, Misconfigured, VaultUnavailable.

        made: all its copies so far, the newest first. What people put into that one is hidden again, and what
        they have shown together bounds what this one may show.
        """
        carried = carried_from(self._database, made[0]) if made else ()
        try:
            # (2) Open; (3) decode, detect, plan, redact, encode, check.
            with span("job.open"):
                original = self._originals.open(asset)
            return self._sanitizer.sanitize(original, policy, carried=carried, earlier=shown_before(made))
        except (InputRefused, OutputCheckFailed) as exc:
            raise Held(exc.code) from exc
        except VaultError as exc:
            raise Held("vault.unreadable") from exc

    def keep(
        self,
        asset: AssetRecord,
        result: Sanitized,
        policy: Policy,
        version: str,
        *,
        replaces: CopyRecord | None = None,
        also: Also | None = None,
    ) -> AssetState:
        """Steps (4) to (6). version: the one that the policy is stored as. replaces: the asset's newest copy
        so far. also: done in the last transaction.

        Raises VaultUnavailable; PolicyChanged when the dataset is under another policy by now, and
        sqlalchemy's IntegrityError when another worker was faster; then nothing was kept. The same, as
        Overtaken, when somebody decided on the copy that it replaces in the meantime. Where somebody had
        before, a person looks at this one.
        """
        if replaces is not None:
            result = self._after_people(result, replaces)
        # (4) Seal the copy, under its own key and name; (5) put it, never over another.
        with span("job.put"):
            copy = self._copies.put(
                asset,
                result.encoded,
                size=result.size,
                revision=FIRST_REVISION if replaces is None else replaces.revision + 1,
                report=_report(result, version, self._code_version),
                now=self._clock(),
            )
        clean = result.plan.verdict is Verdict.RELEASE
        state = AssetState.RELEASED if clean else AssetState.NEEDS_REVIEW
        try:
            # (6) One transaction: copy row, state, audit entry, and the review where a person must look.
            with span("job.settle", copy=copy.id), self._database.unit() as unit:
                self._settle(unit, copy, state, result, replaces)
                self._review(unit, copy, state, result, policy)
                if also is not None:
                    also(unit, state)
        except (IntegrityError, PolicyChanged):
            # Another was faster. (After a commit of unknown outcome the blob must stay.)
            self._copies.discard(copy)
            raise
        self._count(state, result.milliseconds)
        return state

    def _settle(
        self, unit: Unit, copy: CopyRecord, state: AssetState, result: Sanitized, replaces: CopyRecord | None
    ) -> None:
        reason, now = ",".join(result.plan.reasons) or None, copy.created_at
        # A copy made under a policy that was changed meanwhile must not be released under the new one.
        if not datasets.keeps(unit.session, copy.dataset_id, copy.report["policy_version"]):
            raise PolicyChanged
        # The asset is held before its copies, as by whoever delivers one, and as by whoever decides: nobody
        # does either until this is committed.
        held = assets.get(unit.session, copy.asset_id, hold=True)
        copies.add(unit.session, copy)
        copies.withdraw_older(unit.session, copy.asset_id, than=copy.revision, now=now)
        before = None if replaces is None else held.state
        if replaces is not None and OVERTAKEN not in result.plan.reasons:
            _check_undecided(unit.session, replaces)
        if before is not state:
            assets.move(unit.session, copy.asset_id, state, now=now, reason=reason)
        unit.ledger.record(
            actor=self._actor,
            action=f"asset.{state.value}",
            subject=copy.asset_id,
            copy=copy.id,
            policy=copy.report["policy_version"],
            code=self._code_version,
            hidden=len(result.plan.redactions),
            reason="+".join(result.plan.reasons),
            **details_of(copy.report),
            **({} if replaces is None else {"replaces": replaces.id}),
        )

    def _review(
        self, unit: Unit, copy: CopyRecord, state: AssetState, result: Sanitized, policy: Policy
    ) -> None:
        """Opens the review that the new copy needs, and ends those of the image's older copies."""
        if state is AssetState.NEEDS_REVIEW:
            reviewers = policy.release.reviewers
            open_review(unit, copy, result.plan.reasons, reviewers=reviewers, actor=self._actor)
        else:
            reviews.close_older(unit.session, copy.asset_id, copy.id)

    def _after_people(self, result: Sanitized, copy: CopyRecord) -> Sanitized:
        """The result; sent to a person where one has decided on the copy that it is to replace."""
        try:
            with self._database.reading() as session:
                _check_undecided(session, copy)
        except Overtaken:
            return replace(result, plan=sent_to_review(result.plan, OVERTAKEN))
        return result

    def _winner(self, asset_id: str) -> AssetState:
        with self._database.reading() as session:
            state = assets.get(session, asset_id).state
        if state in UNSETTLED:
            raise LedgerUnavailable("the copy could not be recorded; the job is done again")
        return state

    def hold(self, asset: AssetRecord, reason: str, *, also: Also | None = None) -> AssetState:
        """Quarantines the asset: none of its copies is delivered any more."""
        with self._database.unit() as unit:
            held = assets.get(unit.session, asset.id, hold=True).state
            if held not in (UNSETTLED if also is None else WITH_COPY):
                return held  # another worker was faster, and its copy was checked
            if also is not None:
                also(unit, AssetState.QUARANTINED)
            assets.move(unit.session, asset.id, AssetState.QUARANTINED, now=self._clock(), reason=reason)
            unit.ledger.record(actor=self._actor, action="asset.quarantined", subject=asset.id, reason=reason)
        self._count(AssetState.QUARANTINED, {})
        return AssetState.QUARANTINED

    def _count(self, state: AssetState, milliseconds: Mapping[str, int]) -> None:
        if self._counts is not None:
            self._counts.settled(state.value, milliseconds)


def _check_undecided(session: Session, copy: CopyRecord) -> None:
    """Raises Overtaken where a reviewer has decided on the copy, and nothing has come of that yet."""
    if any(one.state is ReviewState.DECIDED for one in reviews.of_copy(session, copy.id)):
        raise Overtaken


def _report(result: Sanitized, policy_version: str, code_version: str) -> dict[str, Any]:
    """What the copy's row keeps: versions, digests of models, regions; nothing of the image's content."""
    return {
        "policy_version": policy_version,
        "code_version": code_version,
        "libraries": library_versions(),
        "models": result.digests,
        "absent": list(result.absent),
        "precision": result.precision,
        "redactions": told(result.plan.redactions, result.asked),
        REVISION: strokes.REVISION,
        "kept": len(result.plan.kept),
        "detections": [d.to_dict() for d in result.detections],
        "reasons": list(result.plan.reasons),
        "milliseconds": result.milliseconds,
        "frames": result.frames,
    }
