"""Who may speak to a server that stands behind a proxy: the proxy, and nobody past it.

Whoever else reaches the port would speak to it without the proxy's TLS, and could write the headers that
only the proxy may write. This machine itself may ask how the process is doing.
"""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.web.problems import problem

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PROBES: Final = frozenset({"/healthz", "/readyz"})


class ProxyOnly:
    """Pure ASGI middleware, outside of whatever believes a proxy's headers: 403 to any other peer."""

    def __init__(self, app: ASGIApp, proxy: Network) -> None:
        self._app = app
        self._proxy = proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        peer = _address(scope.get("client"))
        if peer is not None and (peer in self._proxy or (peer.is_loopback and scope["path"] in PROBES)):
            # Written as the proxy's network is: what believes its headers compares the two.
            await self._app({**scope, "client": (str(peer), scope["client"][1])}, receive, send)
        else:
            await _refusal()(scope, receive, send)


def _address(client: tuple[str, int] | None) -> Address | None:
    """Of the connection. On a socket for both versions an IPv4 address comes as one of IPv6."""
    try:
        found = ipaddress.ip_address(client[0] if client else "")
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _refusal() -> ASGIApp:
    detail = "this server is reached through its proxy only; nothing was done"
    return problem(HTTPStatus.FORBIDDEN, "not-the-proxy", detail, headers={"Connection": "close"})
