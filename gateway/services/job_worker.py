"""A worker process's end of the job queue: DBOS runs each job once, and again after a crash.

DBOS does not take over the jobs of a process that died, so each worker leaves a heartbeat, and any worker
resumes what belongs to processes without one. A job may run twice at worst; the services make that harmless.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from dbos import DBOS, DBOSConfig

from gateway.correlation import correlation
from gateway.errors import VaultUnavailable
from gateway.services.anonymize import MAX_ATTEMPTS
from gateway.services.deadline import STUCK_SECONDS, watched
from gateway.services.jobs import (
    APPLICATION,
    APPLICATION_VERSION,
    DEAD_AFTER,
    QUEUE,
    WORKFLOW,
    IdsOnly,
    JobFailed,
)
from gateway.services.outage import Outage
from gateway.services.ports import Clock
from gateway.services.sweep import Sweep
from gateway.services.tally import Tally
from gateway.services.tracing import span
from gateway.store.database import Database
from gateway.store.queries import workers
from gateway.store.queries.locks import Task, claim

POLL_SECONDS = 0.1
HEARTBEAT_SECONDS = 2.0
TEND_SECONDS = 2.0
SWEEP_SECONDS = 15.0

AT_ONCE = 2
"""Jobs of one worker: while one image is looked at, the other is decoded, or encoded, checked and put."""

FORGET_AFTER = timedelta(days=1)
"""Rows of workers that were killed go after that."""

STEP_ATTEMPTS = MAX_ATTEMPTS + 1
"""The last one finds that the attempts are used up, and holds the asset."""

RETRY_SECONDS = 1.0

Job = Callable[[str], str]

PutOff = Callable[[str, str, Callable[[int], float]], None]
"""`JobQueue.put_off`: a job's id, the id it is about, and how long by its number."""

AWAY = "away"
"""What a job ends with that was put off."""

Stuck = Callable[[str, str], None]
"""Called with a workflow's name and the id it is about when a job sits there for STUCK_SECONDS."""

log = logging.getLogger("privgate.worker")


class JobWorker:
    """Runs jobs from `start` to `stop`. run: an asset's id in, its state out.

    others: more jobs, by the name of their workflow; an id in, a code out. tend: what the keeper does each
    round beside its own. tally: written with the heartbeat. stuck: gives up a job that does not end.
    outage, put_off: what jobs that meet VaultUnavailable wait by; without, they fail as by any other error.
    chores: what else is done again and again, each on its own thread, with the seconds between two times.
    executor_id: this process's own name; no two processes may share one.
    """

    def __init__(
        self,
        database: Database,
        jobs_url: str,
        run: Job,
        sweep: Sweep,
        clock: Clock,
        *,
        executor_id: str,
        concurrency: int = AT_ONCE,
        others: Mapping[str, Job] | None = None,
        tend: Sequence[Callable[[], object]] = (),
        tally: Tally | None = None,
        stuck: Stuck | None = None,
        outage: Outage | None = None,
        put_off: PutOff | None = None,
        chores: Sequence[tuple[float, Callable[[], None]]] = (),
    ) -> None:
        self._database = database
        self._sweep = sweep
        self._clock = clock
        self._executor_id = executor_id
        self._concurrency = concurrency
        self._stopping = threading.Event()
        # Apart, since a sweep of many assets may take longer than a heartbeat may be late.
        self._keepers = [
            threading.Thread(target=self._repeat, args=(seconds, act), name=act.__name__, daemon=True)
            for seconds, act in (
                (HEARTBEAT_SECONDS, self._keep),
                (TEND_SECONDS, self._tend_all),
                (SWEEP_SECONDS, self._clear_up),
                *chores,
            )
        ]
        self._config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": jobs_url,
            "executor_id": executor_id,
            "application_version": APPLICATION_VERSION,
            "serializer": IdsOnly(),
            "log_level": "WARNING",
        }
        self._jobs: dict[str, Job] = {WORKFLOW: run, **(others or {})}
        self._tend = tuple(tend)
        self._tally = tally or Tally(database)
        self._stuck = stuck
        self._patience = Patience(outage, put_off, self._stopping) if outage and put_off else None

    def start(self) -> None:
        """From now on jobs are taken."""
        self._beat()
        DBOS(config=self._config)
        for name, job in self._jobs.items():
            _register(job, name, self._stuck, self._patience)
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=self._concurrency, polling_interval_sec=POLL_SECONDS)
        for keeper in self._keepers:
            keeper.start()

    def stop(self) -> None:
        """Takes no more jobs and waits for those at work; what does not end in time is taken over."""
        self._stopping.set()
        for keeper in self._keepers:
            keeper.join()
        DBOS.destroy(workflow_completion_timeout_sec=30)
        with suppress(Exception):  # the database may be away; the heartbeat ends by itself
            self._tally.write()
            with self._database.unit() as unit:
                workers.leave(unit.session, self._executor_id)

    def _repeat(self, seconds: float, act: Callable[[], None]) -> None:
        """A keeper's life: the same again, soon at first, until this worker stops."""
        pause = min(seconds, HEARTBEAT_SECONDS)
        while not self._stopping.wait(pause):
            pause = seconds
            try:
                act()
            except Exception as exc:
                # The database may be away; the next round tries again. Its text could name anything.
                log.warning("keeper: %s", type(exc).__name__)

    def _keep(self) -> None:
        """Shows that this worker lives, and takes over from the dead."""
        self._beat()
        self._tally.write()
        self._take_over()

    def _tend_all(self) -> None:
        """Enqueues what other tables say is to be done."""
        for tend in self._tend:
            tend()

    def _clear_up(self) -> None:
        """Takes up what a crash left half done, and clears it away."""
        self._sweep.enqueue_forgotten()
        self._sweep.open_missing_reviews()
        self._sweep.clear_partials()
        with self._database.unit() as unit:
            workers.forget(unit.session, before=self._clock() - FORGET_AFTER)
        self._sweep.clear_expired_uploads()

    def _beat(self) -> None:
        with self._database.unit() as unit:
            workers.beat(unit.session, self._executor_id, now=self._clock())

    def _take_over(self) -> None:
        """Resumes jobs whose process is dead; one worker at a time looks."""
        with self._database.unit() as unit:
            if not claim(unit.session, Task.REAP):
                return
            alive = workers.alive(unit.session, since=self._clock() - DEAD_AFTER)
            pending = DBOS.list_workflows(
                status="PENDING", queue_name=QUEUE, load_input=False, load_output=False
            )
            for job in pending:
                if job.executor_id not in alive:
                    DBOS.resume_workflow(job.workflow_id, queue_name=QUEUE)


class Patience:
    """How a worker's jobs wait for the vault."""

    def __init__(self, outage: Outage, put_off: PutOff, stopping: threading.Event) -> None:
        self._outage = outage
        self._put_off = put_off
        self._stopping = stopping

    def tried(self, run: Job, subject: str, job_id: str) -> str:
        """What `run` returns, however long the vault is away; AWAY where the job was put off instead."""
        while True:
            # A part that is away is waited for here. A worker that ends leaves the job in the queue; so it
            # does with one whose own object alone cannot be had.
            try:
                if self._outage.sit_out(self._stopping):
                    return run(subject)
            except VaultUnavailable as exc:
                log.warning("the vault does not answer: %s", exc)
                if self._outage.noted(exc):
                    continue
            self._put_off(job_id, subject, self._outage.pauses.of_turn)
            return AWAY


def _register(
    run: Job, name: str = WORKFLOW, stuck: Stuck | None = None, patience: Patience | None = None
) -> None:
    """Makes a workflow and its one step known to DBOS, by names that outlive this code."""

    @DBOS.step(
        name=f"{name.partition('_')[0]}_step",
        retries_allowed=True,
        max_attempts=STEP_ATTEMPTS,
        interval_seconds=RETRY_SECONDS,
    )
    def step(subject: str) -> str:
        serving = correlation.set(subject)
        try:
            give_up = (lambda: stuck(name, subject)) if stuck else (lambda: None)
            job = _watched(run, give_up)
            state = job(subject) if patience is None else patience.tried(job, subject, str(DBOS.workflow_id))
            log.info("job ended: %s", state, extra={"fields": {"state": state}})
            return state
        except Exception as exc:
            log.warning("job failed: %s", type(exc).__name__)
            # DBOS writes what a step raises to its log, traceback and words: they could name anything.
            raise JobFailed(type(exc).__name__) from None
        finally:
            correlation.reset(serving)

    @DBOS.workflow(name=name)
    def workflow(subject: str) -> str:
        return step(subject)


def _watched(run: Job, give_up: Callable[[], None]) -> Job:
    """The same, given up where one try of it does not end; what lies between two tries is part of neither."""

    def watched_run(subject: str) -> str:
        with watched(STUCK_SECONDS, give_up), span("job", asset=subject) as attributes:
            attributes["state"] = state = run(subject)
        return state

    return watched_run
