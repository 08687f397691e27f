"""The work: jobs that do not end, workers that give no sign, a log that nobody signs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from audit.errors import AuditError
from audit.note import CheckpointVerifier
from audit.outside import load_outside
from audit.report import Findings
from gateway.services.findings import Finding, broken, fine, warning
from gateway.services.jobs import DEAD_AFTER
from gateway.services.readiness import SEQUENCER_LATE
from gateway.services.sweep import FORGOTTEN_AFTER
from gateway.store.database import Database
from gateway.store.queries import log, vitals
from policies.lifecycle import AssetState

WAITING_LONG = timedelta(minutes=5)
"""An image that no worker began for so long waits for more workers, or for any."""

AHEAD = timedelta(seconds=60)


def jobs(database: Database, now: datetime) -> Iterator[Finding]:
    with database.reading() as session:
        work = vitals.work(session, stuck_before=now - FORGOTTEN_AFTER[AssetState.PROCESSING])
        seen = vitals.heartbeats(session)
    alive = sum(moment >= now - DEAD_AFTER for moment in seen)
    waiting = work.assets[AssetState.RECEIVED]
    waited = now - work.waiting_since if work.waiting_since else timedelta(0)
    if not alive and (waiting or work.assets[AssetState.PROCESSING]):
        said = f"no worker is alive, and {waiting} images wait"
        yield broken("workers", said, "start one: privgate worker")
    elif not alive:
        yield warning("workers", "no worker is alive; nothing waits", "start one: privgate worker")
    else:
        yield fine("workers", f"{alive} workers are alive")
    if work.stuck:
        remedy = "see the worker's log; it is taken up again by itself, and held after three attempts"
        yield warning("jobs.stuck", f"{work.stuck} jobs have been at work for more than 15 minutes", remedy)
    elif alive and waited > WAITING_LONG:
        said = f"{waiting} images wait, the oldest for {waited.total_seconds() / 60:.0f} minutes"
        yield warning("jobs.waiting", said, "start more workers: privgate worker")
    else:
        yield fine("jobs", f"{waiting} images wait, {work.assets[AssetState.PROCESSING]} are at work")


def sequencer(database: Database, now: datetime) -> Iterator[Finding]:
    with database.reading() as session:
        found = vitals.log(session)
    late = now - found.oldest if found.oldest else timedelta(0)
    if late > SEQUENCER_LATE:
        seconds = f"{late.total_seconds():.0f} s"
        said = f"{found.unsequenced} entries of the log are unsigned, the oldest for {seconds}"
        yield broken("sequencer", said, "start it, or see its log: privgate sequencer")
    else:
        yield fine("sequencer", f"{found.sequenced} entries are signed, {found.unsequenced} wait")
    if found.refused:
        said = f"{found.refused} rows of the log's table come from none of our processes; they are kept out"
        remedy = "find out who else can write to the database; on a process of ours: give it keys/log.json"
        yield warning("log.refused", said, remedy)
    if found.newest and found.newest > now + AHEAD:
        said = "the log's newest entry is in the future: a clock was set back, or its writer's is fast"
        yield broken("clock.log", said, "set the clocks by NTP (timedatectl set-ntp true)")


def checkpoint_file(database: Database, file: Path, key: CheckpointVerifier) -> Iterator[Finding]:
    """The file of checkpoints against the database's newest; read before it, as it is written after."""
    code = "checkpoints"
    lines = file.read_text("utf-8", "replace").splitlines(True) if file.exists() else []
    findings = Findings()
    try:
        outside = dict(load_outside(lines, key, findings)) if lines else {}
    except AuditError:
        outside = {}
    with database.reading() as session:
        stored = log.last_checkpoint(session)
    size = stored.size if stored else 0
    beyond = max(outside, default=0)
    if beyond > size:
        said = (
            f"{file} vouches for {beyond} entries and the database's log has {size} signed: it was set back"
        )
        yield broken(code, said, "privgate audit verify; then find out who set the database back")
    elif lines and findings.failures:
        said = f"{file} holds what this log's key did not sign"
        yield broken(code, said, "privgate audit verify names the lines")
    elif size and beyond < size and not lines:
        said = f"{file} is not there, and the database holds {size} signed entries"
        yield broken(
            code, said, "restore the file from its backup; the sequencer appends the newest checkpoint"
        )
    elif size and beyond < size:
        yield warning(code, f"{file} lacks the newest checkpoint", "start the sequencer: it appends it")
    else:
        yield fine(code, f"{file} and the database agree on {size} entries")
