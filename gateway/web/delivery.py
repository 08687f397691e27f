"""A copy's bytes on their way to somebody, and what became of them.

The entry of a delivery is committed before its first byte. Where the bytes do not all go out, that is told
too, with how many were handed to the connection: the receiver has at most so many. Where it counts that
somebody was shown a picture, that is noted when it goes out, and not when it is asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Final

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from gateway.web.head import HEAD_ASKED

log = logging.getLogger("privgate.web")

PIECE_BYTES: Final = 64 << 10
"""Handed over at a time: the connection takes the next piece when it has room, so the count is about
right.
"""

TURNS: Final = 3
"""Of the event loop, from a lost connection to the end of what listens for it."""


class DeliveryResponse(Response):
    """interrupted: called with the bytes handed over, when these are not all."""

    def __init__(
        self, data: bytes, *, media_type: str, headers: Mapping[str, str], interrupted: Callable[[int], None]
    ) -> None:
        super().__init__(data, media_type=media_type, headers=headers)
        self._data = data
        self._interrupted = interrupted
        self._sent = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        complete = False
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_gone, receive, tasks.cancel_scope)
                complete = await self._send(send)
                tasks.cancel_scope.cancel()
        finally:
            if not complete or scope.get(HEAD_ASKED, False):
                with anyio.CancelScope(shield=True):
                    await run_in_threadpool(self._interrupted, 0 if scope.get(HEAD_ASKED) else self._sent)

    async def _send(self, send: Send) -> bool:
        """Whether all of it was handed over."""
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            for start in range(0, len(self._data), PIECE_BYTES):
                piece = self._data[start : start + PIECE_BYTES]
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                self._sent += len(piece)
                await _look_up()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:
            return False
        return True


class ShownResponse(DeliveryResponse):
    """A picture that counts as shown once it went out.

    delivered: called when all but the last byte was handed over, so that whoever has the whole picture finds
    it counted. Not for a HEAD, and not where nobody is there to receive it. Where it fails the picture goes
    out and does not count.
    """

    def __init__(
        self, data: bytes, *, media_type: str, headers: Mapping[str, str], delivered: Callable[[], None]
    ) -> None:
        super().__init__(data, media_type=media_type, headers=headers, interrupted=_untold)
        self._delivered = delivered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted(message: Message) -> None:
            body = message.get("body", b"")
            if body and self._sent + len(body) == len(self._data):
                await send({**message, "body": body[:-1]})
                await _look_up()
                await self._count()
                message = {**message, "body": body[-1:]}
            await send(message)

        await super().__call__(scope, receive, send if scope.get(HEAD_ASKED, False) else counted)

    async def _count(self) -> None:
        try:
            await run_in_threadpool(self._delivered)
        except Exception as exc:  # it is on the log; that it does not count errs towards looking again
            log.warning("a picture went out and does not count as shown: %s", type(exc).__name__)


def _untold(sent: int) -> None:
    """The entry of a view says who asked; what of it did not go out changes nothing of that."""


async def _look_up() -> None:
    """Lets the loop notice that the connection is lost: to one that is, everything is handed over at once."""
    for _ in range(TURNS):
        await anyio.sleep(0)


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    """Ends what is sent when nobody is there to receive it."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
