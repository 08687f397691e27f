"""The client for ordinary code: carries out flows with httpx, one step after another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from gateway.client.connection import answer_of, no_answer, options, parameters
from gateway.client.files import PIECE_BYTES, Landing, from_byte
from gateway.client.flow import Answer, Body, Came, Flow, NoAnswer, Over, Pause, Request, Result, Step


class Client:
    """One gateway, and the token of whoever asks. Safe to share between threads.

    url: such as "https://gateway:8443". timeout: seconds without a byte. transport: another way to send,
    for a proxy or a certificate authority of one's own. environment: use its proxies (HTTPS_PROXY) and
    certificate authorities (SSL_CERT_FILE); otherwise none stands between.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout: float = 60.0,
        environment: bool = False,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(
            transport=transport, **options(url, token, timeout, environment=environment)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def do(self, flow: Flow[Result]) -> Result:
        """Carries it out and gives its result. Raises what the flow does, and OSError of files."""
        try:
            step = next(flow)
            while True:
                step = flow.send(self._take(step))
        except StopIteration as done:
            result: Result = done.value
            return result

    def _take(self, step: Step) -> Came:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return Over()
        try:
            return self._send(step)
        except httpx.TransportError as exc:
            return no_answer(exc)

    def _send(self, request: Request) -> Answer | NoAnswer:
        content = _content(request.body)
        with self._http.stream(content=content, **parameters(request)) as response:
            if request.into is None or not response.is_success:
                return answer_of(response, response.read())
            landing = Landing(request.into)
            try:
                for piece in response.iter_bytes(PIECE_BYTES):
                    landing.write(piece)
                landing.keep()
            finally:
                landing.drop()
            return answer_of(response, b"")


def _content(body: Body) -> bytes | Iterator[bytes]:
    if isinstance(body, Path):
        return from_byte(body, 0)
    return body if isinstance(body, bytes) else body.make()
