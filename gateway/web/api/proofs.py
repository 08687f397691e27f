"""/v1/proofs: the twin test of a sanitized copy, and its signed certificate."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse

from gateway.web.api.proofs_schemas import ProofOut, ProofPage, SampleForm, SampleOut
from gateway.web.api.schemas import After, Id
from gateway.web.identity import Asking
from gateway.web.services import Offered

router = APIRouter(tags=["proofs"])

_NOTE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A signed note; `python -m audit.certificate` checks it offline.",
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


@router.post("/assets/{asset_id}/proofs", status_code=202)
def ask_proof(
    asset_id: Id,
    response: Response,
    principal: Asking,
    services: Offered,
    copy: Annotated[Id | None, Query(description="Another copy of it than the released one.")] = None,
) -> ProofOut:
    """Has a worker prove the asset's copy. One that is not finished is answered again.

    The opening of the original is on the log before it is opened, and the result after.
    """
    record = services.proofs.ask(principal, asset_id, copy_id=copy)
    response.headers["Location"] = f"/v1/proofs/{record.id}"
    return ProofOut.of(record)


@router.get("/assets/{asset_id}/proofs")
def list_proofs(asset_id: Id, principal: Asking, services: Offered, after: After = "") -> ProofPage:
    """The proofs of an asset's copies, page by page."""
    return ProofPage.of(services.proofs.list(principal, asset_id, after=after))


@router.post("/datasets/{dataset_id}/proofs", status_code=202)
def ask_sample(
    dataset_id: Id, principal: Asking, services: Offered, form: SampleForm | None = None
) -> SampleOut:
    """Has a worker prove released copies of the dataset, drawn by lot: 10 unless said otherwise."""
    asked = form or SampleForm()
    found = services.proofs.sample(principal, dataset_id, number=asked.sample)
    return SampleOut(proofs=[ProofOut.of(record) for record in found])


@router.get("/datasets/{dataset_id}/proofs")
def list_dataset_proofs(dataset_id: Id, principal: Asking, services: Offered, after: After = "") -> ProofPage:
    """The proofs of a dataset's copies, page by page."""
    return ProofPage.of(services.proofs.list_dataset(principal, dataset_id, after=after))


@router.get("/proofs/{proof_id}")
def read_proof(proof_id: Id, principal: Asking, services: Offered) -> ProofOut:
    """How a proof is getting on, and its certificate once there is one."""
    return ProofOut.of(services.proofs.read(principal, proof_id))


@router.get("/proofs/{proof_id}/certificate", response_class=PlainTextResponse, responses=_NOTE)
def read_certificate(proof_id: Id, principal: Asking, services: Offered) -> PlainTextResponse:
    """The certificate alone, to be handed on: it names the copy's SHA-256, and the log commits to it."""
    note = services.proofs.certificate(principal, proof_id)
    return PlainTextResponse(note, headers={"Cache-Control": "no-store"})
