"""Groups: people who are given datasets together. Joining and leaving follows what the group has.

Decisions are made on a person's own grant, as always: a group's grant becomes one for each member, and the
group's row is held while either changes, so that nobody slips between.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.errors import Conflict, NotFound
from gateway.services import giving
from gateway.services.authorize import authorize
from gateway.services.ids import new_id
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.queries import datasets, groups, people
from gateway.store.queries.groups import GroupGrantRecord, GroupRecord
from policies.access import INSTALLATION, Action, Principal


class Groups:
    """longest: from its making to its end a grant lasts at most."""

    def __init__(self, database: Database, clock: Clock, *, longest: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._longest = longest

    def create(self, principal: Principal, name: str) -> GroupRecord:
        """Raises AccessDenied, or Conflict for a name that is taken."""
        now = self._allowed(principal, Action.GROUP_CREATE)
        with self._database.unit() as unit:
            record = groups.add(
                unit.session, group_id=new_id("group"), name=name, created_by=principal.id, now=now
            )
            unit.ledger.record(actor=principal.id, action="group.created", subject=record.id)
        return record

    def add(self, principal: Principal, group_id: str, person_id: str) -> int:
        """Whoever joins gets what the group has; returns how many grants that were.

        Raises AccessDenied, NotFound, Conflict for somebody who is in it.
        """
        now = self._allowed(principal, Action.GROUP_CHANGE)
        with self._database.unit() as unit:
            groups.hold(unit.session, group_id)
            if not people.has_person(unit.session, person_id):
                raise NotFound(f"person {person_id} does not exist")
            groups.add_member(unit.session, group_id, person_id, now=now)
            live = groups.live_grants(unit.session, group_id, now=now)
            for grant in live:
                given = giving.give(
                    unit,
                    by=principal.id,
                    person_id=person_id,
                    dataset_id=grant.dataset_id,
                    purpose=grant.purpose,
                    until=grant.until,
                    now=now,
                    group_grant=grant.id,
                )
                groups.tie(unit.session, grant.id, given.id)
            unit.ledger.record(
                actor=principal.id,
                action="group.joined",
                subject=group_id,
                person=person_id,
                grants=len(live),
            )
        return len(live)

    def remove(self, principal: Principal, group_id: str, person_id: str) -> int:
        """Whoever leaves loses what came with the group; returns how many grants that were.

        Raises AccessDenied, NotFound, Conflict for somebody who is not in it.
        """
        now = self._allowed(principal, Action.GROUP_CHANGE)
        with self._database.unit() as unit:
            groups.hold(unit.session, group_id)
            if not groups.remove_member(unit.session, group_id, person_id):
                raise Conflict(f"{person_id} is not in this group; nothing was changed")
            taken = groups.open_member_grants(unit.session, group_id=group_id, person_id=person_id)
            for grant_id in taken:
                giving.take_back(unit, grant_id, by=principal.id, now=now)
            unit.ledger.record(
                actor=principal.id,
                action="group.left",
                subject=group_id,
                person=person_id,
                grants=len(taken),
            )
        return len(taken)

    def grant(
        self, principal: Principal, *, group_id: str, dataset_id: str, purpose: str, until: datetime
    ) -> GroupGrantRecord:
        """Gives each member, and whoever joins later, the dataset. Raises what `Grants.create` does."""
        now = self._allowed(principal, Action.GRANT_CREATE)
        giving.check_end(until, now=now, longest=self._longest)
        with self._database.unit() as unit:
            groups.hold(unit.session, group_id)
            datasets.get(unit.session, dataset_id)
            record = GroupGrantRecord(new_id("groupgrant"), group_id, dataset_id, purpose, until, now, None)
            groups.add_grant(unit.session, record, created_by=principal.id)
            members = groups.members(unit.session, group_id)
            for person_id in members:
                given = giving.give(
                    unit,
                    by=principal.id,
                    person_id=person_id,
                    dataset_id=dataset_id,
                    purpose=purpose,
                    until=until,
                    now=now,
                    group_grant=record.id,
                )
                groups.tie(unit.session, record.id, given.id)
            unit.ledger.record(
                actor=principal.id,
                action="group.granted",
                subject=record.id,
                group=group_id,
                dataset=dataset_id,
                purpose=purpose,
                until=int(until.timestamp()),
                people=len(members),
            )
        return record

    def extend(self, principal: Principal, group_grant_id: str, *, until: datetime) -> int:
        """Another end for every member's; returns how many. Raises NotFound, Conflict, InputRefused."""
        now = self._allowed(principal, Action.GRANT_EXTEND)
        giving.check_end(until, now=now, longest=self._longest)
        with self._database.unit() as unit:
            groups.extend_grant(unit.session, group_grant_id, until)
            open_grants = groups.open_member_grants(unit.session, group_grant_id=group_grant_id)
            for grant_id in open_grants:
                giving.extend(unit, grant_id, until, by=principal.id)
            unit.ledger.record(
                actor=principal.id,
                action="group.grant_extended",
                subject=group_grant_id,
                until=int(until.timestamp()),
                people=len(open_grants),
            )
        return len(open_grants)

    def revoke(self, principal: Principal, group_grant_id: str) -> int:
        """Takes it back from every member, from the next request on; returns how many had it."""
        now = self._allowed(principal, Action.GRANT_REVOKE)
        with self._database.unit() as unit:
            groups.revoke_grant(unit.session, group_grant_id, now=now)
            open_grants = groups.open_member_grants(unit.session, group_grant_id=group_grant_id)
            for grant_id in open_grants:
                giving.take_back(unit, grant_id, by=principal.id, now=now)
            unit.ledger.record(
                actor=principal.id,
                action="group.grant_revoked",
                subject=group_grant_id,
                people=len(open_grants),
            )
        return len(open_grants)

    def _allowed(self, principal: Principal, action: Action) -> datetime:
        now = self._clock()
        authorize(self._database, principal, action, INSTALLATION, now=now)
        return now
