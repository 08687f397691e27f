"""What the API answers about proofs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from gateway.services.proofs import MAX_SAMPLE, PAGE
from gateway.store.proof_records import ProofRecord

State = Literal["queued", "running", "proven", "not_proven", "failed"]


class ProofOut(BaseModel):
    """A proof of one sanitized copy: the redaction repeated on twins whose hidden pixels are noise.

    The regions are those that the copy was made with: nothing is detected anew, so that they cover everything
    is no part of it. `reason` of one that is not proven: prove.twin (what is made today depends on hidden
    pixels) or prove.content (the copy shows something else than its regions give), and the copy is delivered
    no more; prove.copy (it shows what they give, and other library versions wrote it) or prove.version
    (another release or other libraries hid the regions otherwise), and making it anew mends that.
    `certificate`: the signed note of one that is proven; the log holds a commitment to it.
    """

    id: str
    asset: str
    copy_id: str
    dataset: str
    state: State
    reason: str | None
    made_with: dict[str, str] | None = Field(
        description="Of one that is not proven: the versions that made the copy, where known."
    )
    proved_with: dict[str, str] | None = Field(description="And those of the worker that compared.")
    certificate: str | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, record: ProofRecord) -> Self:
        detail = record.detail or {}
        return cls(
            id=record.id,
            asset=record.asset_id,
            copy_id=record.copy_id,
            dataset=record.dataset_id,
            state=state_of(record),
            reason=record.reason,
            made_with=detail.get("made_with"),
            proved_with=detail.get("proved_with"),
            certificate=record.certificate,
            created_at=record.created_at,
            finished_at=record.finished_at,
        )


class SampleForm(BaseModel):
    """How many of the dataset's released copies are proven; they are drawn by lot."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sample: int = Field(default=10, ge=1, le=MAX_SAMPLE)


class SampleOut(BaseModel):
    """The proofs that were asked for; the dataset's list tells what comes of them."""

    proofs: list[ProofOut]


class ProofPage(BaseModel):
    """The newest first. `next` is what to send as `after` for the next page; null on the last one."""

    proofs: list[ProofOut]
    next: str | None

    @classmethod
    def of(cls, found: Sequence[ProofRecord]) -> Self:
        last = found[-1].id if len(found) == PAGE else None
        return cls(proofs=[ProofOut.of(record) for record in found], next=last)


def state_of(record: ProofRecord) -> State:
    """How far it is."""
    if record.outcome is not None:
        return record.outcome.value
    return "queued" if record.begun_at is None else "running"
