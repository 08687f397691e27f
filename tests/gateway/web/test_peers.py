"""A server behind a proxy answers its proxy, whoever else reaches the port."""

from __future__ import annotations

import ipaddress

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from gateway.web.peers import ProxyOnly
from tests.gateway.web.asgi import ask

PROXY = ipaddress.ip_network("10.0.0.0/24")


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    client = Request(scope).client
    await PlainTextResponse(client.host if client else "")(scope, receive, send)


def answer(peer: str, path: str = "/v1/audit/key") -> tuple[int, str]:
    response = ask(ProxyOnly(app, PROXY), "GET", path, peer=peer, headers={"X-Forwarded-For": "10.0.0.7"})
    return response.status_code, response.text


@pytest.mark.parametrize(("peer", "seen"), [("10.0.0.1", "10.0.0.1"), ("::ffff:10.0.0.9", "10.0.0.9")])
def test_the_proxy_is_let_in(peer: str, seen: str) -> None:
    assert answer(peer) == (200, seen)


@pytest.mark.parametrize("peer", ["10.0.1.1", "127.0.0.1", "::1", "192.0.2.7", "2001:db8::1", "unknown"])
def test_anybody_else_is_turned_away(peer: str) -> None:
    status, text = answer(peer)
    assert status == 403
    assert "urn:privgate:problem:not-the-proxy" in text


@pytest.mark.parametrize(("peer", "status"), [("127.0.0.1", 200), ("::1", 200), ("192.0.2.7", 403)])
def test_this_machine_may_ask_how_the_process_is_doing(peer: str, status: int) -> None:
    assert answer(peer, "/healthz")[0] == status
