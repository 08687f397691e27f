"""The composition root of HTTP: settings in, an application out, with what its role needs and no more."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path

import anyio
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool

from gateway import installation
from gateway.services.audit_log import AuditLog
from gateway.services.batches import Batches
from gateway.services.broker import Broker
from gateway.services.datasets import Datasets
from gateway.services.grants import Grants
from gateway.services.intake import Intake
from gateway.services.jobs import JobQueue
from gateway.services.progress import Progress
from gateway.services.resumable import Resumable
from gateway.services.webhooks import Webhooks
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.vault.copies import CopyReader
from gateway.version import VERSION
from gateway.web import docs, problems
from gateway.web.api import assets, audit, batches, copies, datasets, grants, resumable, webhooks
from gateway.web.console import home
from gateway.web.identity import Doorkeeper
from gateway.web.services import Services

MAX_UPLOAD_BYTES = 100_000_000
COUNT_SECONDS = 5.0

STATIC = Path(__file__).parent / "console" / "static"

log = logging.getLogger("privgate.web")


class Role(StrEnum):
    """What a server process offers. The broker holds the copies' key only, the intake the originals' only."""

    ALL = "all"
    INTAKE = "intake"
    BROKER = "broker"


def create_app(settings: Settings, role: Role = Role.ALL) -> FastAPI:
    """The application. Raises Misconfigured when keys, database or blobs are not there."""
    database = Database(settings.database)
    queue = None if role is Role.BROKER else JobQueue(settings.jobs_database)
    doorkeeper = Doorkeeper(database)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_write_counts, doorkeeper)
            yield
            tasks.cancel_scope.cancel()
        doorkeeper.write_count()
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
    app.state.services = _services(settings, role, database, queue)
    app.state.settings = settings
    problems.install(app)
    app.middleware("http")(resumable.say_version)
    app.middleware("http")(_log_request)
    for router in (
        assets.router,
        batches.router,
        copies.router,
        datasets.router,
        grants.router,
        resumable.router,
        webhooks.router,
        audit.router,
    ):
        app.include_router(router, prefix="/v1")
    app.include_router(home.router)
    docs.install(app)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _services(settings: Settings, role: Role, database: Database, queue: JobQueue | None) -> Services:
    broker = intake = hooks = None
    if role is not Role.INTAKE:
        reader = CopyReader(installation.copy_blobs(settings), installation.copy_keys(settings))
        broker = Broker(database, reader, utc_now)
    if queue is not None:
        keys = installation.original_keys(settings)
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
        grants=Grants(database, utc_now),
        batches=Batches(database, utc_now),
        broker=broker,
        intake=intake,
        uploads=None if intake is None else Resumable(intake),
        webhooks=hooks,
        audit_log=AuditLog(database, verifier, settings.checkpoint_file, utc_now),
    )


async def _write_counts(doorkeeper: Doorkeeper) -> None:
    while True:
        await anyio.sleep(COUNT_SECONDS)
        try:
            await run_in_threadpool(doorkeeper.write_count)
        except Exception as exc:
            log.warning("counting: %s", type(exc).__name__)


async def _log_request(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
    """One line a request: the route's template, never the path, which may hold anything somebody typed."""
    start = time.perf_counter()
    response = await proceed(request)
    route = getattr(request.scope.get("route"), "path", "-")
    milliseconds = round((time.perf_counter() - start) * 1000)
    log.debug("%s %s %s %sms", request.method, route, response.status_code, milliseconds)
    return response
