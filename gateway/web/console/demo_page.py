"""The page at /demo: what this is, the demonstration's before and after, and what to do next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.templating import Jinja2Templates

from gateway.errors import NotFound
from gateway.settings import Settings
from gateway.version import VERSION
from gateway.web.api.copies import VIEW_ONLY
from gateway.web.services import Offered, offered
from policies.access import Principal, Role

DEMO_FILE = "demo.json"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

CAPTIONS = {
    "astronaut": "A photo: Eileen Collins, NASA, public domain, from the package scikit-image",
    "drawn-plate": "A drawing of ours: a car whose plate belongs to nobody",
}

router = APIRouter(include_in_schema=False)
templates = Jinja2Templates(Path(__file__).parent / "templates")


@router.get("/demo", response_class=HTMLResponse)
def demo(request: Request) -> HTMLResponse:
    settings: Settings = request.app.state.settings
    found = demo_of(request)
    context = {
        "version": VERSION,
        "data": settings.data if request.app.state.local else None,
        "demo": found,
        "captions": CAPTIONS,
        "url": str(request.base_url).rstrip("/"),
    }
    return templates.TemplateResponse(request, "demo.html", context, headers=HEADERS)


@router.get("/demo/before/{name}")
def before(request: Request, name: str) -> FileResponse:
    """A demo picture as it was brought in: public ones, kept beside the vault. No other original is here."""
    if name not in CAPTIONS or not demo_of(request):
        raise NotFound("there is no demo picture of this name")
    path = request.app.state.settings.data / "demo" / f"{name}.png"
    return FileResponse(path, media_type="image/png", headers=VIEW_ONLY)


@router.get("/demo/after/{name}")
def after(request: Request, name: str, services: Offered) -> Response:
    """Its sanitized copy, through the broker, under the demo annotator's grant: each view is on the log."""
    found = demo_of(request)
    if found is None or name not in found["assets"] or found["assets"][name]["copy"] is None:
        raise NotFound("there is no demo copy of this name")
    visitor = Principal(found["annotator"], Role.ANNOTATOR)
    delivery = offered(services.broker).deliver(visitor, found["assets"][name]["copy"])
    return Response(delivery.data, media_type=delivery.copy.media_type, headers=VIEW_ONLY)


def demo_of(request: Request) -> dict[str, Any] | None:
    """What `privgate up --demo` noted, if it ran here."""
    # Beyond this machine there is none: its views are deliveries, and strangers would fill the log.
    path = request.app.state.settings.data / DEMO_FILE
    if not (request.app.state.local and path.exists()):
        return None
    demo: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return demo
