"""The job queue's common ground: names, what may be stored, and the senders' end. `job_worker` does the work.

DBOS keeps jobs in its own database, SQLite or PostgreSQL. Ids and numbers are all that goes there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from itertools import count
from typing import Any, Final

from dbos import DBOS, DBOSClient, EnqueueOptions, Serializer, WorkflowHandle
from dbos._migration import get_migration_versions, get_sqlite_migration_versions
from sqlalchemy import create_engine, make_url

QUEUE: Final = "anonymize"
WORKFLOW: Final = "anonymize_asset"
REMAKE: Final = "remake_reviewed"
REDERIVE: Final = "rederive_asset"
PREVIEW: Final = "preview_policy"
PROVE: Final = "prove_copy"
APPLICATION: Final = "privgate"

APPLICATION_VERSION: Final = "1"
"""Of the workflow's shape, not of the code: changed with every release it would strand the old jobs."""

DEAD_AFTER: Final = timedelta(seconds=10)
"""Five heartbeats missed. A process that was only slow does its job beside the one that took it over."""

ENGINE_SCHEMA: Final = "dbos"
"""Where DBOS keeps its tables on PostgreSQL."""

AGAIN: Final = "+"
"""In a job's id, before the number of those that its turn had before. In no id of ours."""

UNDER_WAY: Final = frozenset({"ENQUEUED", "DELAYED", "PENDING"})
"""What DBOS calls a job that has not ended."""


class JobFailed(Exception):
    """A job's exception as DBOS keeps it: the type's name, nothing that it said."""


class IdsOnly(Serializer):
    """JSON for what DBOS stores; of an exception the type's name only, since its text could name anything."""

    def serialize(self, data: Any) -> str:
        return json.dumps(data, default=_without_words, separators=(",", ":"))

    def deserialize(self, serialized_data: str) -> Any:
        data = json.loads(serialized_data)
        return JobFailed(data["failed"]) if isinstance(data, dict) and set(data) == {"failed"} else data

    def name(self) -> str:
        return "privgate_json"


def _without_words(data: object) -> object:
    if isinstance(data, BaseException):
        return {"failed": type(data).__name__}
    raise TypeError(f"a job stores ids and numbers only, not {type(data).__name__}")


def prepare_jobs(url: str) -> None:
    """Creates or migrates the job engine's database; on SQLite in WAL mode, which it does not set itself."""
    where = make_url(url)
    if where.get_backend_name() == "sqlite" and where.database:
        with closing(sqlite3.connect(where.database)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    DBOS.migrate(url)


def schema_versions(url: str) -> tuple[int, int]:
    """The version of the job engine's schema that the database has (0: none), and the library's own.

    DBOS tells neither by its public interface. Raises sqlalchemy's errors where the database does not answer.
    """
    engine = create_engine(url, hide_parameters=True)
    try:
        if engine.dialect.name == "sqlite":
            return get_sqlite_migration_versions(engine)
        return get_migration_versions(engine, ENGINE_SCHEMA, True)
    finally:
        engine.dispose()


class JobQueue:
    """The senders' end: enqueues, and runs nothing."""

    def __init__(self, url: str) -> None:
        self._client = DBOSClient(system_database_url=url, serializer=IdsOnly(), application_name=APPLICATION)

    def enqueue(self, asset_id: str, attempts: int = 0) -> None:
        """One job for an asset that was begun `attempts` times, however often this is called.

        A job that ended without settling its asset does not stand in the way of the next one: the count is
        in its id, and where not even the attempt could be counted, so is the turn.
        """
        self.enqueue_job(WORKFLOW, asset_id, f"{asset_id}:{attempts}")

    def enqueue_remake(self, copy_id: str, attempts: int = 0) -> None:
        """The same for the copy that reviewers of this one agreed on."""
        self.enqueue_job(REMAKE, copy_id, f"{copy_id}:{attempts}")

    def enqueue_job(self, workflow: str, subject: str, turn: str) -> None:
        """A job of this workflow for an id, unless one of the same turn is under way."""
        self._enqueue(workflow, subject, turn)

    def put_off(self, job_id: str, subject: str, pause: Callable[[int], float]) -> None:
        """The same once more, behind a job of this id, and not at once.

        pause: in seconds, by how many jobs of this turn there were before.

        It survives whatever ends, since the queue holds it; asking again while it waits asks once.
        """
        workflow, _, numbered = job_id.partition(":")
        turn, _, again = numbered.partition(AGAIN)
        number = int(again or 0)
        self._enqueue(workflow, subject, turn, first=number + 1, seconds=pause(number))

    def _enqueue(
        self, workflow: str, subject: str, turn: str, *, first: int = 0, seconds: float | None = None
    ) -> None:
        for again in count(first):
            options: EnqueueOptions = {
                "queue_name": QUEUE,
                "workflow_name": workflow,
                "workflow_id": f"{workflow}:{turn}" + (f"{AGAIN}{again}" if again else ""),
                "app_version": APPLICATION_VERSION,
            }
            if seconds is not None:
                options["delay_seconds"] = seconds
            handle: WorkflowHandle[str] = self._client.enqueue(options, subject)
            if handle.get_status().status in UNDER_WAY:
                return

    def close(self) -> None:
        self._client.destroy()
