"""/v1/uploads: resumable upload by tus 1.0 (core, creation, termination, expiration).

Any tus client will do. What is sent is sealed as it arrives; the last byte makes the asset, whose id stands
in the header Privgate-Asset, of HEAD too.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

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


def _speaks_tus(principal: Asking, tus_resumable: Annotated[str | None, Header()] = None) -> None:
    """Who asks comes first: without a token it is 401, whatever else is wrong."""
    if tus_resumable is None:
        raise HTTPException(
            400, f"the header Tus-Resumable: {VERSION} is needed", headers={"Tus-Version": VERSION}
        )
    if tus_resumable != VERSION:
        detail = f"the header Tus-Resumable: {VERSION} is needed"
        raise HTTPException(412, detail, headers={"Tus-Version": VERSION})


router = APIRouter(tags=["uploads"])
tus = [Depends(_speaks_tus)]
_TUS: dict[int | str, dict[str, Any]] = {400: {}, 412: {}}

Offset = Annotated[int, Header(ge=0, description="Where these bytes begin.")]
Length = Annotated[int, Header(ge=0, description="Of the whole, in bytes.")]


async def say_version(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
    """Every answer says which tus it speaks, refusals too."""
    response = await proceed(request)
    if request.url.path.startswith(PATH):
        response.headers["Tus-Resumable"] = VERSION
    return response


@router.options("/uploads", status_code=204)
def describe_uploads(services: Offered) -> Response:
    """Which tus is spoken here, and how large an upload may be."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(offered(services.uploads).max_bytes),
    }
    return Response(status_code=204, headers=headers)


@router.post("/uploads", status_code=201, dependencies=tus, responses=_TUS)
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


@router.head("/uploads/{upload_id}", dependencies=tus, responses=_TUS)
def read_upload(upload_id: Id, principal: Asking, services: Offered) -> Response:
    """How many bytes have arrived for good; the sender goes on from there."""
    record = offered(services.uploads).read(principal, upload_id)
    headers = _headers(record) | {"Upload-Length": str(record.byte_length), "Cache-Control": "no-store"}
    return Response(status_code=200, headers=headers)


@router.patch(
    "/uploads/{upload_id}",
    status_code=204,
    dependencies=tus,
    responses=_TUS | {413: {}, 415: {}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {BODY_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def continue_upload(
    upload_id: Id, request: Request, principal: Asking, services: Offered, upload_offset: Offset
) -> Response:
    """The next bytes. The last ones make the asset, or are refused as any upload's would be."""
    if request.headers.get("content-type") != BODY_TYPE:
        raise HTTPException(415, f"the header Content-Type: {BODY_TYPE} is needed")
    uploads = offered(services.uploads)
    with await run_in_threadpool(uploads.resume, principal, upload_id, offset=upload_offset) as arrival:
        record = await _take(request, arrival)
    return Response(status_code=204, headers=_headers(record))


@router.delete("/uploads/{upload_id}", status_code=204, dependencies=tus, responses=_TUS)
def end_upload(upload_id: Id, principal: Asking, services: Offered) -> Response:
    """Ends an upload; what had arrived is gone. An asset that it became stays."""
    offered(services.uploads).remove(principal, upload_id)
    return Response(status_code=204)


async def _take(request: Request, arrival: Arrival) -> UploadRecord:
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
