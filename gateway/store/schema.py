"""The schema's version: what a database has, and what this code has."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from gateway.errors import Misconfigured

MIGRATIONS = Path(__file__).parent / "migrations"


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def newest() -> str:
    """The version that this code brings a database to."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None  # noqa: S101  (there is a first migration)
    return head


def current(engine: Engine) -> str | None:
    """The database's version; None where it has no schema of ours yet."""
    with engine.connect() as connection:
        return _current(connection)


def is_known(version: str) -> bool:
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
    return MigrationContext.configure(connection).get_current_revision()
