"""The numbers beside the places of the rail: what waits there for whoever looks."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request

from gateway.store.database import Database
from gateway.store.queries import policies, tallies
from policies.access import Principal, Role
from policies.lifecycle import AssetState


def counts_of(request: Request, principal: Principal) -> Mapping[str, int]:
    """By a place's path. Of the officer: policies to decide on, and images that wait for review."""
    if principal.role is not Role.OFFICER:
        return {}
    database: Database = request.app.state.database
    with database.reading() as session:
        waiting = sum(counts[AssetState.NEEDS_REVIEW] for counts in tallies.standing(session).values())
        return {"/policies": policies.submitted_for(session, principal.id), "/reviews": waiting}
