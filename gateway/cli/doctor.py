"""`privgate doctor`: what is wrong with this installation, and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from gateway import installation
from gateway.cli.options import Data, settings_of
from gateway.detection.models import ModelStore
from gateway.own_models.kept import KnownDetectors
from gateway.services.doctor import blobs, database, keys, machine, models, reading, webhooks, work
from gateway.services.findings import Check, Finding, Level, examine, worst
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.store.queries import log, vitals
from gateway.vault.blobs import BlobStore
from gateway.version import VERSION

Named = tuple[str, Check]

STATUS = {Level.FINE: 0, Level.WARNING: 1, Level.BROKEN: 2}


class Machine(StrEnum):
    """What runs here: a broker's machine has no originals' key, and that is as it should be."""

    ALL = "all"
    INTAKE = "intake"
    BROKER = "broker"
    WORKER = "worker"
    SEQUENCER = "sequencer"


ORIGINALS = {Machine.ALL, Machine.INTAKE, Machine.WORKER}
COPIES = {Machine.ALL, Machine.BROKER, Machine.WORKER}
SIGNING = {Machine.ALL, Machine.SEQUENCER}
DETECTING = {Machine.ALL, Machine.WORKER}
TAKING_IN = {Machine.ALL, Machine.INTAKE}
QUEUEING = {Machine.ALL, Machine.INTAKE, Machine.WORKER}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
    role: Annotated[Machine, typer.Option(help="What runs on this machine.")] = Machine.ALL,
    data: Data = None,
) -> None:
    """Looks at every part and changes none. Status 0: all fine; 1: warnings only; 2: something is broken."""
    findings = list(examination(settings_of(data), role))
    level = worst(findings)
    if as_json:
        print(json.dumps({"status": level.value, "findings": [finding.to_dict() for finding in findings]}))
    else:
        print("\n".join(_lines(findings)))
    raise typer.Exit(STATUS[level])


def _lines(findings: Iterable[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"{finding.level.value:8} {finding.code}: {finding.message}"
        if finding.remedy:
            yield f"{'':8} → {finding.remedy}"


def examination(settings: Settings, role: Machine) -> Iterator[Finding]:
    yield from examine(_machine(settings, role))
    found = list(examine([("database", lambda: database.database(settings.database))]))
    yield from found
    if worst(found) is Level.BROKEN:
        # What needs rows cannot be looked at; the rest can.
        yield from examine([*_reading(settings, role, None), *_keys(settings, role, None)])
        yield from examine(_stores(settings, role))
        return
    opened = Database(settings.database)
    try:
        yield from examine([*_reading(settings, role, opened), *_keys(settings, role, opened)])
        yield from examine(_stores(settings, role))
        yield from examine(_work(settings, role, opened))
    finally:
        opened.close()


def _machine(settings: Settings, role: Machine) -> Iterator[Named]:
    yield "versions", lambda: machine.versions(VERSION)
    if role in DETECTING:
        yield "libraries.system", machine.system_libraries
        yield "libraries.python", machine.python_libraries
        yield "models", lambda: models.models(ModelStore(settings.models))
    yield "disk", lambda: machine.disk(settings.data, "data")
    folder = installation.blob_folder(settings, "originals")
    if folder is not None and not folder.is_relative_to(settings.data):
        yield "disk", lambda: machine.disk(folder, "blobs")
    yield "clock.files", lambda: machine.file_clock(settings.data)


def _reading(settings: Settings, role: Machine, opened: Database | None) -> Iterator[Named]:
    if role in DETECTING:
        yield "reading", lambda: reading.reading(ModelStore(settings.models), opened)


def _keys(settings: Settings, role: Machine, opened: Database | None) -> Iterator[Named]:
    """opened: None where there is no database to try the keys on."""
    asset = copy = note = None
    if opened is not None:
        with opened.reading() as session:
            asset, copy = vitals.newest_sealed(session)
            stored = log.last_checkpoint(session)
        note = stored.note if stored else None
    if role in ORIGINALS:
        yield "keys", lambda: keys.originals_key(lambda: installation.original_keys(settings), asset)
    if role in COPIES:
        yield "keys", lambda: keys.copies_key(lambda: installation.copy_keys(settings), copy)
    yield "keys", lambda: keys.log_key(installation.log_keys(settings).load)
    if role in TAKING_IN:
        yield "keys", lambda: keys.fingerprints_key(lambda: installation.fingerprints(settings))
    signer = (lambda: installation.checkpoint_signer(settings)) if role in SIGNING else None
    verifier = partial(installation.checkpoint_verifier, settings)
    yield "keys", lambda: keys.checkpoint_pair(signer, verifier, note)
    if role in DETECTING:
        public = partial(installation.prover_verifier, settings) if role is Machine.ALL else None
        yield "keys", lambda: keys.prover_pair(partial(installation.prover_signer, settings), public)


def _stores(settings: Settings, role: Machine) -> Iterator[Named]:
    if role in QUEUEING:
        yield "jobs.database", lambda: database.jobs_database(settings.jobs_database)
    if role in ORIGINALS:
        yield "blobs", lambda: _store(settings, "originals", installation.original_blobs)
    if role in COPIES:
        yield "blobs", lambda: _store(settings, "copies", installation.copy_blobs)


def _store(settings: Settings, part: str, opener: Callable[[Settings], BlobStore]) -> Iterable[Finding]:
    folder = installation.blob_folder(settings, part)
    if folder is not None and not folder.is_dir():  # opening it would make it
        return [blobs.missing_store(part, str(folder))]
    return blobs.blob_store(part, lambda: opener(settings))


def _work(settings: Settings, role: Machine, opened: Database) -> Iterator[Named]:
    now = utc_now()
    if not database.is_sqlite(settings.database):
        yield "database.tls", lambda: database.postgres_tls(opened)
        yield "clock.database", lambda: database.database_clock(opened)
    if role in DETECTING:
        yield "detectors", lambda: models.detectors(KnownDetectors(settings.models), opened)
    yield "jobs", lambda: work.jobs(opened, now)
    yield "sequencer", lambda: work.sequencer(opened, now)
    if role in ORIGINALS:
        yield "webhooks", lambda: webhooks.outbox(opened, lambda: installation.original_keys(settings), now)
    if role in SIGNING:
        verifier = partial(installation.checkpoint_verifier, settings)
        yield "checkpoints", lambda: work.checkpoint_file(opened, settings.checkpoint_file, verifier())
