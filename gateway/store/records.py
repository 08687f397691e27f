"""What comes out of the store: plain values, checked once, with no session behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from policies.approval import PolicyState
from policies.lifecycle import AssetState


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    id: str
    name: str
    policy_name: str
    policy_version: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AssetRecord:
    id: str
    dataset_id: str
    uploader_id: str
    state: AssetState
    reason: str | None
    attempts: int
    blob: str
    wrapped_key: bytes
    byte_length: int
    received_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CopyRecord:
    """report: policy and code versions, model digests, redactions and stage times; no name, no text."""

    id: str
    asset_id: str
    dataset_id: str
    revision: int
    blob: str
    wrapped_key: bytes
    media_type: str
    byte_length: int
    width: int
    height: int
    report: Mapping[str, Any]
    created_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GrantRecord:
    id: str
    person_id: str
    dataset_id: str
    purpose: str
    until: datetime
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class TokenRecord:
    id: str
    person_id: str
    person_name: str | None
    role: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    asset_id: str
    salt: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class ProposalRecord:
    """source: the YAML as it was uploaded. reason: a code, where it was rejected."""

    id: str
    version: str
    source: str
    state: PolicyState
    author_id: str
    created_at: datetime
    submitted_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PreviewRecord:
    """policy_id: a proposal's id or a preset's name. result: counts, ids and rectangles."""

    id: str
    policy_id: str
    version: str
    dataset_id: str
    asked_by: str
    last: int
    created_at: datetime
    attempts: int = 0
    begun_at: datetime | None = None
    finished_at: datetime | None = None
    failure: str | None = None
    result: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RederivationRecord:
    id: str
    dataset_id: str
    asked_by: str
    created_at: datetime
    finished_at: datetime | None = None
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class RederivationItemRecord:
    """One asset's turn. outcome: None while it waits or is worked on."""

    rederivation_id: str
    asset_id: str
    attempts: int
    outcome: str | None
