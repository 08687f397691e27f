"""The question before every act: allowed, or denied and recorded."""

from __future__ import annotations

from datetime import datetime

from gateway.errors import AccessDenied
from gateway.store.database import Database, Unit
from gateway.store.records import GrantRecord
from policies.access import Action, Allowed, Denied, Lease, Principal, Resource, decide


def authorize(
    database: Database,
    principal: Principal,
    action: Action,
    resource: Resource,
    *,
    now: datetime,
    grant: GrantRecord | None = None,
) -> Allowed:
    """Returns the rule that allows it. Otherwise commits an "access.denied" entry and raises AccessDenied.

    Raises LedgerUnavailable when even that entry cannot be written.
    """
    decision = decide(principal, action, resource, now=now, lease=lease_of(grant))
    if isinstance(decision, Denied):
        with database.unit() as unit:
            record_denial(unit, principal, action, resource, decision)
        raise AccessDenied(decision.reason)
    return decision


def record_denial(
    unit: Unit, principal: Principal, action: Action, resource: Resource, denied: Denied
) -> None:
    """The entry of a refusal, in the unit in which it was decided."""
    unit.ledger.record(
        actor=principal.id,
        action="access.denied",
        subject=resource.id,
        asked=action.value,
        reason=denied.reason,
        role=principal.role.value,
    )


def lease_of(grant: GrantRecord | None) -> Lease | None:
    """A grant as the decision sees it."""
    if grant is None:
        return None
    return Lease(grant.person_id, grant.dataset_id, grant.until, grant.revoked_at is not None)
