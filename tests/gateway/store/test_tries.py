"""Wrong tries at signing in that come at once are each counted, and none is a fault of the database."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from gateway.store.database import Database
from gateway.store.queries import accounts
from tests.gateway.store.rows import NOW

WINDOW = timedelta(minutes=15)
AT_ONCE = 8


def tried(database: Database, *keys: str, minutes: float = 0) -> list[int]:
    now = NOW + timedelta(minutes=minutes)
    with database.unit() as unit:
        return [accounts.add_try(unit.session, key, now=now, since=now - WINDOW) for key in keys]


def test_the_first_tries_of_an_address_may_come_at_once(database: Database) -> None:
    """Of a house that begins its day, each by another name."""
    together = threading.Barrier(AT_ONCE)

    def one(number: int) -> int:
        together.wait()
        return tried(database, f"login:{number}", "address:house")[1]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        counted = sorted(pool.map(one, range(AT_ONCE)))
    assert counted == list(range(1, AT_ONCE + 1))


def test_a_count_begins_anew_when_its_window_is_over(database: Database) -> None:
    assert tried(database, "login:a") == [1]
    assert tried(database, "login:a", minutes=14) == [2]
    assert tried(database, "login:a", minutes=16) == [1]


def test_what_is_over_is_forgotten(database: Database) -> None:
    tried(database, "login:a", "login:b")
    tried(database, "login:c", minutes=16)
    with database.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT key FROM sign_in_try").scalars().all()
    assert kept == ["login:c"]
