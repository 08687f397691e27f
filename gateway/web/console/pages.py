"""Pages and fragments: templates with what each of them is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.version import VERSION
from gateway.web.console import navigation
from gateway.web.console.counts import counts_of
from gateway.web.console.integrity import integrity_of
from gateway.web.console.visitor import Visitor
from policies.access import Role

Trail = Sequence[tuple[str, str | None]]
"""Where a page lies: labels and paths, the last without one."""

TEMPLATES: Final = Path(__file__).parent / "templates"


def static(path: str) -> str:
    """The address of a file of ours."""
    return f"/static/{path}"


def _environment() -> Environment:
    # What a template names and nobody gave is a fault that a test shows, not an empty place.
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = static
    made.globals["version"] = VERSION
    return made


templates = Jinja2Templates(env=_environment())


def page(
    request: Request,
    visitor: Visitor | None,
    template: str,
    *,
    trail: Trail = (),
    status_code: int = 200,
    **context: Any,
) -> HTMLResponse:
    """A whole page. visitor: None on the pages at the door."""
    told = _told(request, visitor) | {"trail": trail} | context
    return templates.TemplateResponse(request, template, told, status_code=status_code)


def fragment(
    request: Request, visitor: Visitor | None, template: str, *, status_code: int = 200, **context: Any
) -> HTMLResponse:
    """A part of a page, for htmx to swap in."""
    return templates.TemplateResponse(
        request, template, _told(request, visitor) | {"trail": ()} | context, status_code=status_code
    )


def door(request: Request, template: str, *, status_code: int = 200, **context: Any) -> HTMLResponse:
    """A page before signing in, beside what anybody may know of this gateway."""
    told = {
        "host": request.url.netloc,
        "integrity": integrity_of(request),
        "log_key": request.app.state.log_key,
    }
    return page(request, None, template, status_code=status_code, gateway=told, **context)


def goto(request: Request, path: str) -> Response:
    """On to another page, for browsers with and without htmx."""
    if is_htmx(request):
        return Response(headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


def is_htmx(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def wants_page(request: Request) -> bool:
    """A browser that goes somewhere, rather than a script or an image."""
    return "text/html" in request.headers.get("accept", "") and not is_htmx(request)


def _told(request: Request, visitor: Visitor | None) -> dict[str, Any]:
    if visitor is None:
        return {"visitor": None, "rail": (), "integrity": None}
    role = visitor.principal.role
    here = navigation.current_place(role, request.url.path)
    counts = counts_of(request, visitor.principal)
    return {
        "visitor": {
            "id": visitor.principal.id,
            "name": visitor.name,
            "initials": _initials(visitor.name),
            "role": role.value,
            "role_label": navigation.LABELS[role],
            "token": visitor.token,
        },
        "rail": [
            {
                "path": place.path,
                "label": place.label,
                "icon": place.icon,
                "count": counts.get(place.path),
                "current": place is here,
            }
            for place in navigation.PLACES[role]
        ],
        "integrity": None if role is Role.ANNOTATOR else integrity_of(request),
    }


def _initials(name: str) -> str:
    words = [word for word in name.replace(".", " ").split() if word[0].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "?"
