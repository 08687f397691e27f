"""What both clients tell httpx, and what they make of its answers."""

from __future__ import annotations

from typing import TypedDict

import httpx

from gateway.client.flow import Answer, NoAnswer, Pieces, Request
from gateway.client.problems import Unreachable


class Options(TypedDict):
    base_url: httpx.URL
    headers: dict[str, str]
    timeout: float
    follow_redirects: bool
    trust_env: bool


class Parameters(TypedDict):
    method: str
    url: str
    params: dict[str, str] | None
    headers: dict[str, str]


def options(url: str, token: str | None, timeout: float, *, environment: bool) -> Options:
    """environment: whether its proxies and certificate authorities are used. Raises Unreachable.

    Redirects are not followed: they could carry the token elsewhere.
    """
    try:
        base = httpx.URL(url)
    except httpx.InvalidURL as exc:
        raise Unreachable(f"{url!r} is no address: {exc}") from exc
    if base.scheme not in ("http", "https") or not base.host:
        raise Unreachable(f"{url!r} is no address; write http://127.0.0.1:8080, say")
    headers = {"Accept": "*/*"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return Options(
        base_url=base, headers=headers, timeout=timeout, follow_redirects=False, trust_env=environment
    )


def parameters(request: Request) -> Parameters:
    query, headers = dict(request.query) or None, dict(request.headers)
    if isinstance(request.body, Pieces) and request.body.length is not None:
        headers["Content-Length"] = str(request.body.length)
    return Parameters(method=request.method, url=request.path, params=query, headers=headers)


def answer_of(response: httpx.Response, body: bytes) -> Answer:
    return Answer(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body)


def no_answer(error: httpx.TransportError) -> NoAnswer:
    try:
        where = str(error.request.url.copy_with(path="/", query=None))
    except RuntimeError:  # httpx did not get as far as a request
        where = "the gateway"
    return NoAnswer(
        f"{where} did not answer ({type(error).__name__}): is it running, and is that its address?"
    )
