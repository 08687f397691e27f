"""One asset's anonymization, run by a worker: from the sealed original to a sealed, checked copy.

Everything may be repeated: a job can be killed anywhere and is then done again, by this worker or another.
What a crash means after each numbered effect of `run`: (1) the asset stands at processing and its job is
taken over; (2) to (4) nothing was written; (5) a sealed copy that no row names, which the sweep removes;
(6) done. Of two workers on one asset the unique (asset, revision) lets one win.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from gateway.errors import InputRefused, LedgerUnavailable, Misconfigured, OutputCheckFailed, VaultError
from gateway.services.ids import new_id
from gateway.services.intake import ORIGINAL
from gateway.services.job_counts import JobCounts
from gateway.services.ports import Clock
from gateway.services.sanitize import Sanitized, Sanitizer
from gateway.services.tracing import span
from gateway.store.database import Database
from gateway.store.queries import assets, copies, datasets
from gateway.store.records import AssetRecord, CopyRecord
from gateway.vault.blobs import BlobStore, new_blob_name
from gateway.vault.copies import copy_context
from gateway.vault.envelope import EnvelopeContext, open_sealed, seal
from gateway.vault.keys import DataKey, KeyProvider, WrappedKey
from policies.lifecycle import AssetState
from policies.model import Verdict

MAX_ATTEMPTS = 3
"""Times a job may begin. One that takes its worker down each time is held, not tried for ever."""

FIRST_REVISION = 1

UNSETTLED = frozenset({AssetState.RECEIVED, AssetState.PROCESSING})


class Anonymizer:
    """One worker's means. `actor` is the worker's id, as it stands in the log."""

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
    ) -> None:
        self._database = database
        self._originals = originals
        self._original_keys = original_keys
        self._copy_blobs = copy_blobs
        self._copy_keys = copy_keys
        self._sanitizer = sanitizer
        self._clock = clock
        self._actor = actor
        self._code_version = code_version
        self._counts = counts

    def run(self, asset_id: str) -> AssetState:
        """Brings the asset to released, needs_review or quarantined, and returns which.

        Raises LedgerUnavailable, and what else the database raises: then the job is done again.
        """
        # (1) The asset is being processed; the attempt is counted before anything can go wrong.
        with self._database.unit() as unit:
            asset = assets.get(unit.session, asset_id)
            if asset.state not in UNSETTLED:
                return asset.state
            asset = assets.move(unit.session, asset_id, AssetState.PROCESSING, now=self._clock())
            policy = datasets.policy_of(unit.session, asset.dataset_id)
        if self._counts is not None:
            self._counts.begun()
        if asset.attempts > MAX_ATTEMPTS:
            return self._hold(asset, "job.attempts")
        try:
            # (2) Open; (3) decode, detect, plan, redact, encode, check.
            with span("job.open"):
                original = self._open(asset)
            result = self._sanitizer.sanitize(original, policy)
        except (InputRefused, OutputCheckFailed) as exc:
            return self._hold(asset, exc.code)
        except VaultError:
            return self._hold(asset, "vault.unreadable")
        except Misconfigured:
            return self._hold(asset, "worker.misconfigured")
        return self._keep(asset, result, policy.version)

    def _open(self, asset: AssetRecord) -> bytes:
        context = EnvelopeContext(ORIGINAL, asset.id)
        data_key = self._original_keys.unwrap(WrappedKey.parse(asset.wrapped_key), context.to_bytes())
        return open_sealed(self._originals.get(asset.blob), data_key, context)

    def _keep(self, asset: AssetRecord, result: Sanitized, policy_version: str) -> AssetState:
        copy_id, blob, data_key = new_id("copy"), new_blob_name(), DataKey.generate()
        context = copy_context(copy_id)
        # (4) Seal the copy, under its own key and name; (5) put it, never over another.
        with span("job.put", copy=copy_id):
            self._copy_blobs.put(blob, seal(result.encoded.data, data_key, context))
        now = self._clock()
        copy = CopyRecord(
            id=copy_id,
            asset_id=asset.id,
            dataset_id=asset.dataset_id,
            revision=FIRST_REVISION,
            blob=blob,
            wrapped_key=self._copy_keys.wrap(data_key, context.to_bytes()).to_bytes(),
            media_type=result.encoded.media_type,
            byte_length=len(result.encoded.data),
            width=result.size.width,
            height=result.size.height,
            report=_report(result, policy_version, self._code_version),
            created_at=now,
        )
        clean = result.plan.verdict is Verdict.RELEASE
        state = AssetState.RELEASED if clean else AssetState.NEEDS_REVIEW
        try:
            # (6) One transaction: copy row, state, audit entry.
            with span("job.settle", copy=copy_id):
                self._settle(copy, state, result, now)
        except IntegrityError:
            # Another worker was faster. (After a commit of unknown outcome the blob must stay.)
            self._copy_blobs.delete(blob)
            return self._winner(asset.id)
        self._count(state, result.milliseconds)
        return state

    def _settle(self, copy: CopyRecord, state: AssetState, result: Sanitized, now: datetime) -> None:
        reason = ",".join(result.plan.reasons) or None
        with self._database.unit() as unit:
            copies.add(unit.session, copy)
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
            )

    def _winner(self, asset_id: str) -> AssetState:
        with self._database.reading() as session:
            state = assets.get(session, asset_id).state
        if state in UNSETTLED:
            raise LedgerUnavailable("the copy could not be recorded; the job is done again")
        return state

    def _hold(self, asset: AssetRecord, reason: str) -> AssetState:
        with self._database.unit() as unit:
            state = assets.get(unit.session, asset.id, hold=True).state
            if state not in UNSETTLED:  # another worker was faster, and its copy was checked
                return state
            assets.move(unit.session, asset.id, AssetState.QUARANTINED, now=self._clock(), reason=reason)
            unit.ledger.record(actor=self._actor, action="asset.quarantined", subject=asset.id, reason=reason)
        self._count(AssetState.QUARANTINED, {})
        return AssetState.QUARANTINED

    def _count(self, state: AssetState, milliseconds: Mapping[str, int]) -> None:
        if self._counts is not None:
            self._counts.settled(state.value, milliseconds)


def _report(result: Sanitized, policy_version: str, code_version: str) -> dict[str, Any]:
    """What the copy's row keeps: versions, digests of models, regions; nothing of the image's content."""
    return {
        "policy_version": policy_version,
        "code_version": code_version,
        "models": result.digests,
        "absent": list(result.absent),
        "precision": result.precision,
        "redactions": [
            {"kind": r.kind.value, "region": r.region.to_dict(), "method": r.method.value}
            for r in result.plan.redactions
        ],
        "detections": [
            {
                "kind": d.kind.value,
                "region": d.region.to_dict(),
                "score": round(d.score, 4),
                "source": d.source,
            }
            for d in result.detections
        ],
        "reasons": list(result.plan.reasons),
        "milliseconds": result.milliseconds,
    }
