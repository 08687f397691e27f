"""`privgate migrate`: the database brought up to date once, before the processes that use it are started."""

from __future__ import annotations

from gateway.cli.options import Data, open_database, settings_of
from gateway.services.jobs import schema_versions
from gateway.store import schema
from gateway.store.database import Database


def migrate(data: Data = None) -> None:
    """Brings the database and the job engine's up to date; nothing to do is fine.

    Every server does so too when it starts; done once before, they need not wait for each other. A database
    that a later release made is refused.
    """
    settings = settings_of(data)
    if settings.database.startswith("sqlite"):
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database)
    before, after = schema.current(database.engine), schema.newest()
    database.close()
    open_database(settings).close()
    print(f"schema {after}, as it was" if before == after else f"schema {before or 'none'} → {after}")
    print(f"job engine's schema {schema_versions(settings.jobs_database)[0]}")
    print("the database is up to date")
