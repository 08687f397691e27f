"""A suspended person's tokens, sessions and grants: each use is denied, and on the log."""

from __future__ import annotations

from typing import Final, NoReturn

from gateway.errors import AccessDenied
from gateway.store.database import Database
from policies.access import Principal

SUSPENDED: Final = "person.suspended"
"""The reason that such a denial carries."""


def refuse_suspended(database: Database, principal: Principal) -> NoReturn:
    """Commits the entry. Raises AccessDenied, or LedgerUnavailable where it cannot be written."""
    with database.unit() as unit:
        unit.ledger.record(
            actor=principal.id,
            action="access.denied",
            subject=principal.id,
            reason=SUSPENDED,
            role=principal.role.value,
        )
    raise AccessDenied(SUSPENDED)
