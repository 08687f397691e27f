"""/datasets: where an uploader may bring images, and what happens to them there."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from gateway.web.api.schemas import Id
from gateway.web.console.consequences import kinds_hidden
from gateway.web.console.pages import page
from gateway.web.console.upload import told_of
from gateway.web.console.visitor import Visiting, only
from gateway.web.services import Offered
from policies.access import Role

router = APIRouter(prefix="/datasets", include_in_schema=False, dependencies=[Depends(only(Role.UPLOADER))])


@router.get("")
def show(request: Request, visitor: Visiting, services: Offered) -> Response:
    found = services.bringing.terms.list(visitor.principal)
    rows = [(terms.dataset, terms.policy, kinds_hidden(terms.policy)) for terms in found]
    return page(request, visitor, "upload/datasets.html", trail=(("Datasets", None),), rows=rows)


@router.get("/{dataset_id}")
def show_one(request: Request, visitor: Visiting, services: Offered, dataset_id: Id) -> Response:
    found = services.bringing.terms.read(visitor.principal, dataset_id)
    trail = (("Datasets", "/datasets"), (found.dataset.name, None))
    return page(request, visitor, "upload/dataset.html", trail=trail, **told_of(found))
