"""The schema's version: what a database has, and what this code has.

Every process asks at its start, and nearly always there is nothing to do. So it asks without Alembic, whose
import takes much longer than the question; that comes once there is something to migrate.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from gateway.errors import Misconfigured

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"

VERSION_TABLE = "alembic_version"
"""Alembic's own: one row, the version that the database has."""


def configuration() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def newest() -> str:
    """The version that this code brings a database to. Migrations' files begin with their number."""
    return max(path.stem for path in (MIGRATIONS / "versions").glob("*.py"))


def is_newest(connection: Connection) -> bool:
    """Whether there is nothing to migrate."""
    return _current(connection) == newest()


def current(engine: Engine) -> str | None:
    """The database's version; None where it has no schema of ours yet."""
    with engine.connect() as connection:
        return _current(connection)


def is_known(version: str) -> bool:
    from alembic.script import ScriptDirectory

    return version in {
        script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()
    }


def refuse_newer(connection: Connection) -> None:
    """Raises Misconfigured for a schema that a later release made: this code would misread it."""
    version = _current(connection)
    if version is not None and not is_known(version):
        raise Misconfigured(
            f"the database's schema has version {version}, which this release does not know (its own is "
            f"{newest()}): a later release made it. Install that release again, or restore a backup made "
            "before it"
        )


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.execute(
        text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608  (a constant)
    ).scalar_one_or_none()
    return version
