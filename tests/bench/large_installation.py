"""A large installation from nothing: keys by the product's own code, rows in bulk, a log that verifies."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import text

from gateway import installation
from gateway.services.jobs import prepare_jobs
from gateway.settings import Settings
from tests.bench.large_log import write_log
from tests.bench.large_rows import Drawing, World
from tests.support.recount import recount


def build(data: Path, *, database: str | None, assets: int, entries: int) -> World:
    """Fills a new data folder, and the database of this URL if it is not in the folder. Prints the times."""
    data.mkdir(parents=True, exist_ok=True)
    settings = Settings.read({} if database is None else {"PRIVGATE_DATABASE": database}, data=data)
    installation.create_keys(settings)
    opened = installation.open_database(settings)
    began = time.monotonic()
    try:
        with opened.alone():
            opened.migrate()
        prepare_jobs(settings.jobs_database)
        world = Drawing().draw(assets)
        with opened.engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA cache_size = -262144")
            world.write(connection)
            recount(connection)
            write_log(
                connection,
                world,
                entries=entries,
                mac=installation.log_keys(settings).mac,
                signer=installation.checkpoint_signer(settings),
                outside=settings.checkpoint_file,
            )
        with opened.engine.connect() as plain:
            plain = plain.execution_options(isolation_level="AUTOCOMMIT")
            plain.execute(text("ANALYZE" if plain.dialect.name == "sqlite" else "VACUUM ANALYZE"))
    finally:
        opened.close()
    print(f"built {assets} assets and {entries} entries in {time.monotonic() - began:.0f} s", flush=True)
    return world
