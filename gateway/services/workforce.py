"""The workforce: who is here, who is asked in, who is kept out, and how the work goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.errors import Conflict, InputRefused, NotFound
from gateway.services import accounts, roles
from gateway.services.accounts import Invited
from gateway.services.authorize import authorize
from gateway.services.ports import Clock
from gateway.services.resets import Offered, offer
from gateway.services.roles import LaidDown
from gateway.store.database import Database
from gateway.store.queries import (
    datasets,
    grant_pages,
    groups,
    people,
    resets,
    sessions,
    tallies,
    tasks,
    workforce,
)
from gateway.store.queries.grant_pages import GrantRow
from gateway.store.queries.groups import GroupGrantRecord, GroupRecord
from gateway.store.queries.workforce import PersonRow, Work
from gateway.store.records import DatasetRecord
from policies.access import INSTALLATION, Action, Principal, Resource, Role
from policies.lifecycle import AssetState

PAGE: Final = 50
RECENT: Final = timedelta(days=7)
"""Over which a person's submissions are counted."""

Key = tuple[datetime, str]
"""A row's time and id."""


@dataclass(frozen=True, slots=True)
class People:
    """A page, the newest first. work: by id."""

    rows: list[PersonRow]
    work: Mapping[str, Work]
    newer: bool
    older: bool


@dataclass(frozen=True, slots=True)
class GivenGrants:
    rows: list[GrantRow]
    newer: bool
    older: bool


@dataclass(frozen=True, slots=True)
class OnePerson:
    """groups: ids and names."""

    row: PersonRow
    work: Work
    groups: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class OneGroup:
    group: GroupRecord
    members: list[PersonRow]
    grants: list[GroupGrantRecord]


@dataclass(frozen=True, slots=True)
class DatasetRow:
    """states: how many images stand where. people: who can see its copies right now."""

    dataset: DatasetRecord
    states: Mapping[AssetState, int]
    people: int


@dataclass(frozen=True, slots=True)
class Suspended:
    """What it ended: sessions that were open, and tasks that are open again."""

    sessions: int
    tasks: int


class Workforce:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def people(
        self,
        principal: Principal,
        *,
        role: Role | None = None,
        suspended: bool = False,
        before: Key | None = None,
        after: Key | None = None,
    ) -> People:
        """Raises AccessDenied."""
        now = self._allowed(principal, Action.PERSON_LIST)
        with self._database.reading() as session:
            rows, newer, older = workforce.people_page(
                session, now=now, role=role, suspended=suspended, before=before, after=after, limit=PAGE
            )
            ids = [row.id for row in rows]
            work = workforce.work_of(session, ids, now=now, since=now - RECENT)
        return People(rows, work, newer, older)

    def person(self, principal: Principal, person_id: str) -> OnePerson:
        """Raises AccessDenied, NotFound."""
        now = self._allowed(principal, Action.PERSON_LIST)
        with self._database.reading() as session:
            row = workforce.person(session, person_id, now=now)
            if row is None:
                raise NotFound(f"person {person_id} does not exist")
            work = workforce.work_of(session, [person_id], now=now, since=now - RECENT)[person_id]
            return OnePerson(row, work, workforce.groups_of(session, person_id))

    def find(self, principal: Principal, text: str) -> str:
        """The id of whoever is meant by an id, a user name, or a name that only one has.

        Raises AccessDenied, InputRefused.
        """
        self._allowed(principal, Action.PERSON_LIST)
        with self._database.reading() as session:
            found = workforce.meant(session, text.strip())
        if len(found) == 1:
            return found[0]
        raise InputRefused(
            "Nobody here is known by this." if not found else "Several people have this name.",
            advice="write the user name, or the id that the person's page shows",
            code="person.unknown",
        )

    def now(self) -> datetime:
        """By the clock that grants are measured with."""
        return self._clock()

    def invite(self, principal: Principal, *, role: Role, name: str | None) -> Invited:
        """A link for somebody new. Raises AccessDenied."""
        self._allowed(principal, Action.PERSON_INVITE)
        return accounts.invite(self._database, role=role, name=name, clock=self._clock, by=principal.id)

    def invite_again(self, principal: Principal, person_id: str) -> Invited:
        """A fresh link, which takes the place of the one before. Raises AccessDenied, NotFound, Conflict."""
        role = self.person(principal, person_id).row.role
        self._allowed(principal, Action.PERSON_INVITE)
        return accounts.invite(
            self._database, role=role, name=None, clock=self._clock, by=principal.id, person_id=person_id
        )

    def offer_password(self, principal: Principal, person_id: str) -> Offered:
        """A link by which somebody but an officer sets another password.

        Raises AccessDenied, NotFound, Conflict.
        """
        role = self.person(principal, person_id).row.role
        asked = Resource("Person", person_id, role=role)
        authorize(self._database, principal, Action.PERSON_RESET, asked, now=self._clock())
        return offer(self._database, person_id, clock=self._clock, by=principal.id, role=role)

    def suspend(self, principal: Principal, person_id: str) -> Suspended:
        """Nothing of theirs works from the next request on, images that are open included.

        Raises AccessDenied, NotFound, Conflict for oneself, for somebody who is suspended and for the last
        officer, as of two who suspend each other.
        """
        now = self._allowed(principal, Action.PERSON_SUSPEND)
        if person_id == principal.id:
            raise Conflict("nobody suspends themselves: another officer can. Nothing was changed")
        with self._database.unit() as unit:
            roles.held_role(unit, person_id)
            if not people.set_suspended(unit.session, person_id, now):
                raise Conflict(f"{person_id} is suspended already; nothing was changed")
            resets.end_all(unit.session, person_id, now=now)
            ended = sessions.end_all(unit.session, person_id, now=now)
            given_back = tasks.give_back_of_person(unit.session, person_id)
            unit.ledger.record(
                actor=principal.id,
                action="person.suspended",
                subject=person_id,
                sessions=ended,
                tasks=given_back,
            )
        return Suspended(ended, given_back)

    def restore(self, principal: Principal, person_id: str) -> None:
        """They sign in anew; tokens and grants that have not ended work again.

        Raises AccessDenied, NotFound, Conflict for somebody who is not suspended.
        """
        self._allowed(principal, Action.PERSON_RESTORE)
        with self._database.unit() as unit:
            if not people.set_suspended(unit.session, person_id, None):
                raise Conflict(f"{person_id} is not suspended; nothing was changed")
            unit.ledger.record(actor=principal.id, action="person.restored", subject=person_id)

    def change_role(self, principal: Principal, person_id: str, role: Role) -> LaidDown:
        """Raises AccessDenied, and what `roles.change_role` does."""
        self._allowed(principal, Action.PERSON_ROLE)
        return roles.change_role(self._database, person_id, role, clock=self._clock, by=principal.id)

    def erase(self, principal: Principal, person_id: str) -> LaidDown:
        """The name, for good. Raises AccessDenied, and what `roles.erase_name` does."""
        self._allowed(principal, Action.PERSON_ERASE)
        return roles.erase_name(self._database, person_id, clock=self._clock, by=principal.id)

    def grants(
        self,
        principal: Principal,
        *,
        dataset_id: str | None = None,
        person_id: str | None = None,
        live: bool = True,
        before: Key | None = None,
        after: Key | None = None,
    ) -> GivenGrants:
        """Raises AccessDenied."""
        now = self._allowed(principal, Action.GRANT_LIST)
        with self._database.reading() as session:
            rows, newer, older = grant_pages.grants_page(
                session,
                now=now,
                dataset_id=dataset_id,
                person_id=person_id,
                live=live,
                before=before,
                after=after,
                limit=PAGE,
            )
        return GivenGrants(rows, newer, older)

    def groups(self, principal: Principal) -> list[tuple[GroupRecord, int]]:
        """Each with how many are in it. Raises AccessDenied."""
        self._allowed(principal, Action.GROUP_LIST)
        with self._database.reading() as session:
            sizes = workforce.sizes(session)
            return [(group, sizes.get(group.id, 0)) for group in groups.all_groups(session)]

    def group(self, principal: Principal, group_id: str) -> OneGroup:
        """Raises AccessDenied, NotFound."""
        now = self._allowed(principal, Action.GROUP_LIST)
        with self._database.reading() as session:
            return OneGroup(
                groups.get(session, group_id),
                workforce.members(session, group_id, now=now),
                groups.grants_of(session, group_id),
            )

    def datasets(self, principal: Principal) -> list[DatasetRow]:
        """Raises AccessDenied."""
        now = self._allowed(principal, Action.DATASET_LIST)
        with self._database.reading() as session:
            states = tallies.standing(session)
            given = grant_pages.live_by_dataset(session, now=now)
            return [
                DatasetRow(found, states.get(found.id, {}), given.get(found.id, 0))
                for found in datasets.all_datasets(session)
            ]

    def _allowed(self, principal: Principal, action: Action) -> datetime:
        now = self._clock()
        authorize(self._database, principal, action, INSTALLATION, now=now)
        return now
