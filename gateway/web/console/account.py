"""/account: one's own name, role and password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from gateway.errors import InputRefused
from gateway.services import accounts
from gateway.store.ledger import utc_now
from gateway.web.console.pages import page
from gateway.web.console.visitor import Acting, Visiting, Visitor

router = APIRouter(include_in_schema=False)


@router.get("/account")
def show(request: Request, visitor: Visiting) -> Response:
    return _show(request, visitor)


@router.post("/account/password")
def change(
    request: Request,
    visitor: Acting,
    old: Annotated[str, Form(max_length=2000)] = "",
    new: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    try:
        ended = accounts.change_password(
            request.app.state.database,
            visitor.principal.id,
            old=old,
            new=new,
            session_id=visitor.session_id,
            clock=utc_now,
        )
    except InputRefused as exc:
        about_old = exc.code in ("password.wrong", "password.tries")
        faults = {"old_fault": str(exc) if about_old else None, "new_fault": None if about_old else str(exc)}
        return _show(request, visitor, status_code=422, **faults)
    others = {0: "", 1: " Your other session was ended."}.get(
        ended, f" Your {ended} other sessions were ended."
    )
    return _show(request, visitor, done=f"Your password is changed.{others}")


@router.post("/account/sign-out")
def sign_out_elsewhere(request: Request, visitor: Acting) -> Response:
    """Ends one's other sessions; the one that asks goes on."""
    ended = accounts.sign_out(
        request.app.state.database,
        visitor.principal.id,
        clock=utc_now,
        but=visitor.session_id,
        by=visitor.principal.id,
    )
    said = {0: "No other session was open.", 1: "Your other session is ended."}
    return _show(request, visitor, done=said.get(ended, f"Your {ended} other sessions are ended."))


def _show(
    request: Request,
    visitor: Visitor,
    *,
    status_code: int = 200,
    done: str | None = None,
    old_fault: str | None = None,
    new_fault: str | None = None,
) -> Response:
    return page(
        request,
        visitor,
        "entry/account.html",
        trail=(("Your account", None),),
        status_code=status_code,
        done=done,
        others=request.app.state.sessions.others(visitor.principal.id, visitor.session_id),
        old_fault=old_fault,
        new_fault=new_fault,
    )
