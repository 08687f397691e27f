"""/sign-in and /sign-out, and /invitation by which somebody makes their own account."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response

from gateway.errors import Conflict, InputRefused
from gateway.services import accounts
from gateway.services.sessions import Ended
from gateway.services.sign_in import SignIn, TooManyTries, WrongCredentials
from gateway.store.ledger import utc_now
from gateway.web.console import demo_page, navigation
from gateway.web.console.pages import door, goto
from gateway.web.console.visitor import Acting, check_origin, give_cookie, look_up, take_cookie

WORDS: Final = {
    Ended.IDLE.value: "You were signed out: there was no activity for a while. Drafts are kept.",
    Ended.TIME.value: "You were signed out: a session ends after some hours, however busy it is.",
    Ended.CLOSED.value: "Your session was ended. Sign in to go on.",
    "out": "You are signed out.",
}

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def arrive(request: Request, next: str | None = None, why: str | None = None) -> Response:
    if not isinstance(present := look_up(request), Ended):
        return goto(request, navigation.safe_next(next) or navigation.LANDINGS[present.principal.role])
    if accounts.needs_set_up(request.app.state.database):
        return goto(request, "/set-up")
    return _door(request, next=next, note=WORDS.get(why or ""))


@router.post("/sign-in")
def enter(
    request: Request,
    login: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
    next: Annotated[str | None, Form(max_length=2000)] = None,
) -> Response:
    check_origin(request)
    service: SignIn = request.app.state.sign_in
    address = request.client.host if request.client else ""
    try:
        opened = service.open(login, password, address=address)
    except WrongCredentials:
        fault = "User name and password do not belong together. Nobody was signed in."
        return _door(request, next=next, fault=fault, login=login, status_code=403)
    except TooManyTries:
        fault = "Too many wrong tries. Nobody was signed in. Wait 15 minutes, then try again."
        return _door(request, next=next, fault=fault, login=login, status_code=429)
    give_cookie(request, opened)
    return goto(request, navigation.safe_next(next) or "/")


@router.post("/sign-out")
def leave(request: Request, visitor: Acting) -> Response:
    request.app.state.sessions.close(visitor.principal.id, visitor.session_id)
    take_cookie(request)
    return goto(request, "/sign-in?why=out")


@router.get("/invitation/{code}")
def invited(request: Request, code: str) -> Response:
    return _invitation(request, code)


@router.post("/invitation/{code}")
def accept(
    request: Request,
    code: str,
    login: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    check_origin(request)
    database = request.app.state.database
    try:
        person_id = accounts.accept(database, code, login=login, password=password, clock=utc_now)
    except (InputRefused, Conflict) as exc:
        return _invitation(request, code, login=login, refused=exc, status_code=422)
    give_cookie(request, request.app.state.sign_in.open_for(person_id))
    return goto(request, "/")


def _door(
    request: Request,
    *,
    next: str | None,
    note: str | None = None,
    fault: str | None = None,
    login: str = "",
    status_code: int = 200,
) -> Response:
    return door(
        request,
        "entry/sign_in.html",
        status_code=status_code,
        next=navigation.safe_next(next),
        note=note,
        fault=fault,
        login=login,
        demo=demo_page.demo_of(request) is not None,
    )


def _invitation(
    request: Request,
    code: str,
    *,
    login: str = "",
    refused: InputRefused | Conflict | None = None,
    status_code: int = 200,
) -> Response:
    login_fault, password_fault = faults_of(refused)
    invitee = accounts.invitee(request.app.state.database, code, clock=utc_now)
    return door(
        request,
        "entry/invitation.html",
        status_code=status_code,
        name=invitee.name,
        role_label=navigation.LABELS[invitee.role],
        login=login,
        login_fault=login_fault,
        password_fault=password_fault,
    )


def faults_of(refused: InputRefused | Conflict | None) -> tuple[str | None, str | None]:
    """What was refused of a form that makes an account: what to say of the user name, and of the password."""
    about_password = isinstance(refused, InputRefused) and refused.code.startswith("password.")
    words = None if refused is None else str(refused)
    return (None, words) if about_password else (words, None)
