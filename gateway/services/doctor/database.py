"""The databases: reachable, of this release's schema, in the right mode, over verified TLS."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.services.doctor.machine import clock_finding
from gateway.services.findings import Finding, Level, broken, fine, warning, worst
from gateway.services.jobs import schema_versions
from gateway.store import schema
from gateway.store.database import Database

VERIFIED_TLS = ("verify-full", "verify-ca")


def sqlite_file(url: str, code: str) -> Iterator[Finding]:
    """Looked at before anything opens it for writing, which would make it or change its mode."""
    path = make_url(url).database
    if path is None or not Path(path).is_file():
        yield broken(code, f"there is no database file {path}", "privgate up --data DIR, or privgate restore")
        return
    try:
        with closing(sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro", uri=True)) as connection:
            mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
            whole = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as exc:
        remedy = "stop every process, keep the file for an inquiry, and restore a backup: privgate restore"
        yield broken(code, f"{path} does not open as a database ({exc.sqlite_errorname})", remedy)
        return
    if whole != "ok":
        remedy = "stop every process, keep the file for an inquiry, and restore a backup: privgate restore"
        yield broken(code, f"{path} is damaged", remedy)
    elif mode != "wal":
        remedy = "each process of Privgate sets it at its start; where it does not stay, use a local disk"
        said = f"{path} was in the mode {mode}, not WAL: readers and writers block each other"
        yield warning(code, said, remedy)
    else:
        yield fine(code, f"{path} is whole and in WAL mode")


def database(url: str) -> Iterator[Finding]:
    """The gateway's own database: there, whole, answering, and of this release's schema."""
    if is_sqlite(url):
        looked = list(sqlite_file(url, "database"))
        yield from looked
        if worst(looked) is Level.BROKEN:
            return
    opened = Database(url)
    try:
        yield _schema(schema.current(opened.engine))
    except SQLAlchemyError as exc:
        remedy = "see that the server runs and that PRIVGATE_DATABASE names it, its user and its database"
        yield broken("database", f"the database does not answer ({type(exc).__name__})", remedy)
    finally:
        opened.close()


def _schema(version: str | None) -> Finding:
    code, newest = "database.schema", schema.newest()
    if version == newest:
        return fine(code, f"the database answers; its schema is {version}")
    if version is not None and not schema.is_known(version):
        said = f"the schema {version} was made by a later release; this one's is {newest}"
        return broken(code, said, "install that release again, or restore a backup made before it")
    said = f"the schema is {version or 'not there yet'}, this release's is {newest}"
    return broken(code, said, "privgate migrate")


def postgres_tls(database: Database) -> Iterator[Finding]:
    """Verified TLS, where the server is not reached over a socket or loopback."""
    with database.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        info = raw.info  # type: ignore[union-attr]  # psycopg's
        mode, host = info.get_parameters().get("sslmode", "prefer"), info.host
        encrypted = bool(raw.pgconn.ssl_in_use)  # type: ignore[union-attr]
    yield tls_finding(host, mode, encrypted=encrypted)


def tls_finding(host: str, mode: str, *, encrypted: bool) -> Finding:
    """host: a folder for a socket. mode: libpq's sslmode."""
    if host.startswith("/") or host in ("", "localhost", "127.0.0.1", "::1"):
        return fine("database.tls", "the database is reached on this machine")
    if encrypted and mode in VERIFIED_TLS:
        return fine("database.tls", f"the connection to the database is verified TLS ({mode})")
    said = "not encrypted" if not encrypted else f"encrypted and not verified (sslmode {mode})"
    remedy = "add ?sslmode=verify-full&sslrootcert=FILE to PRIVGATE_DATABASE"
    return broken("database.tls", f"the connection to the database is {said}", remedy)


def database_clock(database: Database) -> Iterator[Finding]:
    with database.engine.connect() as connection:
        before = time.time()
        theirs = float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
        ours = (before + time.time()) / 2
    yield clock_finding("clock.database", theirs - ours, "the database's clock")


def jobs_database(url: str) -> Iterator[Finding]:
    """The job engine's own: there, and of the version that its library brings it to."""
    code = "jobs.database"
    if is_sqlite(url):
        looked = list(sqlite_file(url, code))
        yield from looked
        if worst(looked) is Level.BROKEN:
            return
    try:
        version, newest = schema_versions(url)
    except SQLAlchemyError as exc:
        remedy = "see that PRIVGATE_JOBS_DATABASE names a database that runs"
        yield broken(code, f"the job engine's database does not answer ({type(exc).__name__})", remedy)
        return
    if version > newest:
        said = f"the job engine's schema {version} is newer than this release's {newest}"
        yield broken(code, said, "install the release that made it again")
    elif version < newest:
        said = f"the job engine's schema is {version or 'not there yet'}, this release's is {newest}"
        yield broken(code, said, "privgate migrate")
    else:
        yield fine(code, f"the job engine's database answers; its schema is {version}")


def is_sqlite(url: str | URL) -> bool:
    return make_url(url).get_backend_name() == "sqlite"
