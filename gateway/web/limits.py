"""How much of a request's body is read at all: counted before any route, any parser or any token check.

Images stream to the intake, which counts for itself; every other body is a few lines of JSON.
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.web.problems import problem

SMALL_BODY = 1 << 20
"""Bytes. Of a body that is no image."""

LABELS_BODY = 4 << 20
"""Bytes. A thousand polygons fit."""

FORM_ROOM = 64 << 10
"""Bytes. What a form may hold beside its file."""

IMAGE_PATHS = ("/v1/assets", "/v1/uploads", "/upload/files/")


class _TooLarge(Exception):
    pass


class BodyLimit:
    """Pure ASGI middleware: answers 413 as soon as a body is known to be larger than its route takes."""

    def __init__(self, app: ASGIApp, *, image_bytes: int) -> None:
        self._app = app
        self._image_bytes = image_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        if _declared(scope) > limit:
            await _refusal(limit)(scope, receive, send)
            return
        begun = False
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, counted, noted)
        except _TooLarge:
            if not begun:
                await _refusal(limit)(scope, receive, send)

    def _limit(self, path: str) -> int:
        if path.startswith(IMAGE_PATHS):
            return self._image_bytes + FORM_ROOM
        return LABELS_BODY if path.endswith(("/labels", "/draft")) else SMALL_BODY


def _declared(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _refusal(limit: int) -> ASGIApp:
    detail = f"the body is larger than the {limit} bytes that are taken here; nothing was done"
    return problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body-too-large", detail, headers={"Connection": "close"}
    )
