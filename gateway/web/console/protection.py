"""What every answer of the console tells the browser: headers that keep pages, and what is in them, here."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATIC: Final = "/static/"

NOT_CONSOLE: Final = ("/v1", "/docs", "/openapi.json", "/metrics", "/healthz", "/readyz")
"""Where these begin, somebody else answers: programs with tokens, probes, and the API's reference."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

PAGE_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), usb=(), display-capture=()",
    # The same address is a page for one and a fragment for another.
    "Vary": "Cookie, HX-Request",
}

STATIC_HEADERS: Final = {
    "Cache-Control": "no-cache",  # kept, and asked about by its ETag: a new release shows at once
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}

SMALLEST: Final = 1000
"""Bytes: what is smaller travels as it is."""


def is_console(path: str) -> bool:
    """Whether a path is one of the console's pages or its files."""
    return not any(path == start or path.startswith(f"{start}/") for start in NOT_CONSOLE)


class ConsoleAnswers:
    """Pure ASGI middleware: headers, compression, and a cookie where one was put into the request's state.

    What a route says of itself holds. A page's token has a fresh mask in each answer, so that the lengths of
    compressed answers tell nothing of it (BREACH).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed = GZipMiddleware(app, minimum_size=SMALLEST, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_console(scope["path"]):
            await self._app(scope, receive, send)
            return
        wanted = STATIC_HEADERS if scope["path"].startswith(STATIC) else PAGE_HEADERS
        state = scope.setdefault("state", {})

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in wanted.items():
                    if name == "Vary":
                        headers.add_vary_header(value)
                    else:
                        headers.setdefault(name, value)
                if "set_cookie" in state:
                    headers.append("Set-Cookie", state["set_cookie"])
            await send(message)

        await self._compressed(scope, receive, answer)
