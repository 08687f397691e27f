"""HEAD wherever GET is (RFC 9110, section 9.3.2): the same status and headers, without the body."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEAD_ASKED: Final = "privgate.head"
"""In the scope of a GET that stands for a HEAD: nothing of its body reaches anybody."""


class HeadAsGet:
    """Pure ASGI middleware. A HEAD that a route answers by itself is left to it.

    routes: the application's, read at each request, since more may come after this is added.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or self._answered(scope):
            await self._app(scope, receive, send)
            return

        async def bodiless(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        asked = {**scope, "method": "GET", HEAD_ASKED: True}
        try:
            await self._app(asked, receive, bodiless)
        finally:
            # Which route it was, for those outside.
            scope.update({name: value for name, value in asked.items() if name != "method"})

    def _answered(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._routes)
