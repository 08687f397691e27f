"""Grants: time-boxed leave for one person to see one dataset's sanitized copies, for one purpose."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gateway.errors import Conflict, InputRefused, NotFound
from gateway.services.authorize import authorize
from gateway.services.ids import new_id
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import datasets, grants, people, tasks
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
        if until <= now:
            raise Conflict("the grant would end before it begins; choose a later `until`")
        if until - now > self._longest:
            raise InputRefused(
                f"a grant lasts {self._longest.days} days at most",
                advice="choose an earlier `until`; when it has passed, give another grant",
                code="grant.too_long",
            )
        record = GrantRecord(new_id("grant"), person_id, dataset_id, purpose, until, now, None)
        with self._database.unit() as unit:
            datasets.get(unit.session, dataset_id)
            if not people.has_person(unit.session, person_id):
                raise NotFound(f"person {person_id} does not exist")
            grants.add(unit.session, record, created_by=principal.id)
            unit.ledger.record(
                actor=principal.id,
                action="grant.created",
                subject=record.id,
                person=person_id,
                dataset=dataset_id,
                purpose=purpose,
                until=int(until.timestamp()),
            )
        return record

    def revoke(self, principal: Principal, grant_id: str) -> GrantRecord:
        """Takes effect with the next request; tasks claimed under it are open again.

        Raises AccessDenied, NotFound, Conflict.
        """
        now = self._clock()
        authorize(self._database, principal, Action.GRANT_REVOKE, INSTALLATION, now=now)
        with self._database.unit() as unit:
            record = grants.revoke(unit.session, grant_id, now=now)
            given_back = tasks.give_back_of_grant(unit.session, grant_id)
            unit.ledger.record(
                actor=principal.id,
                action="grant.revoked",
                subject=grant_id,
                person=record.person_id,
                tasks=given_back,
            )
        return record

    def list(self, principal: Principal) -> list[GrantRecord]:
        """Raises AccessDenied."""
        authorize(self._database, principal, Action.GRANT_LIST, INSTALLATION, now=self._clock())
        with self._database.reading() as session:
            return grants.of(session)
