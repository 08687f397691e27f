"""Policies at work, as they come out of the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RollbackState(StrEnum):
    """Where a request to go back stands. WITHDRAWN: by whoever asked."""

    ASKED = "asked"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class UnderRecord:
    """What a dataset was under from `since` on. policy_id, put_by: None where that was before it was kept."""

    dataset_id: str
    number: int
    version: str
    policy_id: str | None
    since: datetime
    put_by: str | None
    rollback_id: str | None


@dataclass(frozen=True, slots=True)
class RollbackRecord:
    """policy_id: of the version to go back to. leaves: the version in force when it was asked for."""

    id: str
    dataset_id: str
    policy_id: str
    version: str
    leaves: str
    reason: str
    state: RollbackState
    asked_by: str
    asked_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
