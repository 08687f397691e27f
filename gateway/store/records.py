"""What comes out of the store: plain values, checked once, with no session behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
class BatchRecord:
    """expected: how many uploads its sender announced. refused: how many it says were refused at once."""

    id: str
    dataset_id: str
    created_by: str
    expected: int | None
    refused: int
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class BatchCount:
    """uploads of a batch whose assets stand in one state for one reason; duplicates are among them."""

    state: AssetState
    reason: str | None
    uploads: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class BatchAssetRecord:
    """One asset of a batch."""

    asset_id: str
    state: AssetState
    reason: str | None
    uploads: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A resumable upload. received: bytes in committed pieces; asset_id: what it became."""

    id: str
    dataset_id: str
    uploader_id: str
    batch_id: str | None
    asset_id: str | None
    duplicate: bool
    byte_length: int
    received: int
    wrapped_key: bytes
    sealed_name: bytes | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class PieceRecord:
    """Bytes of an upload from `start` on, sealed in a blob."""

    start: int
    byte_length: int
    blob: str


@dataclass(frozen=True, slots=True)
class WebhookRecord:
    id: str
    url: str
    events: tuple[str, ...]
    sealed_secret: bytes
    wrapped_key: bytes
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """One message of the outbox. attempts: how often it was begun to be sent, this time included."""

    id: str
    webhook_id: str
    event: str
    asset_id: str
    dataset_id: str
    reason: str | None
    happened_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """Messages of one webhook; those delivered over a week ago are no longer counted."""

    delivered: int
    pending: int
    given_up: int


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
    """duplicate: the request only repeated the bytes of an asset that was there."""

    asset_id: str
    salt: bytes
    fingerprint: bytes
    duplicate: bool = False
