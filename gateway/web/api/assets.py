"""/v1/assets: bring an image in, and see how it is getting on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from gateway.errors import InputRefused
from gateway.services import intake
from gateway.services.tending import PAGE
from gateway.web.api.schemas import ID, After, AssetLine, AssetOut, AssetPage, Id, ReceivedOut
from gateway.web.api.uploads import MultipartUpload, file_name_of
from gateway.web.identity import Asking
from gateway.web.services import Offered, offered
from policies.access import Principal
from policies.lifecycle import AssetState

PIECE_BYTES = 1 << 20
"""What is handed to the sealer at a time: small pieces would each cost a change of thread."""

router = APIRouter(tags=["assets"])

_BODY = {
    "requestBody": {
        "required": True,
        "description": "The image as the body, its name (if any) in Content-Disposition; or a form.",
        "content": {
            "image/*": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "dataset": {"type": "string", "description": "Before the file, or in the query."},
                        "file": {"type": "string", "format": "binary"},
                    },
                }
            },
        },
    }
}


_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "model": ReceivedOut,
        "description": "The dataset has these bytes already: the asset that they are.",
    },
    413: {},
}


@router.post("/assets", status_code=202, openapi_extra=_BODY, responses=_ANSWERS)
async def create_asset(
    request: Request,
    response: Response,
    principal: Asking,
    services: Offered,
    dataset: Annotated[Id | None, Query(description="Where the image belongs.")] = None,
    batch: Annotated[Id | None, Query(description="The sender's batch that it counts for.")] = None,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> ReceivedOut:
    """Takes an image in: 202, and its id. The same Idempotency-Key with the same bytes is the same asset.

    Bytes that the dataset has already answer 200 with the asset that they are; nothing is sealed twice. That
    asset may be another sender's: how it gets on is then told by the batch, not by /v1/assets.
    """
    upload = _Upload(offered(services.intake), principal, dataset, idempotency_key, batch)
    content_type = request.headers.get("content-type", "")
    with upload.open_files:
        if content_type.startswith("multipart/form-data"):
            form = MultipartUpload(content_type)
            pieces = form.pieces(request.stream(), upload.begin_form)
        else:
            name = file_name_of(request.headers.get("content-disposition"))
            await run_in_threadpool(upload.begin, dataset, name)
            pieces = request.stream()
        received = await upload.take(pieces)
    if received.repeated:
        response.headers["Idempotent-Replayed"] = "true"
    if received.duplicate:
        response.status_code = 200
    response.headers["Location"] = f"/v1/assets/{received.asset.id}"
    return ReceivedOut.told(received.asset, duplicate=received.duplicate)


@router.get("/assets")
def list_assets(
    principal: Asking,
    services: Offered,
    dataset: Annotated[Id, Query(description="Whose images.")],
    state: Annotated[AssetState | None, Query(description="Only those that stand there.")] = None,
    after: After = "",
) -> AssetPage:
    """A dataset's images page by page: ids, states and reasons, for those who tend them."""
    found = offered(services.tending).list(principal, dataset, state=state, after=after)
    return AssetPage(
        assets=[AssetLine.of(asset) for asset in found], next=found[-1].id if len(found) == PAGE else None
    )


@router.post("/assets/{asset_id}/requeue", status_code=202)
def requeue_asset(asset_id: Id, principal: Asking, services: Offered) -> AssetLine:
    """Has a quarantined image put through again, unless a person quarantined it."""
    return AssetLine.of(offered(services.tending).requeue(principal, asset_id))


@router.get("/assets/{asset_id}")
def read_asset(asset_id: Id, principal: Asking, services: Offered) -> AssetOut:
    """The asset's state, and its newest copy once there is one."""
    progress = services.progress.read(principal, asset_id)
    return AssetOut.of(progress.asset, progress.copy)


@router.get("/assets/{asset_id}/original", status_code=403)
def read_original(asset_id: Id, principal: Asking, services: Offered) -> None:
    """Always refused, and recorded: originals are sealed."""
    offered(services.broker).original(principal, asset_id)


class _Upload:
    """One request's way into the intake."""

    def __init__(
        self,
        service: intake.Intake,
        principal: Principal,
        dataset: str | None,
        key: str | None,
        batch: str | None,
    ) -> None:
        self._intake = service
        self._principal = principal
        self._dataset = dataset
        self._key = key
        self._batch = batch
        self._reception: intake.Reception | None = None
        self.open_files = ExitStack()

    def begin_form(self, fields: dict[str, str], file_name: str | None) -> None:
        self.begin(fields.get("dataset") or self._dataset, file_name)

    def begin(self, dataset: str | None, file_name: str | None) -> None:
        """Raises InputRefused without a dataset, and what the intake raises."""
        if not dataset:
            raise InputRefused(
                "no dataset is named",
                advice="add ?dataset=ID, or the field dataset before the file",
                code="form",
            )
        if not ID.fullmatch(dataset):
            raise InputRefused(
                "the field dataset holds no dataset's id",
                advice="send the id that `GET /v1/datasets` gives",
                code="form",
            )
        asked = intake.Request(dataset_id=dataset, file_name=file_name, key=self._key, batch_id=self._batch)
        self._reception = self.open_files.enter_context(self._intake.begin(self._principal, asked))

    async def take(self, pieces: AsyncIterator[bytes]) -> intake.Received:
        held = bytearray()
        async for piece in pieces:
            held += piece
            if len(held) >= PIECE_BYTES:
                await run_in_threadpool(self._write, bytes(held))
                held.clear()
        await run_in_threadpool(self._write, bytes(held))
        return await run_in_threadpool(self._finish)

    def _write(self, data: bytes) -> None:
        if self._reception is not None:
            self._reception.write(data)

    def _finish(self) -> intake.Received:
        assert self._reception is not None  # noqa: S101  (pieces raise where nothing began)
        return self._reception.finish()
