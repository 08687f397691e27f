"""`privgate serve`: the process that answers over HTTP."""

from __future__ import annotations

import ipaddress
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gateway.cli.first_officer import tell_set_up
from gateway.cli.options import Data, Logs, Supervised, open_installation, settings_of
from gateway.cli.process import prepare
from gateway.errors import Misconfigured
from gateway.web.app import Role, create_app
from gateway.web.connections import Patience, patient
from gateway.web.peers import ProxyOnly


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
