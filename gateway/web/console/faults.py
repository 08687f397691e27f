"""Errors as people read them: what broke, what did not happen, what to do, and the reference to tell.

The problem document that programs get says the same. A page asks for a page, htmx for a fragment; scripts and
images get the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from gateway.services.sessions import Ended
from gateway.web.console.pages import fragment, is_htmx, page, wants_page
from gateway.web.console.protection import PAGE_HEADERS, STATIC, is_console
from gateway.web.console.visitor import Forged, NotSignedIn
from gateway.web.problems import problem

TITLES: Final[Mapping[str, str]] = {
    "not-found": "There is no such page here",
    "access-denied": "You may not see this",
    "conflict": "It is not as it was",
    "withdrawn": "This copy was taken back",
    "input-refused": "This was not taken in",
    "invalid-request": "Something is missing, or not as it should be",
    "body-too-large": "This is larger than what is taken",
    "database": "The database did not answer",
    "log-unavailable": "The log could not be written",
    "misconfigured": "The gateway lacks something",
    "vault-unavailable": "The store of images cannot be reached",
    "vault": "The sealed object does not open",
    "forged": "This did not come from a page of ours",
    "signed-out": "You are signed out",
}
"""By the last word of the problem's type."""

OUTCOMES: Final[Mapping[str, str]] = {
    "not-found": "Nothing was changed. It may have been moved, or is for another role.",
    "access-denied": "Nothing was shown or changed, and this is on the log. Ask the compliance officer.",
    "conflict": "Nothing was changed. Load the page again to see how it is now.",
    "forged": "Nothing was changed. Load the page again and repeat it there.",
}

SUSPENDED: Final = "access denied: person.suspended"


def install(app: FastAPI) -> None:
    """What only the console raises."""
    app.add_exception_handler(NotSignedIn, _not_signed_in)
    app.add_exception_handler(Forged, _forged)


def shown(request: Request, status: int, document: Mapping[str, Any]) -> Response | None:
    """A problem document as a page or a fragment; None where the document itself is what was asked for."""
    path = request.url.path
    if not is_console(path) or path.startswith(STATIC):
        return None
    kind = str(document["type"]).rpartition(":")[2]
    context: dict[str, Any] = {
        "title": TITLES.get(kind, "This did not work"),
        "words": _words(kind, document),
        "advice": document.get("advice"),
        "reference": document.get("request"),
    }
    visitor = getattr(request.state, "visitor", None)
    if is_htmx(request):
        answer = fragment(request, visitor, "errors/fragment.html", status_code=status, **context)
    elif wants_page(request):
        answer = page(request, visitor, "errors/page.html", status_code=status, **context)
    else:
        return None
    # What nobody foresaw is answered outside of what adds these.
    answer.headers.update({name: value for name, value in PAGE_HEADERS.items() if name != "Vary"})
    return answer


def _words(kind: str, document: Mapping[str, Any]) -> str:
    detail = str(document["detail"])
    if detail == SUSPENDED:
        return (
            "Your access is suspended. Nothing was shown, and this is on the log. Ask the compliance officer."
        )
    if kind == "access-denied":
        return OUTCOMES[kind]
    if kind == "unforeseen":
        return (
            "Something broke that should not. Nothing was delivered. Tell the operator the reference below."
        )
    if kind == "not-found" and detail == HTTPStatus.NOT_FOUND.phrase:
        return OUTCOMES[kind]
    sentence = detail[:1].upper() + detail[1:]
    sentence = sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
    return f"{sentence} {OUTCOMES[kind]}" if kind in OUTCOMES else sentence


def _not_signed_in(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, NotSignedIn)  # noqa: S101  (registered for it alone)
    if wants_page(request):
        return RedirectResponse(_door(request, exc.why), 303)
    answer = problem(401, "signed-out", "you are signed out; nothing was done. Sign in and repeat it")
    if is_htmx(request):
        return shown(request, 401, answer.document) or answer
    return answer


def _door(request: Request, why: Ended) -> str:
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    parts = [f"next={quote(asked, safe='')}"] if request.method == "GET" and asked != "/" else []
    if why is not Ended.NONE:
        parts.append(f"why={why.value}")
    return "/sign-in" + ("?" + "&".join(parts) if parts else "")


def _forged(request: Request, exc: Exception) -> Response:
    answer = problem(403, "forged", str(exc))
    return shown(request, 403, answer.document) or answer
