"""After a restore: jobs for all images that have none, since the job engine's database is not in a backup."""

from __future__ import annotations

from gateway.services.anonymize import UNSETTLED
from gateway.services.ports import Enqueue
from gateway.store.database import Database
from gateway.store.queries import assets


def enqueue_unsettled(database: Database, enqueue: Enqueue) -> int:
    """One job for each; answers how many. No worker of the old installation is at any of them."""
    count = 0
    for state in sorted(UNSETTLED):
        with database.reading() as session:
            waiting = assets.all_in_state(session, state)
        for asset_id, attempts in waiting:
            enqueue(asset_id, attempts)
        count += len(waiting)
    return count
