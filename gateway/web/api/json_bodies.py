"""JSON bodies that a schema does not parse: read up to a limit, refused with words of ours."""

from __future__ import annotations

import json

from fastapi import Request

from gateway.errors import InputRefused, LimitExceeded


async def read_json(request: Request, *, max_bytes: int) -> object:
    """The body's value. Raises LimitExceeded, InputRefused."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > max_bytes:
            raise LimitExceeded(
                f"the document is larger than {max_bytes // 1_000_000} MB",
                advice="send fewer annotations, or polygons with fewer corners",
                code="limit.bytes",
            )
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as exc:  # what it says may quote the document
        raise InputRefused("the body is not JSON", advice="send COCO JSON as UTF-8", code="json") from exc
    return value
