"""A worker process's end of the job queue: DBOS runs `Anonymizer.run`, once a job and again after a crash.

DBOS does not take over the jobs of a process that died, so each worker leaves a heartbeat, and any worker
resumes what belongs to processes without one. A job may run twice at worst; `anonymize` makes that harmless.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta

from dbos import DBOS, DBOSConfig

from gateway.services.anonymize import MAX_ATTEMPTS
from gateway.services.jobs import APPLICATION, APPLICATION_VERSION, QUEUE, WORKFLOW, IdsOnly, JobFailed
from gateway.services.ports import Clock
from gateway.services.sweep import Sweep
from gateway.store.database import Database
from gateway.store.queries import workers
from gateway.store.queries.locks import Task, claim

POLL_SECONDS = 0.1
HEARTBEAT_SECONDS = 2.0
SWEEP_SECONDS = 15.0

DEAD_AFTER = timedelta(seconds=10)
"""Five heartbeats missed. A process that was only slow does its job beside the one that took it over."""

STEP_ATTEMPTS = MAX_ATTEMPTS + 1
"""The last one finds that the attempts are used up, and holds the asset."""

RETRY_SECONDS = 1.0

log = logging.getLogger("privgate.worker")


class JobWorker:
    """Runs jobs from `start` to `stop`. run: an asset's id in, its state out.

    executor_id: this process's own name; no two processes may share one. chores: what else is done again and
    again, each on its own thread, with the seconds between two times.
    """

    def __init__(
        self,
        database: Database,
        jobs_url: str,
        run: Callable[[str], str],
        sweep: Sweep,
        clock: Clock,
        *,
        executor_id: str,
        concurrency: int = 1,
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
        self._run = run

    def start(self) -> None:
        """From now on jobs are taken."""
        self._beat()
        DBOS(config=self._config)
        _register(self._run)
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
        self._take_over()

    def _clear_up(self) -> None:
        """Takes up what a crash left half done, and clears it away."""
        self._sweep.enqueue_forgotten()
        self._sweep.clear_partials()
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


def _register(run: Callable[[str], str]) -> None:
    """Makes the workflow and its one step known to DBOS, by names that outlive this code."""

    @DBOS.step(
        name="anonymize_step",
        retries_allowed=True,
        max_attempts=STEP_ATTEMPTS,
        interval_seconds=RETRY_SECONDS,
    )
    def step(asset_id: str) -> str:
        try:
            return run(asset_id)
        except Exception as exc:
            # DBOS writes what a step raises to its log, traceback and words: they could name anything.
            raise JobFailed(type(exc).__name__) from None

    @DBOS.workflow(name=WORKFLOW)
    def anonymize_asset(asset_id: str) -> str:
        return step(asset_id)
