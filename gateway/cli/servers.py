"""`privgate serve|worker|sequencer`: the three processes that `privgate up` starts together."""

from __future__ import annotations

import ipaddress
import logging
import os
import secrets
import signal
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway import installation
from gateway.cli.logs import LogFormat
from gateway.cli.options import Data, Logs, Supervised, open_installation, settings_of
from gateway.cli.process import prepare
from gateway.errors import Misconfigured
from gateway.services.accounts import needs_set_up
from gateway.services.sequencer import Sequencer
from gateway.services.set_up_code import FILE as SET_UP_FILE
from gateway.services.set_up_code import kept_code
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from gateway.web.app import Role, create_app
from gateway.web.connections import Patience, patient
from gateway.web.peers import ProxyOnly

SEQUENCE_SECONDS = 0.5
RETRY_SECONDS = 5.0

log = logging.getLogger("privgate.sequencer")


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8080,
    role: Annotated[
        Role, typer.Option(help="broker: holds the copies' key only. intake, review: the originals' only.")
    ] = Role.ALL,
    tls_cert: Annotated[Path | None, typer.Option(metavar="FILE", help="PEM certificate chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="PEM private key.")] = None,
    behind_proxy: Annotated[
        str | None,
        typer.Option(metavar="CIDR", help="The proxy that does TLS: nobody else is answered."),
    ] = None,
    log_format: Logs = None,
    data: Data = None,
    supervised: Supervised = False,
) -> None:
    """Serves the API. Beyond loopback it needs TLS files, or to be told of the proxy in front of it."""
    check_bind(host, tls_cert, tls_key, behind_proxy)
    prepare("serve", settings_of(data), log_format=log_format, supervised=supervised)
    settings, database = open_installation(data, begins=True)
    if not supervised:
        tell_set_up(settings, database)
    database.close()
    # Once it has shut down, the web server raises the signal again: a plain end, so that spans are sent out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    app: ASGIApp = create_app(settings, role, behind_proxy=behind_proxy is not None, local=_is_loopback(host))
    if behind_proxy is not None:
        believing = ProxyHeadersMiddleware(app, behind_proxy)  # type: ignore[arg-type]  # uvicorn's own ASGI types
        app = ProxyOnly(believing, ipaddress.ip_network(behind_proxy))  # type: ignore[arg-type]
    uvicorn.run(
        app,
        http=patient(
            Patience(head=settings.head_seconds, stall=settings.stall_seconds, most=settings.connections)
        ),
        ws="none",
        host=host,
        port=port,
        ssl_certfile=tls_cert,
        ssl_keyfile=tls_key,
        proxy_headers=False,  # believed above, where the peer is known to be the proxy
        access_log=False,  # it would write paths; the app logs route templates
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def tell_set_up(settings: Settings, database: Database, url: str = "") -> None:
    """Prints the code of the first set-up, as long as no officer has an account.

    Where machines collect the logs, each line is an object and no secret: then it says where the code is.
    """
    if not needs_set_up(database):
        return
    code = kept_code(settings.data)
    if settings.log_format == LogFormat.JSON.value:
        log.info("no officer has an account: /set-up asks for the code in %s", SET_UP_FILE)
    else:
        print(f"first officer: {url}/set-up, with the code {code}", flush=True)


def check_bind(host: str, tls_cert: Path | None, tls_key: Path | None, behind_proxy: str | None) -> None:
    """Raises Misconfigured when images would travel in the clear beyond this machine."""
    if (tls_cert is None) != (tls_key is None):
        raise Misconfigured("TLS needs both files: --tls-cert FILE --tls-key FILE")
    for file in filter(None, (tls_cert, tls_key)):
        if not file.is_file():
            raise Misconfigured(f"{file} is not there; name the PEM files with --tls-cert and --tls-key")
    if behind_proxy is not None:
        try:
            ipaddress.ip_network(behind_proxy)
        except ValueError as exc:
            raise Misconfigured(f"--behind-proxy {behind_proxy}: {exc}; write 10.0.0.0/24, say") from exc
    if not (_is_loopback(host) or tls_cert or behind_proxy):
        raise Misconfigured(
            f"{host} is reachable from other machines, and there is no TLS. Give --tls-cert FILE "
            "--tls-key FILE, or --behind-proxy CIDR if a proxy does TLS, or listen on 127.0.0.1"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
    # Imported here: detection's libraries take a second that the other commands need not wait for.
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
