"""The database's part of a backup: a consistent copy while everything runs, and back.

SQLite by its online backup; PostgreSQL by pg_dump and pg_restore, in the snapshot that the rows are read in.
The job engine's tables are left out: its jobs are asked for anew from the assets' states.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import URL, create_engine, inspect, make_url, text
from sqlmodel import Session

from gateway.errors import Misconfigured
from gateway.services.backup.faults import BackupFault
from gateway.services.jobs import ENGINE_SCHEMA

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"

PARTS: Final = {SQLITE: "database/privgate.db", POSTGRESQL: "database/privgate.pgdump"}

DEBIAN_BINARIES: Final = Path("/usr/lib/postgresql")

LIBPQ: Final = {
    # What a connection URL's query may say, by libpq's environment variables: no password in a command line.
    "host": "PGHOST",
    "port": "PGPORT",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "application_name": "PGAPPNAME",
    "passfile": "PGPASSFILE",
}


def backend_of(url: str) -> str:
    return make_url(url).get_backend_name()


@contextmanager
def snapshot(url: str, into: Path) -> Iterator[Session]:
    """Writes the database as of one moment to the new file `into`; the session sees the same moment."""
    if backend_of(url) == SQLITE:
        _copy_sqlite(make_url(url), into)
        engine = create_engine(f"sqlite:///{into}", hide_parameters=True)
        try:
            with Session(engine) as session:
                yield session
        finally:
            engine.dispose()
        return
    engine = create_engine(url, isolation_level="REPEATABLE READ", hide_parameters=True)
    try:
        with Session(engine) as session:
            name = session.connection().execute(text("SELECT pg_export_snapshot()")).scalar_one()
            _run(
                "pg_dump",
                make_url(url),
                *("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={name}"),
                *(f"--exclude-schema={ENGINE_SCHEMA}", f"--file={into}"),
            )
            yield session
            session.rollback()
    finally:
        engine.dispose()


def is_empty(url: str) -> bool:
    """Nothing of ours is there yet. An SQLite file that is there is never empty: whose is it?"""
    where = make_url(url)
    if where.get_backend_name() == SQLITE:
        return where.database is not None and not Path(where.database).exists()
    engine = create_engine(url, hide_parameters=True)
    try:
        return not inspect(engine).get_table_names()
    finally:
        engine.dispose()


def load(url: str, dump: Path) -> None:
    """Fills an empty PostgreSQL database, whole or not at all. Raises BackupFault."""
    _run(
        "pg_restore",
        make_url(url),
        *("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"),
        *(f"--dbname={make_url(url).database}", str(dump)),
    )


def clear(url: str) -> None:
    """Takes away what `load` brought to a database that was empty."""
    engine = create_engine(url, hide_parameters=True)
    try:
        with engine.begin() as connection:
            quote = connection.dialect.identifier_preparer.quote
            for table in inspect(connection).get_table_names():
                connection.execute(text(f"DROP TABLE IF EXISTS {quote(table)} CASCADE"))
    finally:
        engine.dispose()


def check_sqlite(path: Path) -> None:
    """Raises BackupFault where the file is no whole database."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            whole = connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
    except sqlite3.DatabaseError:
        whole = False
    if not whole:
        raise BackupFault(f"the backup's {PARTS[SQLITE]} is damaged: SQLite finds it broken inside")


def _copy_sqlite(where: URL, into: Path) -> None:
    if where.database is None or not Path(where.database).is_file():
        raise Misconfigured(f"there is no database {where.database}; name the installation with --data")
    os.close(os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(where.database)) as source, closing(sqlite3.connect(into)) as copy:
        # All pages in one step: one moment, and in WAL mode no writer waits for it.
        source.backup(copy, pages=-1)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log of its own beside it


def _run(program: str, where: URL, *arguments: str) -> None:
    done = subprocess.run(
        [_binary(program), *arguments],
        env=_environment(where),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise BackupFault(f"{program} failed: {said}")


def _binary(program: str) -> str:
    if found := shutil.which(program):
        return found
    installed = sorted(DEBIAN_BINARIES.glob(f"*/bin/{program}"), key=lambda path: float(path.parts[-3]))
    if not installed:
        raise Misconfigured(
            f"{program} is missing; a PostgreSQL database is backed up and restored with it: "
            "apt-get install -y postgresql-client, of the server's version or a later one"
        )
    return str(installed[-1])


def _environment(where: URL) -> dict[str, str]:
    if unknown := where.query.keys() - LIBPQ.keys():
        raise Misconfigured(
            f"PRIVGATE_DATABASE says {', '.join(sorted(unknown))}, which pg_dump is not given"
        )
    named = {
        "PGHOST": where.host,
        "PGPORT": str(where.port) if where.port else None,
        "PGUSER": where.username,
        "PGPASSWORD": str(where.password) if where.password else None,
        "PGDATABASE": where.database,
    }
    named |= {LIBPQ[name]: str(value) for name, value in where.query.items()}
    # The rest of this process's environment is not its affair; its home holds .pgpass and certificates.
    own = {"PATH": os.defpath, "HOME": str(Path.home()), "LC_ALL": "C.UTF-8"}
    return own | _libpq_own() | {name: value for name, value in named.items() if value is not None}


def _libpq_own() -> dict[str, str]:
    """What this process's own connections take where the URL says nothing: PGPASSWORD, PGSSLROOTCERT …"""
    from psycopg.pq import Conninfo  # a library that SQLite does without

    return {
        option.envvar.decode(): option.val.decode()
        for option in Conninfo.get_defaults()
        if option.envvar and option.val and option.val != option.compiled
    }
