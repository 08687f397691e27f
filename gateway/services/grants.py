"""Grants: time-boxed leave for one person to see one dataset's sanitized copies, for one purpose."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gateway.errors import NotFound
from gateway.services import giving
from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import datasets, grants, people
from gateway.store.records import GrantRecord
from policies.access import INSTALLATION, Action, Principal

LONGEST: Final = timedelta(days=90)
"""A quarter: who is still here and still needs it is asked for again."""


class Grants:
    """longest: from its making to its end a grant lasts at most."""

    def __init__(self, database: Database, clock: Clock, *, longest: timedelta = LONGEST) -> None:
        self._database = database
        self._clock = clock
        self._longest = longest

    def create(
        self, principal: Principal, *, person_id: str, dataset_id: str, purpose: str, until: datetime
    ) -> GrantRecord:
        """purpose: a short code, since it goes into the log. until: aware.

        Raises AccessDenied, NotFound for a person or dataset that is not there, Conflict for a past `until`,
        InputRefused for one that is too far ahead.
        """
        now = self._clock()
        authorize(self._database, principal, Action.GRANT_CREATE, INSTALLATION, now=now)
        giving.check_end(until, now=now, longest=self._longest)
        with self._database.unit() as unit:
            datasets.get(unit.session, dataset_id)
            if not people.has_person(unit.session, person_id):
                raise NotFound(f"person {person_id} does not exist")
            return giving.give(
                unit,
                by=principal.id,
                person_id=person_id,
                dataset_id=dataset_id,
                purpose=purpose,
                until=until,
                now=now,
            )

    def extend(self, principal: Principal, grant_id: str, *, until: datetime) -> GrantRecord:
        """Another end, counted from now as a new grant's is. Raises what `create` and `revoke` do."""
        now = self._clock()
        authorize(self._database, principal, Action.GRANT_EXTEND, INSTALLATION, now=now)
        giving.check_end(until, now=now, longest=self._longest)
        with self._database.unit() as unit:
            return giving.extend(unit, grant_id, until, by=principal.id)

    def revoke(self, principal: Principal, grant_id: str) -> GrantRecord:
        """Takes effect with the next request; tasks claimed under it are open again.

        Raises AccessDenied, NotFound, Conflict.
        """
        now = self._clock()
        authorize(self._database, principal, Action.GRANT_REVOKE, INSTALLATION, now=now)
        with self._database.unit() as unit:
            return giving.take_back(unit, grant_id, by=principal.id, now=now)

    def list(self, principal: Principal) -> list[GrantRecord]:
        """Raises AccessDenied."""
        authorize(self._database, principal, Action.GRANT_LIST, INSTALLATION, now=self._clock())
        with self._database.reading() as session:
            return grants.of(session)
