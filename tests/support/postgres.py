"""A real PostgreSQL server for tests, from Debian's binaries: its own folder, a socket, no port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

BINARIES = Path("/usr/lib/postgresql")
USER = "postgres"
START_SECONDS = 240.0

# A test's server need not survive a power cut; that would cost each commit a wait for the disk. Nor does any
# test live long enough to be vacuumed.
OPTIONS = ("fsync=off", "full_page_writes=off", "autovacuum=off", "listen_addresses=", "max_connections=80")


@dataclass(frozen=True)
class PostgresServer:
    """A running server. socket: the folder of its socket."""

    socket: Path

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of a database."""
        return f"postgresql+psycopg://{USER}@/{database}?host={self.socket}"

    def create(self, database: str, *, template: str = "template1") -> str:
        """Makes a database, a copy of `template`, and returns its URL. Nobody may be connected to that.

        Copied file by file: by way of the write-ahead log, as is usual, takes four times the processor.
        """
        self._run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(database), sql.Identifier(template)
            )
        )
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drops a database, whoever is connected to it."""
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))

    def terminate(self, database: str) -> None:
        """Cuts every connection to a database, as a restart of the server would."""
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        with self.connect() as connection:
            connection.execute(query, [database])

    def allow(self, database: str, connections: bool) -> None:
        """Whether anybody may connect to a database; who is connected already stays."""
        allowed = sql.SQL("true" if connections else "false")
        self._run(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(sql.Identifier(database), allowed))

    def ask(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Of the server, not of one of its databases."""
        with self.connect() as connection:
            return connection.execute(query, values).fetchall()

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """As its owner, who may do everything. Each statement is committed by itself."""
        return psycopg.connect(host=str(self.socket), user=USER, dbname=database, autocommit=True)

    def _run(self, statement: sql.Composed) -> None:
        with self.connect() as connection:
            connection.execute(statement)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Starts a server in a new folder, and takes both away at the end."""
    # Not in pytest's folder: a socket's path has at most 107 bytes, and the server's user must get in.
    folder = Path(tempfile.mkdtemp(prefix="privgate-pg-"))
    try:
        _own(folder)
        binaries = _binaries()
        initdb = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", USER]
        _start([*initdb, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"], folder).wait()
        options = [part for option in OPTIONS for part in ("-c", option)]
        command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *options]
        process = _start(command, folder)
        try:
            server = PostgresServer(folder)
            _wait(server, process, folder)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            process.wait()
    finally:
        shutil.rmtree(folder)


def _binaries() -> Path:
    """Those of the newest version that is installed; a test without them fails, it is not skipped."""
    found = [path.parent for path in BINARIES.glob("*/bin/initdb")]
    assert found, "these tests need PostgreSQL's server: apt-get install -y postgresql"
    return max(found, key=lambda path: float(path.parent.name))


def _own(folder: Path) -> None:
    if os.getuid() == 0:
        account = pwd.getpwnam(USER)
        os.chown(folder, account.pw_uid, account.pw_gid)


def _start(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """PostgreSQL refuses to run as root, so then it runs as its own user."""
    as_root = os.getuid() == 0
    with (folder / "log").open("ab") as output:
        return subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
            user=USER if as_root else None,
            group=USER if as_root else None,
            extra_groups=[] if as_root else None,
        )


def _wait(server: PostgresServer, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"PostgreSQL did not start:\n{(folder / 'log').read_text('utf-8', 'replace')}")
