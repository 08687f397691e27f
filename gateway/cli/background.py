"""`privgate worker|sequencer`: the processes behind the server, which know nothing of the web."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
from contextlib import closing
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from gateway import installation
from gateway.cli.late import loading
from gateway.cli.options import Data, Logs, Supervised, open_installation, settings_of
from gateway.cli.process import prepare
from gateway.services.sequencer import Sequencer
from gateway.store.ledger import utc_now

SEQUENCE_SECONDS = 0.5
RETRY_SECONDS = 5.0

log = logging.getLogger("privgate.sequencer")


def worker(
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads of inference; one a core by default.")
    ] = None,
    log_format: Logs = None,
    data: Data = None,
    supervised: Supervised = False,
) -> None:
    """Anonymizes what was brought in. Any number may run; with PostgreSQL, on many machines."""
    prepare("worker", settings_of(data), log_format=log_format, supervised=supervised)
    # Imported here: detection's libraries take a second that the sequencer need not wait for.
    with loading():
        from gateway.cli.worker import run_worker

    settings, database = open_installation(data, begins=True)
    executor_id = f"worker-{secrets.token_hex(6)}"
    cores = len(os.sched_getaffinity(0))
    with closing(database):
        run_worker(settings, database, executor_id, threads or cores, until=_stop_signal())


def sequencer(log_format: Logs = None, data: Data = None, supervised: Supervised = False) -> None:
    """Orders the log and signs its checkpoints; it alone holds the signing key. Run one."""
    prepare("sequencer", settings_of(data), log_format=log_format, supervised=supervised)
    settings, database = open_installation(data, begins=True)
    # Its file of checkpoints lies there, on a machine that may have nothing else of the installation.
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    signer = installation.checkpoint_signer(settings)
    keys = installation.log_keys(settings)
    keys.load()
    service = Sequencer(database, signer, settings.checkpoint_file, utc_now, keys.is_authentic)
    stop = _stop_signal()
    with closing(database):
        while not stop.is_set():
            try:
                _sequence(service, stop)
            except SQLAlchemyError as exc:
                # The database is away, or was busy for too long: entries wait in it, and so does this.
                log.warning("sequencer: %s; trying again", type(exc).__name__)
                stop.wait(RETRY_SECONDS)


def _sequence(service: Sequencer, stop: threading.Event) -> None:
    """Until `stop` is set; what came before that is still signed. Raises SQLAlchemyError."""
    service.catch_up()  # after an error too: a commit may have taken effect that was not heard of
    while not stop.is_set():
        if service.run_once() == 0:
            stop.wait(SEQUENCE_SECONDS)
    while service.run_once():
        pass


def _stop_signal() -> threading.Event:
    """Set when this process is asked to end."""
    event = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: event.set())
    return event
