"""What the API takes and answers about policies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from gateway.services.apply_policy import Applied
from gateway.services.policies import PolicyView
from gateway.services.policy_previews import MAX_IMAGES, share
from gateway.services.rederive import RederivationProgress
from gateway.store.records import PreviewRecord
from gateway.web.api.schemas import Id
from policies.approval import PolicyState
from policies.changes import Effect
from policies.diff import PolicyDiff
from policies.model import Kind

PolicyId = Annotated[
    str, Field(pattern=r"^(policy-[0-9a-f]{24}|[a-z][a-z0-9-]{0,40})$", examples=["street"], max_length=64)
]
"""An uploaded policy's id, or a preset's name."""

Against = Annotated[
    str,
    Field(pattern=r"^(sha256:[0-9a-f]{64}|[a-z][a-z0-9-]{0,40})$", examples=["street"], max_length=80),
]
"""A version, an uploaded policy's id, or a preset's name."""


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RejectionForm(_Form):
    """`reason` goes into the log, so it is a short code and not a sentence."""

    reason: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", examples=["margin-too-narrow"])


class PreviewForm(_Form):
    """Which originals to try the policy on: the newest ones of a dataset."""

    dataset: Id
    last: int = Field(default=20, ge=1, le=MAX_IMAGES)


class ApplicationForm(_Form):
    """`policy`: an approved one's id, or a preset. `withdraw`: old copies also where they hide enough; those
    that may hide less than the new policy are withdrawn at once in any case."""

    policy: PolicyId
    withdraw: bool = False


class PolicyOut(BaseModel):
    """A policy. A preset came with the product, which has approved it: it has no author."""

    id: str
    name: str
    title: str
    version: str
    kinds: list[Kind]
    state: PolicyState
    preset: bool
    author: str | None
    created_at: datetime | None
    submitted_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None = Field(description="The code of a rejection.")

    @classmethod
    def of(cls, view: PolicyView) -> Self:
        return cls(**_fields(view))


class WholePolicyOut(PolicyOut):
    """With the document: as it was written, and in the canonical form that its version is the SHA-256 of."""

    source: str
    canonical: str
    warnings: list[str] = Field(description="What is allowed and probably not meant.")

    @classmethod
    def of(cls, view: PolicyView) -> Self:
        whole: dict[str, Any] = {"source": view.source, "canonical": view.canonical}
        return cls(**_fields(view), **whole, warnings=view.warnings)


def _fields(view: PolicyView) -> dict[str, Any]:
    proposal = view.proposal
    return {
        "id": view.id,
        "name": view.policy.name,
        "title": view.policy.title,
        "version": view.version,
        "kinds": sorted(view.policy.kinds),
        "state": view.state,
        "preset": view.preset,
        "author": proposal.author_id if proposal else None,
        "created_at": proposal.created_at if proposal else None,
        "submitted_at": proposal.submitted_at if proposal else None,
        "decided_by": proposal.decided_by if proposal else None,
        "decided_at": proposal.decided_at if proposal else None,
        "reason": proposal.reason if proposal else None,
    }


class ChangeOut(BaseModel):
    """One field of one rule; `kind` is null for the policy's own fields."""

    kind: Kind | None
    field: str
    old: str | None
    new: str | None
    effect: Effect
    words: str


class DiffOut(BaseModel):
    """`stricter`: it may hide more or ask a person more often. `laxer`: it may hide less or ask less."""

    policy: str
    against: str
    stricter: bool
    laxer: bool
    changes: list[ChangeOut]

    @classmethod
    def of(cls, policy: str, against: str, diff: PolicyDiff) -> Self:
        changes = [
            ChangeOut(kind=c.kind, field=c.field, old=c.old, new=c.new, effect=c.effect, words=c.words)
            for c in diff.changes
        ]
        return cls(policy=policy, against=against, stricter=diff.stricter, laxer=diff.laxer, changes=changes)


class PreviewOut(BaseModel):
    """How a preview is getting on. Of images it tells ids and rectangles only.

    `assets`: what would be newly hidden or shown in each; `harder` and `softer`: hidden by both, but filled
    by the new policy only, or by the old one only. `whole` is false where only a margin changes.
    """

    id: str
    state: Literal["waiting", "running", "finished", "failed"]
    failure: str | None
    policy: str
    version: str
    against: str | None = Field(description="The version in force when it ran.")
    dataset: str
    last: int
    share_released_before: float | None
    share_released_after: float | None
    counts: dict[str, Any] | None
    assets: list[dict[str, Any]] | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, record: PreviewRecord) -> Self:
        result = record.result
        return cls(
            id=record.id,
            state=_state(record),
            failure=record.failure,
            policy=record.policy_id,
            version=record.version,
            against=result["against"] if result else None,
            dataset=record.dataset_id,
            last=record.last,
            share_released_before=share(result["counts"], "before") if result else None,
            share_released_after=share(result["counts"], "after") if result else None,
            counts=result["counts"] if result else None,
            assets=result["assets"] if result else None,
            created_at=record.created_at,
            finished_at=record.finished_at,
        )


def _state(record: PreviewRecord) -> Literal["waiting", "running", "finished", "failed"]:
    if record.failure is not None:
        return "failed"
    if record.finished_at is not None:
        return "finished"
    return "waiting" if record.begun_at is None else "running"


class AppliedOut(BaseModel):
    """`withdrawn`: copies that nobody gets any more. `stale`: assets for `POST …/rederive` to make anew."""

    dataset: str
    policy: str
    old_version: str
    version: str
    stricter: bool
    withdrawn: int
    stale: int

    @classmethod
    def of(cls, applied: Applied) -> Self:
        return cls(
            dataset=applied.dataset.id,
            policy=applied.dataset.policy_name,
            old_version=applied.old,
            version=applied.dataset.policy_version,
            stricter=applied.stricter,
            withdrawn=applied.withdrawn,
            stale=applied.stale,
        )


class RederivationOut(BaseModel):
    """`outcomes`: assets by what came of them: a state; current (nothing was to do); passed_over (the asset
    has no copy to replace any more); not_made (no worker can run the policy's detectors)."""

    id: str
    dataset: str
    version: str
    state: Literal["running", "finished", "superseded"]
    assets: int
    waiting: int
    outcomes: dict[str, int]
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, progress: RederivationProgress) -> Self:
        record = progress.rederivation
        running: Literal["running", "finished"] = "running" if record.finished_at is None else "finished"
        return cls(
            id=record.id,
            dataset=record.dataset_id,
            version=progress.policy_version,
            state="superseded" if record.superseded else running,
            assets=progress.assets,
            waiting=progress.waiting,
            outcomes=dict(progress.outcomes),
            created_at=record.created_at,
            finished_at=record.finished_at,
        )
