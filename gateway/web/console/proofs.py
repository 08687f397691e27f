"""Proofs of an image's copies: asked for on its pages, followed, and their certificates handed out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import PlainTextResponse

from gateway.services.proofs import Proofs
from gateway.store.proof_records import ProofOutcome, ProofRecord
from gateway.web.api.schemas import Id
from gateway.web.console import reasons
from gateway.web.console.explorer import READERS
from gateway.web.console.log_filter import Asked
from gateway.web.console.pages import fragment, goto, is_htmx
from gateway.web.console.visitor import Acting, Visiting, Visitor, only
from gateway.web.services import Offered
from policies.lifecycle import AssetState

router = APIRouter(prefix="/audit", include_in_schema=False, dependencies=[Depends(only(*READERS))])

SHOWN: Final = 5
"""Proofs on an image's page; the log has them all."""

NOT_PROVEN: Final = {
    "prove.twin": "The file depends on what its regions hide. The copy was withdrawn, and the image is held.",
    "prove.content": "The file shows something else than its regions give. The copy was withdrawn, and the "
    "image is held.",
    "prove.copy": "The file shows what its regions give, and two pictures that differ only beneath them give "
    "equal files today. But other versions of the libraries wrote it, so its very bytes cannot be had again. "
    "It stays until the dataset's copies are made anew; the new one can be proven.",
    "prove.version": "Another release or other libraries made the file, and hid its regions otherwise than "
    "today's would. That shows no leak, and proves nothing. It stays until the dataset's copies are made "
    "anew; the new one can be proven.",
}


@dataclass(frozen=True, slots=True)
class ShownProof:
    """facts: what the certificate says; None without one. changed: libraries, with versions then and now."""

    record: ProofRecord
    says: str
    facts: dict[str, Any] | None
    changed: tuple[tuple[str, str, str], ...]
    entries: str

    @property
    def open(self) -> bool:
        return self.record.finished_at is None


def section(proofs: Proofs, visitor: Visitor, asset_id: str, state: AssetState | None) -> dict[str, Any]:
    """What the template `proofs/_section.html` is told. Raises NotFound, AccessDenied."""
    found = proofs.list(visitor.principal, asset_id)
    shown = [shown_proof(one) for one in found[:SHOWN]]
    return {
        "proofs": shown,
        "proofs_of": asset_id,
        "proofs_older": len(found) > SHOWN,
        "proofs_open": any(one.open for one in shown),
        "proofs_released": state is AssetState.RELEASED,
        "proofs_entries": Asked().only(about=asset_id, act="proof.asked"),
    }


def shown_proof(record: ProofRecord) -> ShownProof:
    facts = None if record.certificate is None else json.loads(record.certificate.partition("\n")[0])
    entries = Asked().only(about=record.id)
    return ShownProof(record, _says(record), facts, _changed(record), entries)


@router.post("/assets/{asset_id}/proofs")
def ask(request: Request, asset_id: Id, visitor: Acting, services: Offered) -> Response:
    services.proofs.ask(visitor.principal, asset_id)
    if not is_htmx(request):
        return goto(request, f"/audit/assets/{asset_id}")
    return _section(request, visitor, services.proofs, asset_id)


@router.get("/assets/{asset_id}/proofs")
def follow(request: Request, asset_id: Id, visitor: Visiting, services: Offered) -> Response:
    """The section alone; the page asks for it while a proof is under way."""
    return _section(request, visitor, services.proofs, asset_id)


@router.get("/proofs/{proof_id}/certificate")
def certificate(proof_id: Id, visitor: Visiting, services: Offered) -> Response:
    """The signed note as a file."""
    note = services.proofs.certificate(visitor.principal, proof_id)
    name = {"Content-Disposition": f'attachment; filename="{proof_id}.txt"'}
    return PlainTextResponse(note, headers=name)


def _section(request: Request, visitor: Visitor, proofs: Proofs, asset_id: str) -> Response:
    state = proofs.state_of(visitor.principal, asset_id)
    told = section(proofs, visitor, asset_id, state)
    return fragment(request, visitor, "proofs/_section.html", **told)


def _says(record: ProofRecord) -> str:
    match record.outcome:
        case None:
            return "Waits for a worker" if record.begun_at is None else "A worker makes it again and compares"
        case ProofOutcome.PROVEN:
            return "Two pictures that differ only beneath the regions give this very file."
        case ProofOutcome.NOT_PROVEN:
            return NOT_PROVEN.get(record.reason or "", reasons.words(record.reason))
        case ProofOutcome.FAILED:
            return f"Nothing could be compared: {reasons.words(record.reason)}."


def _changed(record: ProofRecord) -> tuple[tuple[str, str, str], ...]:
    detail = record.detail or {}
    then, now = detail.get("made_with") or {}, detail.get("proved_with") or {}
    return tuple(
        (name, then.get(name, "unknown"), version)
        for name, version in sorted(now.items())
        if then.get(name) != version
    )
