"""The officer's page about reviews: figures, and no image."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from gateway.web.console.pages import page
from gateway.web.console.visitor import Visiting, only
from gateway.web.services import Offered
from policies.access import Role


class Days(IntEnum):
    """How far back the figures go."""

    DAY = 1
    WEEK = 7
    MONTH = 30


router = APIRouter(include_in_schema=False, dependencies=[Depends(only(Role.OFFICER))])


@router.get("/reviews")
def figures(
    request: Request, visitor: Visiting, services: Offered, days: Annotated[Days, Query()] = Days.WEEK
) -> HTMLResponse:
    return page(
        request,
        visitor,
        "review/figures.html",
        trail=(("Review", None),),
        figures=services.review_figures.read(visitor.principal, days=days),
        days=days,
        choices=[(one.value, "24 hours" if one is Days.DAY else f"{one.value} days") for one in Days],
    )
