"""What comes out of the store: plain values, checked once, with no session behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.labels.model import Label, TaskState, task_state
from policies.approval import PolicyState
from policies.lifecycle import AssetState
from policies.review import Decision, ReviewState


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
class BatchImageRecord:
    """One image of a batch, with its newest copy, released or not. uploads, duplicates: as in the batch."""

    asset: AssetRecord
    uploads: int
    duplicates: int
    copy: CopyRecord | None


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
    withdrawn_at: datetime | None = None

    @property
    def frames(self) -> int:
        """Or pages: how many the image has. Copies of before there could be several say nothing."""
        frames: int = self.report.get("frames", 1)
        return frames


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """One round. assigned_to: who holds it while it is assigned, who decided once it is decided.

    held_until: of a decision that can still be taken back; None once it is carried out.
    """

    id: str
    asset_id: str
    dataset_id: str
    copy_id: str
    round: int
    state: ReviewState
    risk: int
    reasons: tuple[str, ...]
    attempts: int
    assigned_to: str | None
    assigned_at: datetime | None
    assigned_until: datetime | None
    created_at: datetime
    decided_at: datetime | None
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """rejected: what the next copy shall show, each with its position, kind, region and reason."""

    review_id: str
    reviewer_id: str
    decision: Decision
    rejected: tuple[Mapping[str, Any], ...]
    seconds: int
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
class TaskRecord:
    """holder_id, grant_id, lease_until: the last claim, which may be over."""

    id: str
    asset_id: str
    dataset_id: str
    holder_id: str | None
    grant_id: str | None
    lease_until: datetime | None
    submissions: int
    submitter_id: str | None
    claimed_at: datetime | None = None

    def state(self, *, now: datetime) -> TaskState:
        return task_state(lease_until=self.lease_until, submissions=self.submissions, now=now)

    def is_held_by(self, person_id: str, *, now: datetime) -> bool:
        return self.holder_id == person_id and self.state(now=now) is TaskState.CLAIMED


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """What a person has drawn of a task and not submitted."""

    task_id: str
    person_id: str
    labels: tuple[Label, ...]
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class GuidelineRecord:
    """text: Markdown, as the author wrote it."""

    dataset_id: str
    version: int
    author_id: str
    text: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """Of a dataset's released images."""

    open: int
    claimed: int
    submitted: int


@dataclass(frozen=True, slots=True)
class SubmissionRecord:
    """width, height, frames: of the copy that the labels were drawn on, and so of the oriented original."""

    id: str
    task_id: str
    number: int
    dataset_id: str
    asset_id: str
    copy_id: str
    person_id: str
    width: int
    height: int
    frames: int
    labels: tuple[Label, ...]
    submitted_at: datetime


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
    """policy_id: a proposal's id or a preset's name. result: counts, ids and rectangles.

    looked_at: images so far, while it runs.
    """

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
    looked_at: int | None = None


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
