"""The tallies of a database whose rows were written in bulk: counted as the migration counts an older one."""

from __future__ import annotations

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from gateway.store import schema


def recount(connection: Connection) -> None:
    script = ScriptDirectory.from_config(schema.configuration()).get_revision("0014_tallies")
    connection.execute(text("DELETE FROM asset_count"))
    connection.execute(text("DELETE FROM asset_day"))
    for statement in script.module.RECOUNT:
        connection.execute(text(statement))
