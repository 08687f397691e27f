"""Proofs as they come out of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class ProofOutcome(StrEnum):
    """PROVEN: there is a certificate. NOT_PROVEN: files differ. FAILED: nothing could be compared."""

    PROVEN = "proven"
    NOT_PROVEN = "not_proven"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ProofRecord:
    """reason: a code, of what is not proven or failed. certificate: of what is proven, a signed note."""

    id: str
    asset_id: str
    copy_id: str
    dataset_id: str
    asked_by: str
    created_at: datetime
    attempts: int = 0
    begun_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: ProofOutcome | None = None
    reason: str | None = None
    detail: Mapping[str, Any] | None = None
    certificate: str | None = None
