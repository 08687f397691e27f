"""/v1/uploads: resumable upload by tus 1.0 (core, creation, termination, expiration).

Any tus client will do. What is sent is sealed as it arrives; the last byte makes the asset, whose id stands
in the header Privgate-Asset, of HEAD too.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import InputRefused
from gateway.services import intake
from gateway.services.resumable import Arrival
from gateway.store.records import UploadRecord
from gateway.web.api.schemas import Id
from gateway.web.identity import Asking
from gateway.web.services import Offered, offered

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration"
BODY_TYPE = "application/offset+octet-stream"
PATH = "/v1/uploads"

HELD_BYTES = 1 << 20
"""What is handed to the sealer at a time: small pieces would each cost a change of thread."""

MAX_METADATA_CHARACTERS = 4_000


NEEDED = f"the header Tus-Resumable: {VERSION} is needed"


def _speaks_tus(
    principal: Asking, tus_resumable: Annotated[str | None, Header(include_in_schema=False)] = None
) -> None:
    """Who asks comes first: without a token it is 401, whatever else is wrong.

    tus names 412 for another version; without the header it is no request of tus, which is 400.
    """
    if tus_resumable != VERSION:
        status = 400 if tus_resumable is None else 412
        raise HTTPException(status, NEEDED, headers={"Tus-Version": VERSION})


router = APIRouter(tags=["uploads"], default_response_class=Response)  # every answer is in its headers
tus = [Depends(_speaks_tus)]

_ANSWERS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The header Tus-Resumable is missing."},
    412: {"description": "Another version of tus is spoken here: see the header Tus-Version."},
}
_TOLD = {
    name: {"schema": {"type": "string"}, "description": told}
    for name, told in {
        "Upload-Offset": "How many bytes have arrived for good.",
        "Upload-Expires": "When what has arrived is forgotten, unless more comes.",
        "Privgate-Asset": "The asset that it became, once all bytes are there.",
        "Privgate-Duplicate": "`true` where the dataset had these bytes before.",
    }.items()
}
_SPOKEN: dict[str, Any] = {
    "parameters": [
        {"in": "header", "name": "Tus-Resumable", "required": True, "schema": {"const": VERSION}},
    ]
}
_BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {BODY_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}

Offset = Annotated[int, Header(ge=0, description="Where these bytes begin.")]
Length = Annotated[int, Header(ge=0, description="Of the whole, in bytes.")]


class TusVersion:
    """Pure ASGI middleware: every answer of these routes says which tus it speaks, refusals too.

    It stands outside of whatever may refuse, and hands bodies on as they come.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and (scope["path"] == PATH or scope["path"].startswith(f"{PATH}/"))

        async def saying(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Tus-Resumable"] = VERSION
            await send(message)

        await self._app(scope, receive, saying if ours else send)


@router.options("/uploads", status_code=204)
def describe_uploads(services: Offered) -> Response:
    """Which tus is spoken here, and how large an upload may be."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(offered(services.uploads).max_bytes),
    }
    return Response(status_code=204, headers=headers)


@router.post(
    "/uploads",
    status_code=201,
    dependencies=tus,
    responses=_ANSWERS | {201: {"headers": _TOLD}, 413: {}},
    openapi_extra=_SPOKEN,
)
def create_upload(
    principal: Asking,
    services: Offered,
    upload_length: Length,
    dataset: Annotated[Id, Query(description="Where the image belongs.")],
    batch: Annotated[Id | None, Query(description="The sender's batch that it counts for.")] = None,
    upload_metadata: Annotated[
        str | None,
        Header(max_length=MAX_METADATA_CHARACTERS, description="`filename` is sealed with the image."),
    ] = None,
) -> Response:
    """Begins a resumable upload; its address is in Location."""
    name = file_name_of(upload_metadata)
    request = intake.Request(dataset_id=dataset, file_name=name, batch_id=batch)
    record = offered(services.uploads).create(principal, request, length=upload_length)
    return Response(status_code=201, headers=_headers(record) | {"Location": f"{PATH}/{record.id}"})


@router.head(
    "/uploads/{upload_id}",
    dependencies=tus,
    responses=_ANSWERS | {200: {"headers": _TOLD}},
    openapi_extra=_SPOKEN,
)
def read_upload(upload_id: Id, principal: Asking, services: Offered) -> Response:
    """How many bytes have arrived for good; the sender goes on from there."""
    record = offered(services.uploads).read(principal, upload_id)
    headers = _headers(record) | {"Upload-Length": str(record.byte_length), "Cache-Control": "no-store"}
    return Response(status_code=200, headers=headers)


@router.patch(
    "/uploads/{upload_id}",
    status_code=204,
    dependencies=tus,
    responses=_ANSWERS
    | {204: {"headers": _TOLD}, 413: {}, 415: {"description": f"The bytes come as {BODY_TYPE}."}},
    openapi_extra=_SPOKEN | _BYTES,
)
async def continue_upload(
    upload_id: Id, request: Request, principal: Asking, services: Offered, upload_offset: Offset
) -> Response:
    """The next bytes. The last ones make the asset, or are refused as any upload's would be."""
    if request.headers.get("content-type") != BODY_TYPE:
        raise HTTPException(415, f"the header Content-Type: {BODY_TYPE} is needed")
    uploads = offered(services.uploads)
    with await run_in_threadpool(uploads.resume, principal, upload_id, offset=upload_offset) as arrival:
        record = await take(request, arrival)
    return Response(status_code=204, headers=_headers(record))


@router.delete(
    "/uploads/{upload_id}", status_code=204, dependencies=tus, responses=_ANSWERS, openapi_extra=_SPOKEN
)
def end_upload(upload_id: Id, principal: Asking, services: Offered) -> Response:
    """Ends an upload; what had arrived is gone. An asset that it became stays."""
    offered(services.uploads).remove(principal, upload_id)
    return Response(status_code=204)


async def take(request: Request, arrival: Arrival) -> UploadRecord:
    """A request's bytes into an upload. What the intake raises, where they were the upload's last."""
    held = bytearray()
    try:
        async for piece in request.stream():
            held += piece
            if len(held) >= HELD_BYTES:
                taken, held = bytes(held), bytearray()
                await run_in_threadpool(arrival.write, taken)
    except ClientDisconnect:
        # Nobody reads the answer; what has arrived counts, and HEAD will say so.
        await run_in_threadpool(arrival.write, bytes(held))
        await run_in_threadpool(arrival.keep)
        return arrival.record
    await run_in_threadpool(arrival.write, bytes(held))
    return await run_in_threadpool(arrival.finish)


def file_name_of(metadata: str | None) -> str | None:
    """`filename` of an Upload-Metadata header: keys and base64 values. Raises InputRefused."""
    for pair in (metadata or "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode("utf-8", "replace")
            except (binascii.Error, ValueError) as exc:
                raise InputRefused(
                    "the header Upload-Metadata is broken",
                    advice="give pairs of a key and a base64 value, by commas",
                    code="tus.metadata",
                ) from exc
    return None


def _headers(record: UploadRecord) -> dict[str, str]:
    headers = {"Upload-Offset": str(record.received), "Upload-Expires": _http_date(record.expires_at)}
    if record.asset_id is not None:
        headers["Privgate-Asset"] = record.asset_id
        headers["Privgate-Duplicate"] = str(record.duplicate).lower()
    return headers


def _http_date(time: datetime) -> str:
    return format_datetime(time, usegmt=True)
