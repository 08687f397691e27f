"""Who is at the console: a cookie's session, looked up with every request, and the proof of an unsafe one.

A cookie opens console routes only, never one under /v1; a bearer token never opens one of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request

from gateway.errors import NotFound
from gateway.services.sessions import Ended, Present, Sessions, is_token, masked_token
from gateway.services.sign_in import Opened
from policies.access import Principal, Role

COOKIE: Final = "privgate"
"""On http of this machine alone; elsewhere with the prefix __Host-, which a browser ties to host and TLS."""

TOKEN_HEADER: Final = "X-Privgate-Token"  # noqa: S105  (a header's name)
QUIET_HEADER: Final = "X-Privgate-Quiet"
"""A page that keeps itself fresh says so: that is nobody's activity."""


class NotSignedIn(Exception):
    """No session. why: as a word for the sign-in page."""

    def __init__(self, why: Ended) -> None:
        super().__init__("nobody is signed in")
        self.why = why


class Forged(Exception):
    """An unsafe request without the proof that it comes from a page of ours."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """token: proves that an unsafe request comes from this page; masked anew for each answer."""

    principal: Principal
    name: str
    session_id: str
    token: str


def visiting(request: Request) -> Visitor:
    """The dependency of every page for somebody. Raises NotSignedIn, AccessDenied."""
    present = look_up(request)
    if isinstance(present, Ended):
        raise NotSignedIn(present)
    visitor = Visitor(present.principal, present.name, present.session_id, masked_token(present.token_key))
    request.state.visitor, request.state.token_key = visitor, present.token_key
    return visitor


def look_up(request: Request) -> Present | Ended:
    """Who it is, or why nobody; notes a renewed cookie for the answer."""
    sessions: Sessions = request.app.state.sessions
    cookie = request.cookies.get(cookie_name(request))
    present = sessions.find(cookie, active=QUIET_HEADER not in request.headers)
    if isinstance(present, Present) and present.cookie is not None:
        request.state.set_cookie = _set_cookie(request, present.cookie)
    return present


async def acting(request: Request, visitor: Annotated[Visitor, Depends(visiting)]) -> Visitor:
    """The dependency of every act. Raises Forged, and what `visiting` raises."""
    check_origin(request)
    token = request.headers.get(TOKEN_HEADER)
    if token is None and _is_form(request):
        field = (await request.form()).get("token")
        token = field if isinstance(field, str) else None
    if token is None or not is_token(token, request.state.token_key):
        raise Forged("the token of the page is missing or is another session's")
    return visitor


Visiting = Annotated[Visitor, Depends(visiting)]
Acting = Annotated[Visitor, Depends(acting)]


def only(*roles: Role) -> Callable[[Visitor], None]:
    """A router's dependency: to other roles its pages are not there."""

    def check(visitor: Visiting) -> None:
        if visitor.principal.role not in roles:
            raise NotFound("there is no such page, or none for your role")

    return check


def check_origin(request: Request) -> None:
    """Raises Forged unless the browser says that a page of ours sent this."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise Forged("another site sent this")
        return
    # Browsers leave the header above out on connections that they do not trust.
    origin = urlsplit(request.headers.get("origin", ""))
    if origin.scheme not in ("http", "https") or origin.netloc != request.headers.get("host"):
        raise Forged("another site sent this, or the browser does not say which")


def give_cookie(request: Request, opened: Opened) -> None:
    """The answer to this request hands the cookie over."""
    request.state.set_cookie = _set_cookie(request, opened.cookie)


def take_cookie(request: Request) -> None:
    """The answer to this request has the browser forget it."""
    request.state.set_cookie = _set_cookie(request, "") + "; Max-Age=0"


def cookie_name(request: Request) -> str:
    return f"__Host-{COOKIE}" if _is_secure(request) else COOKIE


def _set_cookie(request: Request, value: str) -> str:
    # Lax, not Strict: whoever follows a link to a page of ours from a message is still signed in. What is
    # unsafe is guarded by the token.
    secure = "; Secure" if _is_secure(request) else ""
    return f"{cookie_name(request)}={value}; Path=/; HttpOnly; SameSite=Lax{secure}"


def _is_secure(request: Request) -> bool:
    """Whatever reaches beyond this machine has TLS, here or at the proxy in front."""
    return request.url.scheme == "https" or not request.app.state.local


def _is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("application/x-www-form-urlencoded", "multipart/form-data")
