"""The question before every act: allowed, or denied and recorded."""

from __future__ import annotations

from datetime import datetime

from gateway.errors import AccessDenied
from gateway.store.database import Database
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
    decision = decide(principal, action, resource, now=now, lease=_lease(grant))
    if isinstance(decision, Denied):
        with database.unit() as unit:
            unit.ledger.record(
                actor=principal.id,
                action="access.denied",
                subject=resource.id,
                asked=action.value,
                reason=decision.reason,
                role=principal.role.value,
            )
        raise AccessDenied(decision.reason)
    return decision


def _lease(grant: GrantRecord | None) -> Lease | None:
    if grant is None:
        return None
    return Lease(grant.person_id, grant.dataset_id, grant.until, grant.revoked_at is not None)
