"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from gateway.errors import Misconfigured
from gateway.services.jobs import prepare_jobs
from gateway.settings import Settings
from gateway.store.database import Database

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="The installation's folder [PRIVGATE_DATA; ./data]."),
]
Supervised = Annotated[bool, typer.Option("--supervised", hidden=True)]


def settings_of(data: Path | None) -> Settings:
    return Settings.read(os.environ, data=data)


def open_installation(data: Path | None) -> tuple[Settings, Database]:
    """The settings and database of an installation that exists, its schema brought up to date.

    Raises Misconfigured when there is none.
    """
    settings = settings_of(data)
    if settings.database.startswith("sqlite") and not settings.data.is_dir():
        raise Misconfigured(f"there is no installation in {settings.data}; start one: privgate up --data DIR")
    return settings, open_database(settings)


def open_database(settings: Settings) -> Database:
    """The database, its schema and the job engine's brought up to date; several processes may do so."""
    database = Database(settings.database)
    with database.alone():
        database.migrate()
        prepare_jobs(settings.jobs_database)
    return database
