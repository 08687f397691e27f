"""What /v1/batches takes and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from gateway.services.batches import BatchProgress
from gateway.store.records import BatchAssetRecord
from gateway.web.api.schemas import Id
from policies.lifecycle import AssetState

MAX_EXPECTED = 1_000_000_000


class BatchForm(BaseModel):
    """A new batch. `expected`: how many uploads are to come, if that is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    dataset: Id
    expected: int | None = Field(default=None, ge=0, le=MAX_EXPECTED)


class ClosingForm(BaseModel):
    """The sender has sent all. `refused`: how many uploads the gateway did not take."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    refused: int = Field(default=0, ge=0, le=MAX_EXPECTED)


class BatchCountOut(BaseModel):
    """Uploads of the batch whose assets stand in one state, for one reason."""

    state: AssetState
    reason: str | None
    uploads: int


class BatchOut(BaseModel):
    """`done`: all was sent, and nothing more happens to any of it by itself. Duplicates count as uploads."""

    id: str
    dataset: str
    expected: int | None
    uploads: int
    duplicates: int
    refused: int
    unsettled: int
    counts: list[BatchCountOut]
    done: bool
    created_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, progress: BatchProgress) -> Self:
        batch = progress.batch
        return cls(
            id=batch.id,
            dataset=batch.dataset_id,
            expected=batch.expected,
            uploads=progress.uploads,
            duplicates=progress.duplicates,
            refused=batch.refused,
            unsettled=progress.unsettled,
            counts=[
                BatchCountOut(state=count.state, reason=count.reason, uploads=count.uploads)
                for count in progress.counts
            ],
            done=progress.done,
            created_at=batch.created_at,
            closed_at=batch.closed_at,
        )


class BatchAssetOut(BaseModel):
    id: str
    state: AssetState
    reason: str | None
    uploads: int
    duplicates: int

    @classmethod
    def of(cls, record: BatchAssetRecord) -> Self:
        return cls(
            id=record.asset_id,
            state=record.state,
            reason=record.reason,
            uploads=record.uploads,
            duplicates=record.duplicates,
        )


class BatchAssetPage(BaseModel):
    """`next` is what to send as `after` for the next page; null on the last one."""

    assets: list[BatchAssetOut]
    next: str | None
