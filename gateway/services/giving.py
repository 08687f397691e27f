"""What giving a dataset and taking it back mean, for one person: the row, its entry, the claims under it."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.errors import Conflict, InputRefused
from gateway.services.ids import new_id
from gateway.store.database import Unit
from gateway.store.queries import grants, tasks
from gateway.store.records import GrantRecord


def check_end(until: datetime, *, now: datetime, longest: timedelta) -> None:
    """Raises Conflict for an end that is past, InputRefused for one that is too far ahead."""
    if until <= now:
        raise Conflict("the grant would end before it begins; choose a later `until`")
    if until - now > longest:
        raise InputRefused(
            f"a grant lasts {longest.days} days at most",
            advice="choose an earlier `until`; when it has passed, give another grant",
            code="grant.too_long",
        )


def give(
    unit: Unit,
    *,
    by: str,
    person_id: str,
    dataset_id: str,
    purpose: str,
    until: datetime,
    now: datetime,
    group_grant: str | None = None,
) -> GrantRecord:
    """A new grant and its entry. group_grant: the group's, of which this is one member's."""
    record = GrantRecord(new_id("grant"), person_id, dataset_id, purpose, until, now, None)
    grants.add(unit.session, record, created_by=by)
    origin = {} if group_grant is None else {"group_grant": group_grant}
    unit.ledger.record(
        actor=by,
        action="grant.created",
        subject=record.id,
        person=person_id,
        dataset=dataset_id,
        purpose=purpose,
        until=int(until.timestamp()),
        **origin,
    )
    return record


def extend(unit: Unit, grant_id: str, until: datetime, *, by: str) -> GrantRecord:
    """Another end. Raises NotFound, or Conflict when it was revoked."""
    record = grants.extend(unit.session, grant_id, until)
    unit.ledger.record(
        actor=by,
        action="grant.extended",
        subject=grant_id,
        person=record.person_id,
        until=int(until.timestamp()),
    )
    return record


def take_back(unit: Unit, grant_id: str, *, by: str, now: datetime) -> GrantRecord:
    """In effect with the next request; tasks claimed under it are open again. Raises NotFound, Conflict."""
    record = grants.revoke(unit.session, grant_id, now=now)
    given_back = tasks.give_back_of_grant(unit.session, grant_id)
    unit.ledger.record(
        actor=by, action="grant.revoked", subject=grant_id, person=record.person_id, tasks=given_back
    )
    return record
