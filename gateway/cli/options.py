"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway import installation
from gateway.cli.logs import LogFormat
from gateway.errors import Misconfigured
from gateway.own_models.kept import KnownDetectors
from gateway.settings import Settings, models_folder
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


def known_detectors() -> KnownDetectors:
    """Those that a policy can name on this machine, the operator's own too."""
    return KnownDetectors(models_folder(os.environ))


def settings_of(data: Path | None) -> Settings:
    return Settings.read(os.environ, data=data)


def open_installation(
    data: Path | None, *, jobs: bool = True, begins: bool = False
) -> tuple[Settings, Database]:
    """The settings and database of an installation that exists, its schema brought up to date.

    jobs: whether the command has to do with jobs, see open_database. begins: keys suffice, and the database
    is made where it is not there yet. Raises Misconfigured when there is no installation.
    """
    settings = settings_of(data)
    if settings.database.startswith("sqlite:") and not _is_there(settings, begins=begins):
        raise Misconfigured(
            f"there is no installation in {settings.data}; name its folder with --data DIR, or start one: "
            "privgate up --data DIR"
        )
    return settings, open_database(settings, jobs=jobs)


def is_there(settings: Settings) -> bool:
    """Whether the settings name an installation: a database of a server, or a file that exists."""
    return not settings.database.startswith("sqlite:") or _is_there(settings, begins=False)


def _is_there(settings: Settings, *, begins: bool) -> bool:
    """Whether the SQLite file is, so that no command that only reads leaves an empty one behind."""
    path = settings.database.partition(":///")[2].partition("?")[0]
    return Path(path).is_file() or (begins and any(settings.keys.glob("*.json")))


def open_database(settings: Settings, *, jobs: bool = True) -> Database:
    """The database, its schema and the job engine's brought up to date; several processes may do so.

    Without `jobs` the job engine, whose import takes a second, is left alone.
    """
    os.umask(0o077)  # what is made here is for its owner alone
    database = installation.open_database(settings)
    with database.alone():
        database.migrate()
        if jobs:
            from gateway.services.jobs import prepare_jobs

            prepare_jobs(settings.jobs_database)
    return database
