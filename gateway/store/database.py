"""One engine, one unit of work: everything in it is committed together, audit entries included."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import Connection, Engine, event, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, create_engine

from gateway.errors import DatabaseUnavailable, LedgerUnavailable, Misconfigured
from gateway.store import schema
from gateway.store.ledger import Clock, Ledger, Mac, WriterPool, utc_now

BUSY_TIMEOUT_MS = 10_000
"""How long SQLite waits for another process's write before it gives up."""

CONNECT_SECONDS = 10
LOCK_SECONDS = 15
STATEMENT_SECONDS = 60
"""PostgreSQL: what takes longer is given up and told, rather than that everything queues behind it. The
longest statements are pages of the log and counts; migrations, and those who wait for them, have no limit.
"""

_READING = "privgate_reading"

_MIGRATION_LOCK = 0x70726976
"""Any fixed number: the PostgreSQL advisory lock under which only one process migrates."""


class Unit:
    """One transaction: `session` for queries, `ledger` for audit entries. Flush here; the end commits."""

    def __init__(self, session: Session, ledger: Ledger) -> None:
        self.session = session
        self.ledger = ledger


class Database:
    """A database by URL: "sqlite:////path/privgate.db" or "postgresql+psycopg://…".

    Raises DatabaseUnavailable for a URL of any other kind.
    `clock` gives audit entries their time, `mac` the code that authenticates them; without it they are read
    by whoever looks, and the sequencer refuses them.
    """

    def __init__(self, url: str, *, clock: Clock = utc_now, mac: Mac | None = None) -> None:
        try:
            self.url = make_url(url)
            self.engine = _engine(url)
        except (SQLAlchemyError, ImportError, ValueError) as exc:  # no URL, or a driver that is not here
            raise DatabaseUnavailable(
                "PRIVGATE_DATABASE is not sqlite:////FILE or postgresql+psycopg://USER@HOST/NAME"
            ) from exc
        self._clock = clock
        self._mac = mac
        self._writers = WriterPool()

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """A transaction. Leaving normally commits; an exception rolls everything back.

        Raises LedgerUnavailable when entries were recorded and could not be committed: the caller must
        then behave as though nothing had been done. Raises KeyringError where the log's key is missing.
        """
        with Session(self.engine, expire_on_commit=False) as session, self._writers.lent() as writer:
            ledger = Ledger(session, writer, self._clock, self._mac)
            yield Unit(session, ledger)
            try:
                ledger.flush()
                session.commit()
            except BaseException as exc:
                # Whether a failed commit took effect is not known: this writer's chain ends here.
                writer.retire()
                if isinstance(exc, Misconfigured):
                    raise  # the log's key is not here: nothing was sent to the database, and the words help
                if ledger.entries and isinstance(exc, Exception):
                    raise LedgerUnavailable(
                        "the audit entry could not be committed; nothing was done"
                    ) from exc
                raise
            ledger.committed()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A read-only view: takes no write lock, commits nothing."""
        with Session(self.engine.execution_options(**{_READING: True}), expire_on_commit=False) as session:
            yield session
            session.rollback()

    def migrate(self) -> None:
        """Brings the schema to the newest version. Call it within `alone`.

        Raises Misconfigured for one that is newer than this code.
        """
        with self._unhurried() as connection:
            if schema.is_newest(connection):
                return
            schema.refuse_newer(connection)
            from alembic import command

            config = schema.configuration()
            config.attributes["connection"] = connection
            config.attributes["mac"] = self._mac
            command.upgrade(config, "head")
            connection.commit()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While inside, no other process is: for migrations, which several may begin at once."""
        if self.url.get_backend_name() == "sqlite":
            with self._lock_file() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        else:
            # Without a transaction: the job engine's migrations build indexes concurrently, and such a build
            # waits for every transaction that is open, this one too, for ever.
            with self._unhurried() as waiting:
                connection = waiting.execution_options(isolation_level="AUTOCOMMIT")
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
                try:
                    yield
                finally:
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})

    @contextmanager
    def _unhurried(self) -> Iterator[Connection]:
        """A connection that waits for others, and works, for as long as it takes; closed at the end."""
        with self.engine.connect() as connection:
            if self.url.get_backend_name() != "sqlite":
                _wait(connection.connection.dbapi_connection, lock=0, statement=0)
            try:
                yield connection
            finally:
                connection.invalidate()  # nobody else may get it from the pool

    def _lock_file(self) -> TextIO:
        path = Path(f"{self.url.database}.lock")
        try:
            return path.open("w")
        except OSError as exc:
            raise DatabaseUnavailable(f"the database's folder {path.parent}: {exc.strerror}") from exc

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    # hide_parameters: what a statement carried must not reach a log in the words of its error.
    where = make_url(url)
    if where.get_backend_name() != "sqlite":
        # What the URL says of itself holds.
        waits = {} if "connect_timeout" in where.query else {"connect_timeout": CONNECT_SECONDS}
        engine = create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=waits)
        event.listen(engine, "connect", _tune_postgres)
        return engine
    connect = {"timeout": BUSY_TIMEOUT_MS / 1000}
    engine = create_engine(url, connect_args=connect, hide_parameters=True)
    event.listen(engine, "connect", _tune_sqlite)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "reset", _end)
    return engine


def _tune_postgres(connection: Any, _record: Any) -> None:
    _wait(connection, lock=LOCK_SECONDS, statement=STATEMENT_SECONDS)


def _wait(connection: Any, *, lock: int, statement: int) -> None:
    """How long this connection's statements wait for locks, and last; seconds, 0 for ever. psycopg's."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{lock}s'")
        cursor.execute(f"SET statement_timeout = '{statement}s'")
    connection.commit()


def _tune_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver would begin transactions lazily and read first, write later: two such transactions can
    # only fail. We begin ourselves, see _begin.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # an audit entry that was committed survives a power cut
        "foreign_keys=ON",
        "secure_delete=ON",  # erased rows are overwritten, not only unlinked
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")
    # Its own knows the letters of ASCII alone: nobody named Özlem would be found by her name.
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: str | None) -> str | None:
    return None if text is None else str(text).lower()


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _end(connection: sqlite3.Connection, _record: Any, _state: Any) -> None:
    # SQLite keeps the transaction, and with it the write lock, when a COMMIT fails (the disk is full, say).
    # The pool takes it for ended, so that without this every other process would wait for an idle connection.
    connection.rollback()
