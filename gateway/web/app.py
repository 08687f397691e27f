"""The composition root of HTTP: settings in, an application out, with what its role needs and no more."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path

import anyio
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool

from audit.note import CheckpointVerifier
from gateway import installation
from gateway.own_models.kept import KnownDetectors
from gateway.services.apply_policy import PolicyApplication
from gateway.services.asset_life import AssetLives
from gateway.services.audit_log import AuditLog
from gateway.services.batch_pages import BatchPages
from gateway.services.batches import Batches
from gateway.services.broker import Broker
from gateway.services.copy_previews import CopyPreviews
from gateway.services.datasets import Datasets
from gateway.services.file_names import FileNames
from gateway.services.grants import Grants
from gateway.services.groups import Groups
from gateway.services.guidelines import Guidelines
from gateway.services.intake import Intake
from gateway.services.jobs import JobQueue
from gateway.services.label_drafts import LabelDrafts
from gateway.services.label_export import LabelExport
from gateway.services.label_sets import LabelSets
from gateway.services.label_submissions import LabelSubmissions
from gateway.services.label_tasks import LabelTasks
from gateway.services.log_checks import LogChecks
from gateway.services.log_explorer import LogExplorer
from gateway.services.my_work import MyWork
from gateway.services.originals import Originals
from gateway.services.policies import Policies
from gateway.services.policy_overview import PolicyOverview
from gateway.services.policy_previews import PolicyPreviews
from gateway.services.ports import Still
from gateway.services.progress import Progress
from gateway.services.proofs import Proofs
from gateway.services.readiness import Readiness, sequencer_in_time
from gateway.services.rederive import Rederivations
from gateway.services.resumable import Resumable
from gateway.services.review_decide import ReviewDecisions
from gateway.services.review_figures import ReviewFigures
from gateway.services.review_queue import ReviewQueue
from gateway.services.review_work import ReviewWork
from gateway.services.rollbacks import Rollbacks
from gateway.services.sessions import Sessions
from gateway.services.sign_in import SignIn
from gateway.services.tending import Tending
from gateway.services.upload_terms import UploadTerms
from gateway.services.webhooks import Webhooks
from gateway.services.workforce import Workforce
from gateway.settings import Settings
from gateway.store import schema
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.vault.copies import CopyReader
from gateway.version import VERSION
from gateway.web import docs, probes, problems, reference
from gateway.web.api import (
    assets,
    audit,
    batches,
    copies,
    datasets,
    grants,
    labels,
    policies,
    proofs,
    resumable,
    reviews,
    rollbacks,
    tasks,
    webhooks,
)
from gateway.web.console import desk, faults
from gateway.web.console.integrity import IntegrityWatch
from gateway.web.console.protection import ConsoleAnswers
from gateway.web.console.routes import ROUTERS
from gateway.web.head import HeadAsGet
from gateway.web.identity import Doorkeeper
from gateway.web.limits import BodyLimit
from gateway.web.metrics import Metrics
from gateway.web.requests import RequestMiddleware
from gateway.web.services import Bringing, Log, Reviews, Services

MAX_UPLOAD_BYTES = 100_000_000
COUNT_SECONDS = 5.0

STATIC = Path(__file__).parent / "console" / "static"

log = logging.getLogger("privgate.web")


class Role(StrEnum):
    """What a server process offers. The broker holds the copies' key only, the others the originals' only.

    Originals are shown by the review desk and by nothing else.
    """

    ALL = "all"
    INTAKE = "intake"
    BROKER = "broker"
    REVIEW = "review"


def create_app(
    settings: Settings, role: Role = Role.ALL, *, behind_proxy: bool = False, local: bool = True
) -> FastAPI:
    """The application. Raises Misconfigured when keys, database or blobs are not there.

    behind_proxy: what seems to come from this machine may come from anywhere. local: nobody but this machine
    reaches it, so its first page may say where things lie, and show the demonstration.
    """
    installation.log_keys(
        settings
    ).load()  # fails now, with the command that mends it, not at the first request
    database = installation.open_database(settings)
    lie_in = (("originals", role is not Role.BROKER), ("copies", role is not Role.INTAKE))
    installation.refuse_lost_blobs(settings, database, *(part for part, needed in lie_in if needed))
    queue = None if role is Role.BROKER else JobQueue(settings.jobs_database)
    doorkeeper = Doorkeeper(database)
    services = _services(settings, role, database, queue)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_write_counts, doorkeeper)
            yield
            tasks.cancel_scope.cancel()
        doorkeeper.write_count()
        if services.reviews is not None:
            services.reviews.images.close()
        if services.log is not None:
            services.log.checks.close()
        if queue is not None:
            queue.close()
        database.close()

    app = FastAPI(
        title="Privgate",
        version=VERSION,
        description="Images in; sanitized copies out, through grants; every step on the log.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.doorkeeper = doorkeeper
    app.state.services = services
    app.state.settings = settings
    app.state.database = database
    app.state.behind_proxy = behind_proxy
    app.state.local = local and not behind_proxy
    app.state.metrics = Metrics(database, utc_now)
    app.state.readiness = Readiness(_parts(settings, role, database))
    app.state.log_key = _name_of_log_key(settings)
    app.state.integrity = IntegrityWatch(database, app.state.readiness, utc_now)
    app.state.desk = desk.put_together(settings, database, app.state.readiness)
    _console_doors(app, settings, database)
    problems.install(app, faults.shown)
    faults.install(app)
    app.add_middleware(ConsoleAnswers)  # within the next, so that a HEAD's headers are those of the GET
    app.add_middleware(HeadAsGet, routes=app.routes)
    app.add_middleware(RequestMiddleware, metrics=app.state.metrics)
    for resource in (
        assets,
        batches,
        copies,
        datasets,
        grants,
        policies,
        proofs,
        resumable,
        reviews,
        rollbacks,
        tasks,
        labels,
        webhooks,
        audit,
    ):
        app.include_router(resource.router, prefix="/v1")
    app.include_router(probes.router)
    app.add_middleware(BodyLimit, image_bytes=MAX_UPLOAD_BYTES)  # nothing reads a body before it
    app.add_middleware(resumable.TusVersion)  # outside of what refuses
    for pages in ROUTERS:
        app.include_router(pages)
    docs.install(app)
    reference.install(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _name_of_log_key(settings: Settings) -> str:
    verifier = installation.checkpoint_verifier(settings)
    return f"{verifier.name}+{verifier.key_id.hex()}"


def _console_doors(app: FastAPI, settings: Settings, database: Database) -> None:
    app.state.sign_in = SignIn(database, utc_now, lasts=timedelta(hours=settings.session_hours))
    app.state.sessions = Sessions(database, utc_now, idle=timedelta(minutes=settings.session_idle_minutes))


def _services(settings: Settings, role: Role, database: Database, queue: JobQueue | None) -> Services:
    broker = intake = desk = hooks = names = shown = None
    if role in (Role.ALL, Role.BROKER):
        reader = CopyReader(installation.copy_blobs(settings), installation.copy_keys(settings))
        broker = Broker(database, reader, utc_now, cut=_cut)
        shown = CopyPreviews(database, reader, utc_now, cut=_cut)
    if queue is not None and role in (Role.ALL, Role.REVIEW):
        desk = _review_desk(settings, database, queue)
    if queue is not None and role in (Role.ALL, Role.INTAKE):
        keys = installation.original_keys(settings)
        names = FileNames(database, keys, utc_now)
        hooks = Webhooks(database, keys, installation.destinations(settings), utc_now)
        intake = Intake(
            database,
            installation.original_blobs(settings),
            keys,
            queue.enqueue,
            utc_now,
            fingerprints=installation.fingerprints(settings),
            max_bytes=MAX_UPLOAD_BYTES,
        )
    verifier = installation.checkpoint_verifier(settings)
    return Services(
        progress=Progress(database, utc_now),
        datasets=Datasets(database, utc_now),
        grants=Grants(database, utc_now, longest=timedelta(days=settings.grant_days)),
        policies=Policies(database, utc_now, detectors=KnownDetectors(settings.models)),
        previews=PolicyPreviews(database, utc_now),
        application=PolicyApplication(database, utc_now),
        rederivations=Rederivations(database, utc_now),
        rollbacks=Rollbacks(database, utc_now),
        policy_overview=PolicyOverview(database, utc_now),
        proofs=Proofs(database, utc_now, partial(installation.prover_verifier, settings)),
        label_sets=LabelSets(database, utc_now),
        label_tasks=LabelTasks(database, utc_now),
        label_submissions=LabelSubmissions(database, utc_now),
        label_export=LabelExport(database, utc_now),
        label_drafts=LabelDrafts(database, utc_now),
        guidelines=Guidelines(database, utc_now),
        my_work=MyWork(database, utc_now),
        batches=Batches(database, utc_now),
        workforce=Workforce(database, utc_now),
        groups=Groups(database, utc_now, longest=timedelta(days=settings.grant_days)),
        bringing=Bringing(
            UploadTerms(database, utc_now), BatchPages(database, utc_now), names=names, previews=shown
        ),
        broker=broker,
        intake=intake,
        uploads=None if intake is None else Resumable(intake),
        webhooks=hooks,
        audit_log=AuditLog(database, verifier, settings.checkpoint_file, utc_now),
        log=_log(settings, database, verifier),
        reviews=desk,
        review_figures=ReviewFigures(database, utc_now),
        tending=Tending(database, queue.enqueue, utc_now) if queue is not None else None,
    )


def _cut(data: bytes, frame: int) -> Still:
    # Imported here: a broker's process does without the imaging room until a frame is asked for.
    from gateway.services.stills import cut

    return cut(data, frame)


def _log(settings: Settings, database: Database, verifier: CheckpointVerifier) -> Log:
    outside = settings.checkpoint_file
    return Log(
        explorer=LogExplorer(database, verifier, outside, utc_now),
        lives=AssetLives(database, utc_now),
        checks=LogChecks(database, verifier, outside, utc_now),
    )


def _review_desk(settings: Settings, database: Database, queue: JobQueue) -> Reviews:
    # Imported here: a broker's process does without the imaging room.
    from gateway.imaging.sandbox import Sandbox
    from gateway.imaging.site_limits import site_limits
    from gateway.services.review_image import ReviewImages

    originals = Originals(installation.original_blobs(settings), installation.original_keys(settings))
    sandbox = Sandbox(site_limits(settings.max_megapixels, settings.decode_seconds))
    return Reviews(
        queue=ReviewQueue(database, utc_now),
        decisions=ReviewDecisions(database, queue.enqueue_remake, utc_now),
        images=ReviewImages(database, originals, sandbox, utc_now),
        work=ReviewWork(database, utc_now),
    )


def _parts(settings: Settings, role: Role, database: Database) -> dict[str, Callable[[], object]]:
    """What this server needs to serve, each by what raises when it does not work."""
    parts: dict[str, Callable[[], object]] = {
        "database": lambda: schema.current(database.engine),
        "sequencer": lambda: sequencer_in_time(database, utc_now),
        "keys.checkpoint": lambda: installation.checkpoint_verifier(settings),
        "keys.log": lambda: installation.log_keys(settings).load(),
    }
    if role is not Role.BROKER:
        originals = installation.original_blobs(settings)
        parts["keys.originals"] = lambda: installation.original_keys(settings)
        parts["blobs.originals"] = originals.check
    if role is not Role.INTAKE:
        sanitized = installation.copy_blobs(settings)
        parts["keys.copies"] = lambda: installation.copy_keys(settings)
        parts["blobs.copies"] = sanitized.check
    return parts


async def _write_counts(doorkeeper: Doorkeeper) -> None:
    while True:
        await anyio.sleep(COUNT_SECONDS)
        try:
            await run_in_threadpool(doorkeeper.write_count)
        except Exception as exc:
            log.warning("counting: %s", type(exc).__name__)
