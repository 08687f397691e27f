"""The copy that reviewers agreed on, made by a worker: a new revision, checked like any other.

Like `anonymize`, everything may be repeated. What a crash means after each numbered effect of `run`: (1) the
attempt is counted, and the job is taken over or the sweep asks again; (2) to (4) nothing was written; (5) a
sealed copy that no row names; (6) done. Of two workers the unique (asset, revision) lets one win.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import IntegrityError

from gateway.errors import InputRefused, LedgerUnavailable, OutputCheckFailed, VaultError, VaultUnavailable
from gateway.imaging import strokes
from gateway.imaging.releases import limited
from gateway.services.anonymize import MAX_ATTEMPTS
from gateway.services.libraries import library_versions
from gateway.services.new_copies import NewCopies
from gateway.services.originals import Originals
from gateway.services.ports import Clock
from gateway.services.releases import REVISION, details_of, shown_before, told
from gateway.services.review_consequence import stands
from gateway.services.review_sheet import size_of
from gateway.services.sanitize import Remade, Sanitizer
from gateway.store.database import Database
from gateway.store.queries import assets, copies, datasets, reviews
from gateway.store.records import AssetRecord, CopyRecord
from policies.lifecycle import AssetState
from policies.model import Plan, Redaction, Verdict
from policies.review import ReviewVerdict, Settled, settle


class Remaker:
    """One worker's means. `actor` is the worker's id, as it stands in the log."""

    def __init__(
        self,
        database: Database,
        *,
        originals: Originals,
        new_copies: NewCopies,
        sanitizer: Sanitizer,
        clock: Clock,
        actor: str,
        code_version: str,
    ) -> None:
        self._database = database
        self._originals = originals
        self._copies = new_copies
        self._sanitizer = sanitizer
        self._clock = clock
        self._actor = actor
        self._code_version = code_version

    def run(self, copy_id: str) -> AssetState:
        """Makes the copy that follows the reviewed one, and releases it; returns the asset's state.

        Raises VaultUnavailable, when the attempt does not count and the asset stays as it is;
        LedgerUnavailable, and what else the database raises: then the job is done again.
        """
        try:
            return self._run(copy_id)
        except VaultUnavailable:
            with self._database.unit() as unit:
                reviews.uncount_attempt(unit.session, copy_id)
            raise

    def _run(self, copy_id: str) -> AssetState:
        # (1) Is there something to do? The attempt is counted before anything can go wrong.
        with self._database.unit() as unit:
            reviewed = copies.get(unit.session, copy_id)
            asset = assets.get(unit.session, reviewed.asset_id, hold=True)
            rounds = reviews.of_copy(unit.session, copy_id)
            if asset.state is not AssetState.NEEDS_REVIEW or not all(stands(one) for one in rounds):
                return asset.state
            settled = settle([record.decision for record in reviews.decisions(unit.session, copy_id)])
            if not isinstance(settled, Settled) or settled.verdict is not ReviewVerdict.RELEASE:
                return asset.state
            attempts = reviews.count_attempt(unit.session, copy_id)
            earlier = shown_before(copies.all_of(unit.session, asset.id))
        if attempts > MAX_ATTEMPTS:
            return self._hold(asset, reviewed, "job.attempts")
        # What copies of this original have shown too often is filled, whatever the reviewers chose.
        hidden = limited([each.redaction for each in settled.regions], earlier)
        plan = Plan(hidden, Verdict.RELEASE, ())
        try:
            # (2) Open; (3) decode, redact, encode, check.
            made = self._sanitizer.remake(
                self._originals.open(asset), plan, size_of(reviewed), frames=reviewed.report.get("frames", 1)
            )
        except (InputRefused, OutputCheckFailed) as exc:
            return self._hold(asset, reviewed, exc.code)
        except VaultError:
            return self._hold(asset, reviewed, "vault.unreadable")
        return self._keep(asset, reviewed, self._report(reviewed, settled, hidden, made), made)

    def _keep(
        self, asset: AssetRecord, reviewed: CopyRecord, report: dict[str, Any], made: Remade
    ) -> AssetState:
        # (4) Seal the copy, under its own key and name; (5) put it, never over another.
        copy = self._copies.put(
            asset,
            made.encoded,
            size=size_of(reviewed),
            revision=reviewed.revision + 1,
            report=report,
            now=self._clock(),
        )
        try:
            # (6) One transaction: copy row, state, end of the review, audit entry.
            return self._settle(copy, reviewed)
        except IntegrityError:
            # Another worker was faster. (After a commit of unknown outcome the blob must stay.)
            self._copies.discard(copy)
            return self._winner(asset.id)

    def _settle(self, copy: CopyRecord, reviewed: CopyRecord) -> AssetState:
        with self._database.unit() as unit:
            # Under a policy that was changed meanwhile it is kept for its regions, and delivered to nobody:
            # the next copy, made under the present policy, takes them over.
            current = datasets.keeps(unit.session, copy.dataset_id, copy.report["policy_version"])
            copies.add(unit.session, copy if current else replace(copy, withdrawn_at=copy.created_at))
            assets.move(unit.session, copy.asset_id, AssetState.RELEASED, now=copy.created_at)
            reviews.close(unit.session, reviewed.id)
            unit.ledger.record(
                actor=self._actor,
                action="asset.released",
                subject=copy.asset_id,
                copy=copy.id,
                instead=reviewed.id,
                policy=copy.report["policy_version"],
                code=self._code_version,
                hidden=len(copy.report["redactions"]),
                reason="reviewed",
                **details_of(copy.report),
            )
        return AssetState.RELEASED

    def _winner(self, asset_id: str) -> AssetState:
        with self._database.reading() as session:
            state = assets.get(session, asset_id).state
        if state is AssetState.NEEDS_REVIEW:
            raise LedgerUnavailable("the copy could not be recorded; the job is done again")
        return state

    def _hold(self, asset: AssetRecord, reviewed: CopyRecord, reason: str) -> AssetState:
        with self._database.unit() as unit:
            state = assets.get(unit.session, asset.id, hold=True).state
            if state is not AssetState.NEEDS_REVIEW:  # another worker was faster, and its copy was checked
                return state
            reviews.close(unit.session, reviewed.id)
            assets.move(unit.session, asset.id, AssetState.QUARANTINED, now=self._clock(), reason=reason)
            unit.ledger.record(actor=self._actor, action="asset.quarantined", subject=asset.id, reason=reason)
        return AssetState.QUARANTINED

    def _report(
        self, reviewed: CopyRecord, settled: Settled, hidden: Sequence[Redaction], made: Remade
    ) -> dict[str, Any]:
        """The reviewed copy's, with what people made of it. Who they are stays with their decisions."""
        entries = told(hidden, [region.redaction for region in settled.regions], reviewed.report)
        return {
            **reviewed.report,
            "code_version": self._code_version,
            "libraries": library_versions(),
            "redactions": [
                {**entry, "origin": region.origin.value}
                for entry, region in zip(entries, settled.regions, strict=True)
            ],
            REVISION: strokes.REVISION,
            "reasons": [],
            "milliseconds": made.milliseconds,
            "reviewed": reviewed.id,
        }
