"""`privgate migrate`: the database brought up to date once, before the processes that use it are started."""

from __future__ import annotations

from gateway.cli.options import Data, open_database, settings_of


def migrate(data: Data = None) -> None:
    """Brings the database and the job engine's up to date; nothing to do is fine.

    Every server does so too when it starts; done once before, they need not wait for each other.
    """
    settings = settings_of(data)
    if settings.database.startswith("sqlite"):
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    open_database(settings).close()
    print("the database is up to date")
