"""The client for asyncio and trio: carries out the same flows. Files are read and written in threads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import anyio
import httpx
from anyio.to_thread import run_sync

from gateway.client.connection import answer_of, no_answer, options, parameters
from gateway.client.files import PIECE_BYTES, Landing, from_byte
from gateway.client.flow import Answer, Body, Came, Flow, NoAnswer, Over, Pause, Request, Result, Step


class AsyncClient:
    """As `Client`; `do` is awaited, and many may be at once."""

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout: float = 60.0,
        environment: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            transport=transport, **options(url, token, timeout, environment=environment)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def do(self, flow: Flow[Result]) -> Result:
        """Carries it out and gives its result. Raises what the flow does, and OSError of files."""
        try:
            step = next(flow)
            while True:
                step = flow.send(await self._take(step))
        except StopIteration as done:
            result: Result = done.value
            return result

    async def _take(self, step: Step) -> Came:
        if isinstance(step, Pause):
            await anyio.sleep(step.seconds)
            return Over()
        try:
            return await self._send(step)
        except httpx.TransportError as exc:
            return no_answer(exc)

    async def _send(self, request: Request) -> Answer | NoAnswer:
        content = _content(request.body)
        async with self._http.stream(content=content, **parameters(request)) as response:
            if request.into is None or not response.is_success:
                return answer_of(response, await response.aread())
            landing = await run_sync(Landing, request.into)
            try:
                async for piece in response.aiter_bytes(PIECE_BYTES):
                    await run_sync(landing.write, piece)
                await run_sync(landing.keep)
            finally:
                landing.drop()  # not awaited: it must happen when the task is cancelled, too
            return answer_of(response, b"")


def _content(body: Body) -> bytes | AsyncIterator[bytes]:
    if isinstance(body, Path):
        return _in_threads(from_byte(body, 0))
    return body if isinstance(body, bytes) else _in_threads(body.make())


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await run_sync(next, pieces, None)) is not None:
        yield piece
