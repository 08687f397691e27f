"""/audit/checkpoints: what was signed and when, held against the file outside; and one against another."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from gateway.errors import NotFound
from gateway.services.log_proofs import Consistency
from gateway.services.outside_file import Agreement
from gateway.web.console.explorer import READERS
from gateway.web.console.pages import page
from gateway.web.console.visitor import Visiting, only
from gateway.web.services import Offered, offered

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(*READERS))])

Size = Annotated[int | None, Query(ge=0, le=2**63 - 1)]

AGREEMENTS: Final = {
    Agreement.AGREES: ("agrees", "check", "ok"),
    Agreement.DIFFERS: ("has another root", "shield", "bad"),
    Agreement.ABSENT: ("has none of this size", "alert", "warn"),
    Agreement.NO_FILE: ("no file here", "minus", "q"),
}


@router.get("/audit/checkpoints")
def show(
    request: Request,
    visitor: Visiting,
    services: Offered,
    below: Size = None,
    above: Size = None,
    old: Size = None,
    new: Size = None,
) -> Response:
    explorer = offered(services.log).explorer
    kept = explorer.checkpoints(visitor.principal, below=below, above=above)
    compared: Consistency | None = None
    fault = None
    if old is not None and new is not None:
        try:
            compared = explorer.consistency(visitor.principal, old, new)
        except NotFound as exc:
            fault = str(exc)
    return page(
        request,
        visitor,
        "audit/checkpoints.html",
        trail=(("Audit", "/audit"), ("Checkpoints", None)),
        kept=kept.kept,
        older=None if kept.older is None else f"/audit/checkpoints?below={kept.older}",
        newer=None if kept.newer is None else f"/audit/checkpoints?above={kept.newer}",
        agreements=AGREEMENTS,
        compared=compared,
        fault=fault,
        old=old,
        new=new,
        key=explorer.key_text,
    )


@router.get("/audit/export")
def export(visitor: Visiting, services: Offered, size: Size = None) -> StreamingResponse:
    """The log as JSON Lines, for `python -m audit.verify`; up to a checkpoint where a size is given."""
    lines = offered(services.audit_log).export(visitor.principal, size=size)
    name = "privgate-audit.jsonl" if size is None else f"privgate-audit-{size}.jsonl"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)
