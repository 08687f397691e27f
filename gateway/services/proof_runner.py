"""A worker's end of proofs: the copy is made again, from its original and from twins, and compared.

Everything may be repeated. What a crash means after each numbered effect of `run`: (1) the attempt is
counted, and the job is taken over; (2) an opening is on the log that came to nothing; (3) and (4) nothing was
written; (5) done. Of two workers on one proof the row lets one finish it: there is one certificate.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from audit.note import CheckpointSigner
from audit.twin_test import PROVEN, SALT_BYTES, commitment, write_certificate
from gateway.errors import (
    InputRefused,
    KeyringError,
    Misconfigured,
    NotFound,
    NotProven,
    VaultError,
    VaultUnavailable,
)
from gateway.imaging.sandbox import Sandbox
from gateway.services.anonymize import MAX_ATTEMPTS, WITH_COPY
from gateway.services.jobs import PROVE
from gateway.services.originals import Originals
from gateway.services.ports import Clock, CopyReader, EnqueueJob
from gateway.services.prove import Proof, prove
from gateway.services.review_sheet import redactions_of
from gateway.store.database import Database, Unit
from gateway.store.proof_records import ProofOutcome, ProofRecord
from gateway.store.queries import assets, copies, counters, proofs, reviews
from gateway.store.records import AssetRecord, CopyRecord
from policies.lifecycle import AssetState

FORGOTTEN_AFTER: Final = timedelta(minutes=15)
"""A proof that was begun so long ago may have lost its job. Asking again does no harm."""

AT_A_TIME: Final = 8
"""Proofs in the queue at once: an upload never waits behind a whole sample."""

LEAKS: Final = frozenset({"prove.twin", "prove.content"})
"""The copy shows what it should not: it is delivered no more."""

OTHER_RELEASE: Final = "prove.version"
"""Instead of "prove.content" where another release of the code, or other libraries, made the copy: they may
well have hidden the regions otherwise, and that they did is no sign of a leak."""

NO_KEY: Final = "worker.no_prover_key"
"""This worker has no prover.key, as after an update from a release that had none."""

OURS: Final = "privgate"
"""The name of this product's own version among those of the libraries."""

log = logging.getLogger("privgate.worker")


class ProofRunner:
    """One worker's means. actor: its id, as it stands in the log. libraries: versions, by name, see
    `libraries`; they stand in each certificate. prover: reads the key that signs them, raises KeyringError;
    each proof asks for it, so that a worker without it does all its other work.
    """

    def __init__(
        self,
        database: Database,
        originals: Originals,
        reader: CopyReader,
        sandbox: Sandbox,
        prover: Callable[[], CheckpointSigner],
        enqueue: EnqueueJob,
        clock: Clock,
        *,
        actor: str,
        code_version: str,
        libraries: Mapping[str, str],
    ) -> None:
        self._database = database
        self._originals = originals
        self._reader = reader
        self._sandbox = sandbox
        self._prover = prover
        self._enqueue = enqueue
        self._clock = clock
        self._actor = actor
        self._code_version = code_version
        self._libraries = dict(libraries)

    def tend(self) -> None:
        """Enqueues proofs that nobody has begun. In any number of processes."""
        before = self._clock() - FORGOTTEN_AFTER
        with self._database.reading() as session:
            waiting = proofs.unfinished(session, begun_before=before, limit=AT_A_TIME)
        for one in waiting:
            self._enqueue(PROVE, one.id, f"{one.id}:{one.attempts}")

    def run(self, proof_id: str) -> str:
        """Returns the outcome. A crash anywhere means that it is begun again.

        Raises VaultUnavailable, when the attempt does not count, and what the database raises: then the job
        is done again.
        """
        # (1) The attempt is counted before anything can go wrong.
        with self._database.unit() as unit:
            record = proofs.begin(unit.session, proof_id, now=self._clock())
        if record.outcome is not None:
            return record.outcome.value
        if record.attempts > MAX_ATTEMPTS:
            return self._fail(record, "job.attempts")
        try:
            prover = self._prover()
        except KeyringError as exc:  # said before anything is opened for nothing
            log.error("proof %s cannot be signed: %s", record.id, exc)
            return self._fail(record, NO_KEY)
        # (2) Who has what opened, before the original is.
        with self._database.unit() as unit:
            asset = assets.get(unit.session, record.asset_id, hold=True)
            copy = copies.get(unit.session, record.copy_id)
            there = asset.state is not AssetState.ERASED
            if there:
                self._opened(unit, record)
        if not there:
            return self._fail(record, "asset.erased")
        try:
            # (3) Open both, make it again, compare; in memory. (4) Sign. (5) One transaction.
            proof = self._compare(record, asset, copy)
            return self._proven(record, copy, proof, prover)
        except NotProven as exc:
            return self._not_proven(record, copy, exc)
        except InputRefused as exc:
            return self._fail(record, exc.code)
        except VaultError:
            return self._fail(record, "vault.unreadable")
        except Misconfigured:
            return self._fail(record, "worker.misconfigured")

    def _opened(self, unit: Unit, record: ProofRecord) -> None:
        unit.ledger.record(
            actor=self._actor,
            action="original.opened_for_proof",
            subject=record.asset_id,
            proof=record.id,
            copy=record.copy_id,
            asked_by=record.asked_by,
        )

    def _compare(self, record: ProofRecord, asset: AssetRecord, copy: CopyRecord) -> Proof:
        try:
            made = self._reader.read(copy.id, copy.blob, copy.wrapped_key)
            original = self._originals.open(asset)
        except VaultUnavailable:
            with self._database.unit() as unit:
                proofs.uncount(unit.session, record.id)
            raise
        return prove(original, made, redactions_of(copy), self._sandbox)

    def _proven(self, record: ProofRecord, copy: CopyRecord, proof: Proof, prover: CheckpointSigner) -> str:
        salt, now = secrets.token_bytes(SALT_BYTES), self._clock()
        note = write_certificate(
            {
                **proof.to_dict(),
                "proof": record.id,
                "asset": copy.asset_id,
                "copy": copy.id,
                "policy_version": copy.report["policy_version"],
                "made_by": copy.report.get("code_version"),
                "code_version": self._code_version,
                "libraries": self._libraries,
                "time": now.isoformat(timespec="seconds"),
            },
            salt,
            prover,
        )
        with self._database.unit() as unit:
            if self._finish(unit, record, ProofOutcome.PROVEN, certificate=note):
                unit.ledger.record(
                    actor=self._actor,
                    action=PROVEN,
                    subject=copy.id,
                    asset=copy.asset_id,
                    proof=record.id,
                    commitment=commitment(note, salt),
                    key=prover.verifier.key_id.hex(),
                    code=self._code_version,
                )
        return self._outcome(record.id)

    def _not_proven(self, record: ProofRecord, copy: CopyRecord, exc: NotProven) -> str:
        made, proved = _versions(copy), {OURS: self._code_version, **self._libraries}
        detail = {"made_with": made, "proved_with": proved}
        reason = OTHER_RELEASE if exc.code == "prove.content" and made != proved else exc.code
        with self._database.unit() as unit:
            if self._finish(unit, record, ProofOutcome.NOT_PROVEN, reason=reason, detail=detail):
                unit.ledger.record(
                    actor=self._actor,
                    action="copy.not_proven",
                    subject=copy.id,
                    asset=copy.asset_id,
                    proof=record.id,
                    reason=reason,
                    code=self._code_version,
                )
                if reason in LEAKS:
                    self._take_back(unit, copy, reason)
        if reason in LEAKS:
            log.error("copy %s is not proven (%s): it is delivered no more", copy.id, reason)
        return self._outcome(record.id)

    def _take_back(self, unit: Unit, copy: CopyRecord, reason: str) -> None:
        """Withdraws the copy and all before it; where it is the newest, its asset is held."""
        now = self._clock()
        asset = assets.get(unit.session, copy.asset_id, hold=True)
        copies.withdraw_older(unit.session, copy.asset_id, than=copy.revision + 1, now=now)
        newest = copies.newest_of(unit.session, copy.asset_id)
        if asset.state not in WITH_COPY or newest is None or newest.id != copy.id:
            return
        reviews.close(unit.session, copy.id)
        assets.move(unit.session, asset.id, AssetState.QUARANTINED, now=now, reason=reason)
        unit.ledger.record(
            actor=self._actor, action="asset.quarantined", subject=asset.id, copy=copy.id, reason=reason
        )

    def _fail(self, record: ProofRecord, reason: str) -> str:
        with self._database.unit() as unit:
            if self._finish(unit, record, ProofOutcome.FAILED, reason=reason):
                unit.ledger.record(
                    actor=self._actor,
                    action="proof.failed",
                    subject=record.id,
                    copy=record.copy_id,
                    asset=record.asset_id,
                    reason=reason,
                )
        return self._outcome(record.id)

    def _finish(self, unit: Unit, record: ProofRecord, outcome: ProofOutcome, **result: Any) -> bool:
        """False where another worker was faster; then nothing of this one is kept."""
        done = proofs.finish(unit.session, record.id, outcome, now=self._clock(), **result)
        if done:
            counters.add(unit.session, proofs.COUNTER + outcome.value, 1)
        return done

    def _outcome(self, proof_id: str) -> str:
        """As it stands in the row, whichever worker wrote it."""
        with self._database.reading() as session:
            outcome = proofs.get(session, proof_id).outcome
        if outcome is None:
            raise NotFound(f"proof {proof_id} has no outcome")
        return outcome.value


def _versions(copy: CopyRecord) -> dict[str, str]:
    """By name, what made the copy, as far as its report says."""
    ours = copy.report.get("code_version")
    libraries: Mapping[str, str] = copy.report.get("libraries") or {}
    return ({} if ours is None else {OURS: ours}) | dict(libraries)
