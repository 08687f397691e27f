"""/v1/grants: who may see a dataset's copies, for what, until when."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.web.api.schemas import GrantForm, GrantOut, Id
from gateway.web.identity import Asking
from gateway.web.services import Offered

router = APIRouter(tags=["grants"])


@router.post("/grants", status_code=201)
def create_grant(form: GrantForm, principal: Asking, services: Offered) -> GrantOut:
    """Lets one person see one dataset's copies until a time, 90 days ahead at most unless the site says
    else.
    """
    record = services.grants.create(
        principal, person_id=form.person, dataset_id=form.dataset, purpose=form.purpose, until=form.until
    )
    return GrantOut.of(record)


@router.get("/grants")
def list_grants(principal: Asking, services: Offered) -> list[GrantOut]:
    """All grants, the newest first."""
    return [GrantOut.of(record) for record in services.grants.list(principal)]


@router.delete("/grants/{grant_id}")
def revoke_grant(grant_id: Id, principal: Asking, services: Offered) -> GrantOut:
    """Takes a grant back, from the next request on."""
    return GrantOut.of(services.grants.revoke(principal, grant_id))
