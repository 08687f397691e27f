"""What the upload page's modules send: files, in pieces that count one by one, through the same services as
any resumable upload.

A name travels in a body, never in an address: addresses stand in logs and in a browser's history.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from gateway.services.intake import Request as Wanted
from gateway.services.resumable import PIECE_BYTES
from gateway.store.records import UploadRecord
from gateway.web.api.resumable import take
from gateway.web.api.schemas import Id
from gateway.web.console.visitor import Acting, Visiting, only
from gateway.web.services import Offered, offered
from policies.access import Role

router = APIRouter(prefix="/upload", include_in_schema=False, dependencies=[Depends(only(Role.UPLOADER))])


class BatchForm(BaseModel):
    """expected: how many files were chosen, if that is settled."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    dataset: Id


class FileForm(BaseModel):
    """A file that is to come. bytes: of the whole. name: sealed with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    dataset: Id
    batch: Id
    bytes: int = Field(ge=0)
    name: str | None = Field(default=None, max_length=4_096)


class RefusalForm(BaseModel):
    """Files that the page did not send, or that were refused. code: as the page's words have it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    batch: Id
    code: str = Field(pattern=r"^[a-z][a-z0-9_.]{0,60}$")
    files: int = Field(ge=1, le=1_000_000)


@router.post("/batches", status_code=201)
def begin_batch(form: BatchForm, visitor: Acting, services: Offered) -> dict[str, str]:
    made = services.batches.create(visitor.principal, dataset_id=form.dataset, expected=None)
    return {"batch": made.batch.id}


@router.post("/refusals", status_code=204)
def note_refusals(form: RefusalForm, visitor: Acting, services: Offered) -> Response:
    services.bringing.pages.refuse(visitor.principal, form.batch, form.code, form.files)
    return Response(status_code=204)


@router.post("/files", status_code=201)
def begin_file(form: FileForm, visitor: Acting, services: Offered) -> dict[str, Any]:
    """Checked before a byte is taken: the right to, the batch, the size."""
    wanted = Wanted(dataset_id=form.dataset, file_name=form.name, batch_id=form.batch)
    record = offered(services.uploads).create(visitor.principal, wanted, length=form.bytes)
    return _stands(record)


@router.get("/files/{upload_id}")
def read_file(upload_id: Id, visitor: Visiting, services: Offered) -> dict[str, Any]:
    """How many bytes have arrived for good; the page goes on from there."""
    return _stands(offered(services.uploads).read(visitor.principal, upload_id))


@router.patch("/files/{upload_id}")
async def continue_file(
    upload_id: Id,
    request: Request,
    visitor: Acting,
    services: Offered,
    upload_offset: Annotated[int, Header(ge=0)],
) -> dict[str, Any]:
    """The next bytes. The last ones make the image, or are refused as any upload's would be."""
    uploads = offered(services.uploads)
    with await run_in_threadpool(
        uploads.resume, visitor.principal, upload_id, offset=upload_offset
    ) as arrival:
        return _stands(await take(request, arrival))


@router.delete("/files/{upload_id}", status_code=204)
def end_file(upload_id: Id, visitor: Acting, services: Offered) -> Response:
    """What had arrived of it is gone. An image that it became stays."""
    offered(services.uploads).remove(visitor.principal, upload_id)
    return Response(status_code=204)


def _stands(record: UploadRecord) -> dict[str, Any]:
    return {
        "upload": record.id,
        "received": record.received,
        "bytes": record.byte_length,
        "piece": PIECE_BYTES,
        "asset": record.asset_id,
        "duplicate": record.duplicate,
    }
