"""The question before every act: allowed, or denied and recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from gateway.errors import AccessDenied
from gateway.store.database import Database, Unit
from gateway.store.records import GrantRecord
from policies.access import Action, Allowed, Denied, Lease, Principal, Resource, decide

_VOUCH: Final = (
    "the accounts of who proposed it and of who decides came by invitations of one officer: let another "
    "officer decide, or the operator, who knows that they are two people, run: "
    "privgate accounts vouch USER-NAME"
)

ADVICE: Final[Mapping[str, str]] = {"policy.one-person": _VOUCH, "rollback.one-person": _VOUCH}
"""By a refusal's reason, where something mends it."""


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
        raise AccessDenied(decision.reason, advice=ADVICE.get(decision.reason))
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
