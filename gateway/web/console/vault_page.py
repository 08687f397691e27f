"""/vault: keys by id and age, what is sealed under them, and whether all of it answers. Never a key."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from gateway.store.ledger import utc_now
from gateway.web.console.desk import desk_of
from gateway.web.console.pages import page
from gateway.web.console.visitor import Visiting, only
from policies.access import Role

router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.OFFICER))])


@router.get("/vault")
def vault(request: Request, visitor: Visiting) -> Response:
    desk = desk_of(request)
    return page(
        request,
        visitor,
        "vault/vault.html",
        trail=(("Vault", None),),
        state=desk.vault.read(visitor.principal),
        log_key=desk.vault.log_key(),
        now=utc_now(),
    )
