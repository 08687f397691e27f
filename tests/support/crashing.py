"""Runs `privgate` so that it kills itself at one point: `python -m tests.support.crashing POINT serve …`.

A point is a name below: which of the real collaborators is watched, and whether the process dies right before
or right after its work. The kill is SIGKILL, so nothing is flushed, rolled back or cleaned up.

One other thing differs: a worker that is to die at an image takes one job at a time, and no dead worker's. It
would else take jobs down with it that were sent for the next one to die at; and one job could meet four of
them in a row, and a job that takes down all who touch it is rightly held.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True)
class Point:
    """target: "module:name.name" of a function. after: whether it does its work first.

    action: only for an audit entry of this action; the function is then a Ledger's.
    """

    target: str
    after: bool = True
    action: str | None = None


FLUSH = "gateway.store.ledger:Ledger.flush"
COMMITTED = "gateway.store.ledger:Ledger.committed"

POINTS = {
    # services/intake.py
    "intake-1-sealed-piece": Point("gateway.vault.blob_writers:BlobWriter.write"),
    "intake-2-blob": Point("gateway.vault.blob_writers:BlobWriter.commit"),
    "intake-3-uncommitted": Point(FLUSH, action="asset.received"),
    "intake-3-row": Point(COMMITTED, action="asset.received"),
    "intake-4-enqueued": Point("gateway.services.jobs:JobQueue.enqueue"),
    # services/anonymize.py
    "anonymize-1-processing": Point("gateway.services.originals:open_sealed", after=False),
    "anonymize-2-opened": Point("gateway.services.originals:open_sealed"),
    "anonymize-3-decoded": Point("gateway.imaging.sandbox:Sandbox.decode"),
    "anonymize-3-sanitized": Point("gateway.services.sanitize:Sanitizer.sanitize"),
    "anonymize-4-sealed": Point("gateway.services.new_copies:seal"),
    "anonymize-5-put": Point("gateway.vault.blobs:BlobStore.put"),
    "anonymize-6-uncommitted": Point(FLUSH, action="asset.released"),
    "anonymize-6-settled": Point(COMMITTED, action="asset.released"),
    # services/review_remake.py
    "remake-2-opened": Point("gateway.services.originals:open_sealed"),
    "remake-5-put": Point("gateway.vault.blobs:BlobStore.put"),
    "remake-6-uncommitted": Point(FLUSH, action="asset.released"),
    "remake-6-settled": Point(COMMITTED, action="asset.released"),
    # services/review_holds.py
    "hold-1-uncommitted": Point(FLUSH, action="review.settled"),
    "hold-1-settled": Point(COMMITTED, action="review.settled"),
    # services/rederiver.py; the entry that settles it is that of services/anonymize.py
    "rederive-1-counted": Point("gateway.store.queries.rederivations:begin_item"),
    "rederive-4-put": Point("gateway.vault.blobs:BlobStore.put"),
    "rederive-4-settled": Point(COMMITTED, action="asset.released"),
    # services/preview_runner.py
    "preview-4-uncommitted": Point(FLUSH, action="policy.preview_finished"),
    # services/proof_runner.py
    "proof-5-uncommitted": Point(FLUSH, action="copy.proven"),
    # services/resumable.py
    "upload-1-piece": Point("gateway.services.resumable:Resumable.make_asset", after=False),
    "upload-2-asset": Point("gateway.store.queries.uploads:finish", after=False),
    "upload-3-cleared": Point("gateway.services.resumable:Resumable.clear", after=False),
    # services/webhook_sender.py
    "webhook-1-claimed": Point("gateway.services.destinations:Caller.post_all", after=False),
    "webhook-2-sent": Point("gateway.services.destinations:Caller.post_all"),
    # services/sequencer.py
    "sequencer-2-placed": Point("gateway.store.queries.log:add_checkpoint"),
    "sequencer-3-committed": Point("gateway.services.sequencer:append_note", after=False),
    "sequencer-4-told": Point("gateway.services.sequencer:append_note"),
}


def main() -> None:
    name = sys.argv.pop(1)
    _arm(POINTS[name])
    if name.startswith("anonymize"):
        _modest()
    from gateway.cli import main as privgate

    privgate()


def _modest() -> None:
    job_worker: Any = importlib.import_module("gateway.services.job_worker")
    job_worker.DEAD_AFTER = timedelta(days=1)
    job_worker.JobWorker.__init__.__kwdefaults__["concurrency"] = 1
    job_worker.Sweep.enqueue_forgotten = lambda _: 0


def _arm(point: Point) -> None:
    module, _, path = point.target.partition(":")
    *owners, name = path.split(".")
    holder: Any = importlib.import_module(module)
    for owner in owners:
        holder = getattr(holder, owner)
    setattr(holder, name, _deadly(getattr(holder, name), point))


def _deadly(work: Callable[..., Any], point: Point) -> Callable[..., Any]:
    def deadly(*arguments: Any, **options: Any) -> Any:
        concerned = point.action is None or any(e.action == point.action for e in arguments[0].entries)
        if concerned and not point.after:
            _die()
        result = work(*arguments, **options)
        if concerned:
            _die()
        return result

    return deadly


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
