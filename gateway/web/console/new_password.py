"""/new-password: by a link that works once, somebody who has an account sets another password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from gateway.errors import InputRefused
from gateway.services import resets
from gateway.services.sign_in import TooManyTries
from gateway.store.ledger import utc_now
from gateway.web.console.pages import door, goto, page
from gateway.web.console.visitor import check_origin, give_cookie

router = APIRouter(include_in_schema=False)


@router.get("/new-password/{code}")
def arrive(request: Request, code: str) -> Response:
    try:
        return _form(request, code)
    except TooManyTries:
        return _wait(request)


@router.post("/new-password/{code}")
def choose(request: Request, code: str, password: Annotated[str, Form(max_length=2000)] = "") -> Response:
    check_origin(request)
    try:
        person_id = resets.set_password(
            request.app.state.database, code, password=password, address=_address(request), clock=utc_now
        )
    except InputRefused as exc:
        return _form(request, code, fault=str(exc), status_code=422)
    except TooManyTries:
        return _wait(request)
    give_cookie(request, request.app.state.sign_in.open_for(person_id))
    return goto(request, "/")


def _form(request: Request, code: str, *, fault: str | None = None, status_code: int = 200) -> Response:
    found = resets.whose(request.app.state.database, code, address=_address(request), clock=utc_now)
    return door(
        request,
        "entry/new_password.html",
        status_code=status_code,
        name=found.name,
        login=found.login,
        fault=fault,
    )


def _wait(request: Request) -> Response:
    return page(
        request,
        None,
        "errors/page.html",
        status_code=429,
        title="Too many links were tried",
        words="No password was changed. Wait 15 minutes, then open the link again.",
        advice=None,
        reference=None,
    )


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
