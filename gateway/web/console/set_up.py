"""/set-up: the first officer's account, with the code that the command line printed; only then."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from gateway.errors import InputRefused
from gateway.services import accounts
from gateway.services.set_up_code import forget_code, is_code
from gateway.store.ledger import utc_now
from gateway.web.console.pages import door, goto
from gateway.web.console.sign_in import faults_of
from gateway.web.console.visitor import check_origin, give_cookie

router = APIRouter(include_in_schema=False)

WRONG_CODE = "This is not the code that the terminal shows. Nothing was made."


@router.get("/set-up")
def form(request: Request) -> Response:
    if not accounts.needs_set_up(request.app.state.database):
        return goto(request, "/sign-in")
    return _form(request)


@router.post("/set-up")
def make(
    request: Request,
    code: Annotated[str, Form(max_length=100)] = "",
    name: Annotated[str, Form(max_length=200)] = "",
    login: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    check_origin(request)
    database, data = request.app.state.database, request.app.state.settings.data
    if not accounts.needs_set_up(database):
        return goto(request, "/sign-in")
    if not is_code(data, code):
        return _form(request, code_fault=WRONG_CODE, status_code=403, name=name, login=login)
    try:
        person_id = accounts.create_first_officer(
            database, name=name.strip() or login, login=login, password=password, clock=utc_now
        )
    except InputRefused as exc:
        return _form(request, status_code=422, fault=exc, name=name, login=login)
    forget_code(data)
    give_cookie(request, request.app.state.sign_in.open_for(person_id))
    return goto(request, "/")


def _form(
    request: Request,
    *,
    status_code: int = 200,
    code_fault: str | None = None,
    fault: InputRefused | None = None,
    name: str = "",
    login: str = "",
) -> Response:
    login_fault, password_fault = faults_of(fault)
    return door(
        request,
        "entry/set_up.html",
        status_code=status_code,
        code_fault=code_fault,
        login_fault=login_fault,
        password_fault=password_fault,
        name=name,
        login=login,
    )
