"""A worker process whose jobs each fetch a blob of an S3 server, which goes away and comes back.

A process of its own: the job engine is one a process. Its arguments are the URLs of the two databases.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter

from dbos import DBOS, WorkflowStatus

from gateway.services import job_worker, jobs
from gateway.services.outage import Outage, Pauses
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.store.queries import outages
from gateway.vault.blobs import BlobStore
from tests.support.objects import s3_server
from tests.support.processes import wait_until

PAUSES = Pauses(first=0.2, most=0.5)


def main(jobs_url: str, database_url: str) -> None:
    database, stopping, over = Database(database_url), threading.Event(), threading.Event()
    runs: Counter[str] = Counter()
    with s3_server() as s3:
        blobs = BlobStore.from_url("s3://bucket", **s3.options, retry_config={"max_retries": 0})
        s3.objects |= dict.fromkeys(("bucket/a", "bucket/b", "bucket/c", "bucket/d"), b"sealed")

        def run(name: str) -> str:
            runs[name] += 1
            blobs.get(name)
            return "released"

        outage = Outage(database, {"originals": blobs.check}, utc_now, pauses=PAUSES)

        def keep() -> None:
            while not over.wait(0.05):
                outage.look()

        def status(job: str) -> str | None:
            found = DBOS.get_workflow_status(f"{jobs.WORKFLOW}:{job}")
            return None if found is None else found.status

        def newest(name: str) -> WorkflowStatus:
            """Of the jobs for a blob."""
            prefix = f"{jobs.WORKFLOW}:{name}"
            return DBOS.list_workflows(workflow_id_prefix=prefix, sort_desc=True, limit=1)[0]

        def known() -> bool:
            with database.reading() as session:
                return bool(outages.all_of(session))

        queue = jobs.JobQueue(jobs_url)
        DBOS(
            config={
                "name": jobs.APPLICATION,
                "system_database_url": jobs_url,
                "executor_id": "worker-1",
                "application_version": jobs.APPLICATION_VERSION,
                "serializer": jobs.IdsOnly(),
            }
        )
        job_worker._register(run, patience=job_worker.Patience(outage, queue.put_off, stopping))
        DBOS.launch()
        DBOS.register_queue(jobs.QUEUE, worker_concurrency=1, polling_interval_sec=0.05)
        keeper = threading.Thread(target=keep)
        keeper.start()

        # (1) The whole store is away: the job keeps its place, and the next one is not even begun.
        s3.stop()
        queue.enqueue("a")
        queue.enqueue("b")
        wait_until(known, "an outage to be noted")
        assert (status("a:0"), status("b:0")) == ("PENDING", "ENQUEUED")
        s3.start()
        wait_until(lambda: status("b:0") == "SUCCESS", "both jobs to end")
        assert (status("a:0"), known(), runs["b"]) == ("SUCCESS", False, 1)

        # (2) One object alone cannot be had: its job is put off, once, and others go on.
        s3.refused["bucket/c"] = 403
        queue.enqueue("c")
        wait_until(lambda: runs["c"] > 2, "the job to be put off again and again")
        assert status("c:0") == "SUCCESS"
        queue.enqueue("d")
        wait_until(lambda: status("d:0") == "SUCCESS", "another job to go on")
        assert not known()
        s3.refused.clear()
        wait_until(lambda: newest("c").output == "released", "the job to end")

        # (3) A worker that ends in an outage leaves its job in the queue.
        s3.stop()
        queue.enqueue("d", attempts=1)
        wait_until(known, "an outage to be noted")
        stopping.set()
        wait_until(lambda: status("d:1") == "SUCCESS", "the job to let go")
        assert newest("d:1").status in jobs.UNDER_WAY
        over.set()
        keeper.join()
        DBOS.destroy()
        queue.close()
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
    print("waited")
