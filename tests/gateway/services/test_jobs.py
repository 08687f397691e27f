"""The job queue: a job that failed stands in nobody's way, and nothing that it said is kept."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gateway.services.jobs import APPLICATION_VERSION, IdsOnly, JobFailed, JobQueue, prepare_jobs

# A process of its own: the job engine is one a process.
WORKER = """
import sys, time
from dbos import DBOS
from gateway.services import job_worker, jobs

job_worker.RETRY_SECONDS = 0.01
url, runs = sys.argv[1], []

def run(asset_id):
    runs.append(asset_id)
    if len(runs) <= job_worker.STEP_ATTEMPTS:
        raise ValueError("IMG_0042.jpg shows Olga")
    return "released"

DBOS(config={"name": jobs.APPLICATION, "system_database_url": url, "executor_id": "worker-1",
             "application_version": jobs.APPLICATION_VERSION, "serializer": jobs.IdsOnly()})
job_worker._register(run)
DBOS.launch()
DBOS.register_queue(jobs.QUEUE, worker_concurrency=1, polling_interval_sec=0.05)
queue = jobs.JobQueue(url)

def wait_for(status, job):
    deadline = time.monotonic() + 240
    while (found := DBOS.get_workflow_status(job)) is None or found.status != status:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)

queue.enqueue("asset-1")
wait_for("ERROR", "anonymize_asset:asset-1:0")
queue.enqueue("asset-1")
wait_for("SUCCESS", "anonymize_asset:asset-1:0+1")
print("runs", len(runs))
queue.close()
DBOS.destroy()
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    made = f"sqlite:///{tmp_path / 'jobs.db'}"
    prepare_jobs(made)
    return made


def test_a_job_that_failed_before_its_attempt_was_counted_is_done_again(url: str, tmp_path: Path) -> None:
    worker = subprocess.run(
        [sys.executable, "-c", WORKER, url], capture_output=True, text=True, timeout=300, check=True
    )
    assert worker.stdout.splitlines()[-1] == "runs 5"
    # Neither what the engine prints nor what it stores repeats an exception's words.
    assert "ValueError" in worker.stdout + worker.stderr
    assert "Olga" not in worker.stdout + worker.stderr
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"asset-1" in stored
    assert b"Olga" not in stored


def test_asking_again_while_a_job_waits_asks_once(url: str, tmp_path: Path) -> None:
    queue = JobQueue(url)
    for _ in range(3):
        queue.enqueue("asset-1")
    queue.enqueue("asset-1", attempts=1)
    queue.enqueue("asset-2")
    queue.close()
    with closing(sqlite3.connect(tmp_path / "jobs.db")) as connection:
        rows = connection.execute(
            "SELECT workflow_uuid, status, application_version FROM workflow_status ORDER BY 1"
        ).fetchall()
    assert rows == [
        (f"anonymize_asset:{job}", "ENQUEUED", APPLICATION_VERSION)
        for job in ("asset-1:0", "asset-1:1", "asset-2:0")
    ]


def test_of_an_exception_the_types_name_is_kept_and_no_other_object_is() -> None:
    serializer = IdsOnly()
    kept = serializer.serialize(ValueError("IMG_0042.jpg"))
    assert "IMG_0042" not in kept
    assert isinstance(serializer.deserialize(kept), JobFailed)
    assert serializer.deserialize(serializer.serialize(["asset-1", 3])) == ["asset-1", 3]
    with pytest.raises(TypeError, match="ids and numbers only, not bytes"):
        serializer.serialize(b"pixels")
