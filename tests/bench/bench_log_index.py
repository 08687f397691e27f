"""What the look-up beside the log costs: an entry's transaction with it and without, in turn.

python -m tests.bench.bench_log_index
"""

from __future__ import annotations

import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

from sqlalchemy import text

from gateway.store.database import Database
from gateway.store.queries import log_index
from tests.gateway.store.rows import mac
from tests.support.postgres import postgres_server

ROUNDS, EACH = 12, 40  # of transactions of one entry, with and without in turn


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(postgres_server())
        for name, url in (("sqlite", f"sqlite:///{folder / 'log.db'}"), ("postgresql", server.create("log"))):
            database = Database(url, mac=mac)
            with database.alone():
                database.migrate()
            print(f"{name:10} {_compared(database)}", flush=True)
            database.close()


def _compared(database: Database) -> str:
    _write(database, EACH)  # the first ones wait for caches
    plain, listed = [], []
    for _ in range(ROUNDS):
        with mock.patch.object(log_index, "add"):
            plain.append(_write(database, EACH))
        listed.append(_write(database, EACH))
    (without, cpu_without), (with_it, cpu_with) = (
        [statistics.median(one) * 1000 for one in zip(*runs, strict=True)] for runs in (plain, listed)
    )
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT count(*) FROM log_term")).scalar_one()
    entries = (ROUNDS + 1) * EACH
    return (
        f"one entry in a transaction: {without:.2f} ms without, {with_it:.2f} ms with the look-up "
        f"(x{with_it / without:.2f}); of this process's own time {cpu_without:.2f} and {cpu_with:.2f} ms; "
        f"{rows / entries:.1f} rows an entry"
    )


def _write(database: Database, count: int) -> tuple[float, float]:
    """Seconds a transaction, and of them those that this process was at work."""
    began, worked = time.perf_counter(), time.process_time()
    for number in range(count):
        with database.unit() as unit:
            unit.ledger.record(
                actor="person-" + "1" * 24,
                action="copy.delivered",
                subject=f"copy-{number:024x}",
                asset=f"asset-{number:024x}",
                dataset="dataset-" + "2" * 24,
                grant="grant-" + "3" * 24,
                purpose="label-cars",
            )
    return (time.perf_counter() - began) / count, (time.process_time() - worked) / count


if __name__ == "__main__":
    main()
