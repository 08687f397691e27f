"""Where the gateway may send to by itself, and the sending: a webhook's URL is somebody's wish, not a fact.

A URL could name a service inside this network that trusts whoever calls from here. So: https only, and no
address that is not public, unless the operator allows its network. The name is looked up here and the
connection made to the very address that was checked, so that a name cannot change its meaning in between.
Redirects are not followed; proxies of the environment are not used; of an answer only the status is read.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import httpcore

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

EMBEDDING = tuple(ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 addresses that carry an IPv4 one (RFC 6052, 8215, 3056, 4380): never a receiver's own."""

SETTING = "PRIVGATE_WEBHOOK_NETWORKS"


class Blocked(Exception):
    """A destination that is not called. code, advice: why and what to do."""

    def __init__(self, code: str, message: str, advice: str) -> None:
        super().__init__(message)
        self.code = code
        self.advice = advice


class Destinations:
    """allowed: networks that may be called although not public; on loopback ones http:// may be used."""

    def __init__(self, allowed: Iterable[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    def check_url(self, url: str) -> None:
        """What can be said without looking the name up. Raises Blocked."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as exc:
            raise _unusable(url) from exc
        if (
            not host
            or port == 0
            or parts.username is not None
            or parts.password is not None
            or parts.fragment
        ):
            raise _unusable(url)
        if not all("!" <= character <= "~" for character in url):  # ASCII that is seen; urlsplit drops some
            raise _unusable(url)
        literal = _literal(host)
        local = host == "localhost" or (literal is not None and literal.is_loopback)
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise Blocked(
                "webhook.scheme", "only https:// is called, http:// on this machine", "give an https:// URL"
            )
        if literal is not None:
            self.check_addresses([literal])
        elif host == "localhost":
            self.check_addresses([ip_address("127.0.0.1")])

    def check_addresses(self, addresses: Sequence[Address]) -> None:
        """Raises Blocked unless each of them may be called."""
        for address in addresses:
            plain = _unmapped(address)
            if not _is_public(plain) and not any(plain in network for network in self._allowed):
                raise Blocked(
                    "webhook.address",
                    "the URL leads to an address that is not public",
                    f"an operator can allow its network with {SETTING}",
                )


class Caller:
    """Posts to checked destinations, each within `seconds` from beginning to end."""

    def __init__(self, destinations: Destinations, *, seconds: float, at_once: int) -> None:
        self._destinations = destinations
        self._seconds = seconds
        self._at_once = at_once
        self._tls = ssl.create_default_context()

    def post_all(self, posts: Sequence[tuple[str, Mapping[str, str], bytes]]) -> list[str]:
        """For each (URL, headers, body): "delivered", or a code that says what went wrong."""
        return asyncio.run(self._post_all(posts))

    async def _post_all(self, posts: Sequence[tuple[str, Mapping[str, str], bytes]]) -> list[str]:
        gate = asyncio.Semaphore(self._at_once)
        backend = _CheckedBackend(self._destinations)
        async with httpcore.AsyncConnectionPool(ssl_context=self._tls, network_backend=backend) as pool:

            async def one(url: str, headers: Mapping[str, str], body: bytes) -> str:
                async with gate:
                    return await self._post(pool, url, headers, body)

            return list(await asyncio.gather(*(one(*post) for post in posts)))

    async def _post(
        self, pool: httpcore.AsyncConnectionPool, url: str, headers: Mapping[str, str], body: bytes
    ) -> str:
        try:
            self._destinations.check_url(url)  # what was allowed once may be so no longer
            async with (
                asyncio.timeout(self._seconds),
                pool.stream("POST", url, headers=list(headers.items()), content=body) as answer,
            ):
                status = answer.status
        except Blocked as exc:
            return exc.code
        except (TimeoutError, httpcore.TimeoutException):
            return "webhook.timeout"
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, UnicodeError):
            return "webhook.unreachable"
        return "delivered" if 200 <= status < 300 else f"webhook.status-{status}"


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Looks names up, checks the addresses, and connects to one of these."""

    def __init__(self, destinations: Destinations) -> None:
        self._destinations = destinations
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(place[0]).partition("%")[0]) for *_, place in found]
        self._destinations.check_addresses(addresses)
        return await self._plain.connect_tcp(
            str(addresses[0]),
            port,
            timeout=timeout,
            local_address=local_address,
            socket_options=socket_options,
        )


def parse_networks(text: str) -> tuple[Network, ...]:
    """From "10.1.0.0/16, 127.0.0.0/8". Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _unusable(url: str) -> Blocked:
    return Blocked(
        "webhook.url", "this is no URL to call", "give https://host/path without user and password"
    )


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _unmapped(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_public(address: Address) -> bool:
    embeds = any(address in network for network in EMBEDDING)
    return address.is_global and not address.is_multicast and not embeds
