"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.logs import LogFormat
from gateway.errors import Misconfigured
from gateway.settings import Settings
from policies.model import Kind

if TYPE_CHECKING:  # SQL and the job engine are imported by those commands that open them
    from gateway.store.database import Database

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="The installation's folder [PRIVGATE_DATA; ./data]."),
]
Logs = Annotated[
    LogFormat | None,
    typer.Option("--log-format", help="Of the lines on standard error [PRIVGATE_LOG_FORMAT; plain]."),
]
Supervised = Annotated[bool, typer.Option("--supervised", hidden=True)]


def parse_kinds(text: str | None) -> list[Kind] | None:
    """Kinds by commas; None for none given. Raises BadParameter."""
    if text is None:
        return None
    try:
        return [Kind(word.strip()) for word in text.split(",")]
    except ValueError as exc:
        raise typer.BadParameter(f"{exc}; the kinds are {', '.join(Kind)}", param_hint="--kinds") from exc


def settings_of(data: Path | None) -> Settings:
    return Settings.read(os.environ, data=data)


def open_installation(data: Path | None, *, jobs: bool = True) -> tuple[Settings, Database]:
    """The settings and database of an installation that exists, its schema brought up to date.

    jobs: whether the command has to do with jobs, see open_database. Raises Misconfigured when there is none.
    """
    settings = settings_of(data)
    if settings.database.startswith("sqlite") and not settings.data.is_dir():
        raise Misconfigured(f"there is no installation in {settings.data}; start one: privgate up --data DIR")
    return settings, open_database(settings, jobs=jobs)


def open_database(settings: Settings, *, jobs: bool = True) -> Database:
    """The database, its schema and the job engine's brought up to date; several processes may do so.

    Without `jobs` the job engine, whose import takes a second, is left alone.
    """
    from gateway.store.database import Database

    os.umask(0o077)  # what is made here is for its owner alone
    database = Database(settings.database)
    with database.alone():
        database.migrate()
        if jobs:
            from gateway.services.jobs import prepare_jobs

            prepare_jobs(settings.jobs_database)
    return database
