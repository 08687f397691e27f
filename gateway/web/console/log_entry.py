"""/audit/entries/{index}: one entry as it stands in the log, and the proof that it does."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse

from gateway.services.log_explorer import OneEntry
from gateway.services.log_proofs import Inclusion
from gateway.web.console.explorer import READERS, line_of
from gateway.web.console.log_words import Act, Told, act_of, short, told
from gateway.web.console.pages import fragment, is_htmx, page
from gateway.web.console.proof_drawing import draw
from gateway.web.console.visitor import Visiting, only
from gateway.web.services import Offered, offered

LAST: Final = 2**63 - 1
"""What a database's integer key can number."""

Index = Annotated[int, Path(ge=0, le=LAST)]

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(*READERS))])


@router.get("/audit/entries/{index}")
def show(request: Request, visitor: Visiting, services: Offered, index: Index) -> Response:
    log = offered(services.log)
    one = log.explorer.entry(visitor.principal, index)
    context = _context(one, log.explorer.key_text)
    if is_htmx(request):
        return fragment(request, visitor, "audit/_side.html", **context)
    trail = (("Audit", "/audit"), (f"Entry {index:,}", None))
    return page(request, visitor, "audit/entry.html", trail=trail, **context)


@router.get("/audit/entries/{index}/proof.json")
def proof(visitor: Visiting, services: Offered, index: Index) -> Response:
    """The proof for a program: the entry's text, the path, and the signed note that it leads to."""
    log = offered(services.log)
    one = log.explorer.entry(visitor.principal, index)
    name = f"privgate-entry-{index}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return JSONResponse(_document(one, log.explorer.key_text), headers=headers)


def _context(one: OneEntry, key: str) -> dict[str, Any]:
    line = line_of(one.listed, one.people)
    words: Told = line.told or Told(Act("Altered beyond reading", "alert", bad=True), "", "")
    proof = one.proof
    path = () if proof is None else proof.path
    return {
        "one": one,
        "line": line,
        "words": words,
        "subject_is_asset": line.told is not None and _subject(one).startswith("asset-"),
        "asset": _asset(one),
        "short": short,
        "drawing": draw(proof.index, path, proof.checkpoint.root) if proof and path else None,
        "document": json.dumps(_document(one, key), indent=1),
        "fields": [] if one.listed.entry is None else _fields(one),
        "act_of": act_of,
        "told": told,
    }


def _subject(one: OneEntry) -> str:
    return "" if one.listed.entry is None else one.listed.entry.subject


def _asset(one: OneEntry) -> str | None:
    """The image that the entry speaks of, if it speaks of one."""
    if one.listed.entry is None:
        return None
    named = one.listed.entry.details.get("asset", one.listed.entry.subject)
    return named if isinstance(named, str) and named.startswith("asset-") else None


def _fields(one: OneEntry) -> list[tuple[str, str]]:
    """What the entry says, field by field, as its text has it."""
    entry = one.listed.entry
    assert entry is not None  # noqa: S101  (asked before)
    return [
        ("Writer", f"{entry.writer}, its entry {entry.sequence:,}"),
        ("Hash of that writer's last", entry.previous.hex()),
        *((name, str(value)) for name, value in sorted(entry.details.items())),
    ]


def _document(one: OneEntry, key: str) -> dict[str, Any]:
    """Enough to repeat the proof: leaf = SHA-256(0x00 || entry), then SHA-256(0x01 || left || right)."""
    proof: Inclusion | None = one.proof
    told: dict[str, Any] = {"index": one.listed.index, "entry": one.listed.text, "key": key}
    if proof is None or one.signed is None:
        return {**told, "proof": None}
    hashes = [(step.left if step.left_is_given else step.right).hex() for step in proof.path]
    return {
        **told,
        "leaf": proof.leaf.hex(),
        "size": proof.checkpoint.size,
        "root": proof.checkpoint.root.hex(),
        "proof": hashes,
        "checkpoint": one.signed.note,
    }
