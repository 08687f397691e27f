"""Who is asking: a bearer token of the API, looked up by its SHA-256 with every request.

So a revoked token ends with the next request. Requests without one are counted, not entered in the log:
whoever has no token could otherwise fill it.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from gateway.errors import Unauthenticated
from gateway.services.suspension import refuse_suspended
from gateway.services.tally import Tally
from gateway.store.database import Database
from gateway.store.queries import people
from policies.access import Principal

COUNTER = "requests.unauthenticated"

bearer = HTTPBearer(auto_error=False, description="A token from `privgate tokens create`.")


class Doorkeeper:
    """Knows tokens, and counts those who come without. The count reaches the database in bundles."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tally = Tally(database)

    def principal(self, token: str | None) -> Principal:
        """Raises Unauthenticated; AccessDenied, on the log, for somebody who is suspended."""
        if token:
            with self._database.reading() as session:
                principal = people.principal_of(session, people.token_digest(token))
                suspended = principal is not None and people.is_suspended(session, principal.id)
            if principal is not None and suspended:
                refuse_suspended(self._database, principal)
            if principal is not None:
                return principal
        self._tally.add(COUNTER)
        raise Unauthenticated("a valid bearer token is needed; `privgate tokens create` makes one")

    def write_count(self) -> None:
        """Adds what was counted since the last call to the counter in the database."""
        self._tally.write()


def principal(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
) -> Principal:
    """The dependency of every route under /v1."""
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    return doorkeeper.principal(credentials.credentials if credentials else None)


Asking = Annotated[Principal, Depends(principal)]
