"""/v1/audit: the log, for auditors to verify on their own machine."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, StreamingResponse

from gateway.web.identity import Asking
from gateway.web.services import Offered, offered

router = APIRouter(tags=["audit"])

_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"export":"privgate-audit","origin":"privgate-1c0f6a2be9d4","v":1}\n',
            }
        }
    }
}

_REPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "application/json": {
                "schema": {"type": "object", "required": ["verdict"]},
                "example": {
                    "verdict": "verified",
                    "origin": "privgate-1c0f6a2be9d4",
                    "entries": 1204,
                    "covered": 1204,
                    "findings": [],
                },
            }
        }
    }
}


@router.get("/audit/export", response_class=StreamingResponse, responses=_LINES)
def export(principal: Asking, services: Offered) -> StreamingResponse:
    """The whole log as JSON Lines; `python -m audit.verify` checks it offline."""
    lines = offered(services.audit_log).export(principal)
    return StreamingResponse(lines, media_type="application/x-ndjson", headers={"Cache-Control": "no-store"})


@router.get("/audit/key", response_class=PlainTextResponse)
def public_key(services: Offered) -> str:
    """The log's public key (C2SP signed-note form): keep it where the operator cannot change it."""
    return offered(services.audit_log).key_text + "\n"


@router.get("/audit/prover-key", response_class=PlainTextResponse)
def prover_key(services: Offered) -> str:
    """The public key of certificates of the twin test, in the same form. 404 where it is not here."""
    return services.proofs.key_text + "\n"


@router.get("/audit/verification", responses=_REPORT)
def verify(principal: Asking, services: Offered) -> dict[str, Any]:
    """Verifies the log here and now, as `privgate audit verify` does."""
    report: dict[str, Any] = json.loads(offered(services.audit_log).verify(principal).to_json())
    return report
