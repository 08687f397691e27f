"""The worker's parts, put together."""

from __future__ import annotations

import logging
import os
import threading
from functools import partial

from gateway import installation
from gateway.detection.models import ModelStore
from gateway.errors import Misconfigured
from gateway.imaging.sandbox import Sandbox
from gateway.imaging.site_limits import site_limits
from gateway.services.anonymize import Anonymizer
from gateway.services.destinations import Caller
from gateway.services.detectors import PolicyDetectors
from gateway.services.job_counts import JobCounts
from gateway.services.job_worker import JobWorker
from gateway.services.jobs import PREVIEW, PROVE, REDERIVE, REMAKE, WORKFLOW, JobQueue
from gateway.services.libraries import library_versions
from gateway.services.new_copies import NewCopies
from gateway.services.originals import Originals
from gateway.services.outage import KEYS, Outage
from gateway.services.policy_trial import PolicyTrial
from gateway.services.preview_runner import PreviewRunner
from gateway.services.proof_runner import ProofRunner
from gateway.services.rederiver import Rederiver
from gateway.services.review_holds import ReviewHolds
from gateway.services.review_remake import Remaker
from gateway.services.sanitize import Sanitizer
from gateway.services.sweep import Sweep
from gateway.services.tally import Tally
from gateway.services.webhook_sender import AT_ONCE, WebhookSender
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.vault.copies import CopyReader
from gateway.version import VERSION
from policies.policy import load_policy, preset_names

STUCK = 75  # <sysexits.h>: a failure that another try may mend

log = logging.getLogger("privgate.worker")
WEBHOOK_SECONDS = 1.0
WEBHOOK_ATTEMPT_SECONDS = 10.0
PRUNE_SECONDS = 3600.0
OUTAGE_SECONDS = 1.0


def run_worker(
    settings: Settings, database: Database, executor_id: str, threads: int, *, until: threading.Event
) -> None:
    """Works until `until` is set. Raises Misconfigured at once when a preset cannot run here.

    Raises it later too, when a key or a model turns out to be missing: what it had is given back, and it
    ends.
    """
    lacks: list[Misconfigured] = []

    def unfit(exc: Misconfigured) -> None:
        lacks.append(exc)
        until.set()

    installation.log_keys(settings).load()
    installation.refuse_lost_blobs(settings, database, "originals", "copies")
    originals, copies = installation.original_blobs(settings), installation.copy_blobs(settings)
    detectors = PolicyDetectors(ModelStore(settings.models), threads=threads, precision=settings.precision)
    for name in preset_names():
        detectors(load_policy(name))  # fails now, with the command that mends it, not at the first image
    queue = JobQueue(settings.jobs_database)
    original_keys, copy_keys = installation.original_keys(settings), installation.copy_keys(settings)
    tally = Tally(database)
    probes = {"originals": originals.check, "copies": copies.check, KEYS: copy_keys.check}
    outage = Outage(database, probes, utc_now)
    with Sandbox(site_limits(settings.max_megapixels, settings.decode_seconds)) as sandbox:
        sanitizer = Sanitizer(sandbox, detectors)
        remaker = Remaker(
            database,
            originals=Originals(originals, original_keys),
            new_copies=NewCopies(copies, copy_keys),
            sanitizer=sanitizer,
            clock=utc_now,
            actor=executor_id,
            code_version=VERSION,
        )
        anonymizer = Anonymizer(
            database,
            originals=originals,
            original_keys=original_keys,
            copy_blobs=copies,
            copy_keys=copy_keys,
            sanitizer=sanitizer,
            clock=utc_now,
            actor=executor_id,
            code_version=VERSION,
            counts=JobCounts(tally),
            unfit=unfit,
        )
        holds = ReviewHolds(database, queue.enqueue_remake, utc_now, actor=executor_id)
        rederiver = Rederiver(database, anonymizer, queue.enqueue_job, utc_now, actor=executor_id)
        trial = PolicyTrial(Originals(originals, original_keys).open, sandbox, detectors)
        previews = PreviewRunner(database, trial, queue.enqueue_job, utc_now, actor=executor_id)
        proofs = ProofRunner(
            database,
            Originals(originals, original_keys),
            CopyReader(copies, copy_keys),
            sandbox,
            partial(installation.prover_signer, settings),
            queue.enqueue_job,
            utc_now,
            actor=executor_id,
            code_version=VERSION,
            libraries=library_versions(),
        )
        webhooks = WebhookSender(
            database,
            installation.original_keys(settings),
            Caller(installation.destinations(settings), seconds=WEBHOOK_ATTEMPT_SECONDS, at_once=AT_ONCE),
            utc_now,
            actor=executor_id,
        )
        job_worker = JobWorker(
            database,
            settings.jobs_database,
            anonymizer.run,
            Sweep(
                database,
                originals,
                copies,
                queue.enqueue,
                utc_now,
                enqueue_remake=queue.enqueue_remake,
                actor=executor_id,
            ),
            utc_now,
            executor_id=executor_id,
            others={REMAKE: remaker.run, REDERIVE: rederiver.run, PREVIEW: previews.run, PROVE: proofs.run},
            tend=(holds.carry_out, rederiver.tend, previews.tend, proofs.tend),
            tally=tally,
            stuck=partial(_give_up, anonymizer),
            outage=outage,
            put_off=queue.put_off,
            chores=(
                (OUTAGE_SECONDS, outage.look),
                (WEBHOOK_SECONDS, webhooks.deliver_due),
                (PRUNE_SECONDS, webhooks.prune),
            ),
        )
        job_worker.start()
        until.wait()
        job_worker.stop()
    queue.close()
    if lacks:
        raise lacks[0]


def _give_up(anonymizer: Anonymizer, workflow: str, subject: str) -> None:
    """Ends this process, one job of which sits in a stage that nothing else can end; it is started anew.

    An image is held first. Other jobs are tried by another worker, and no more often than any job is. A job
    that waits for the stuck one is not taken for it, see `deadline.waiting`.
    """
    log.error("a job is stuck; this worker ends", extra={"fields": {"workflow": workflow}})
    try:
        if workflow == WORKFLOW:
            anonymizer.give_up(subject)
    finally:
        os._exit(STUCK)
