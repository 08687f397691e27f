"""What the API takes and answers, as documented in /docs."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final, Self

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from gateway.labels.model import Category
from gateway.services.releases import number_filled
from gateway.store.records import AssetRecord, CopyRecord, DatasetRecord, GrantRecord
from policies.lifecycle import AssetState

MAX_CATEGORIES: Final = 10_000
MAX_LANDMARKS: Final = 200
"""Of one category; COCO-WholeBody, the longest list in use, names 133."""

ID: Final = re.compile(r"[a-z]+-[0-9a-f]{8,64}")
Id = Annotated[str, Field(pattern=f"^{ID.pattern}$", examples=["dataset-5f0c9a31e2b84d6f77a01c3e"])]


After = Annotated[
    str,
    Query(pattern=f"^({ID.pattern})?$", description="The `next` of the page before."),
]

PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
"""No control characters: PostgreSQL stores no NUL, and a line break could forge a line of ours."""


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Name = Annotated[str, Field(min_length=1, max_length=100, pattern=PRINTABLE)]


def _once_each(found: list[str]) -> list[str]:
    if len(set(found)) < len(found):
        raise ValueError("two landmarks have one name")
    return found


Landmarks = Annotated[list[Name], Field(max_length=MAX_LANDMARKS), AfterValidator(_once_each)]


class CategoryForm(_Form):
    """A class of the label set, as COCO says it."""

    id: int = Field(ge=0, le=1_000_000, examples=[1])
    name: Name = Field(examples=["pedestrian"])
    supercategory: Name | None = Field(default=None, examples=["person"])
    keypoints: Landmarks | None = Field(
        default=None, description="Names of the points that may be placed on such an object, in their order."
    )

    def to_category(self) -> Category:
        return Category(self.id, self.name, self.supercategory, tuple(self.keypoints or ()))

    @classmethod
    def of(cls, category: Category) -> Self:
        points = list(category.landmarks) or None
        return cls(id=category.number, name=category.name, supercategory=category.parent, keypoints=points)


def _distinct(found: list[CategoryForm]) -> list[CategoryForm]:
    if len({category.id for category in found}) < len(found):
        raise ValueError("two categories have one id")
    if len({category.name for category in found}) < len(found):
        raise ValueError("two categories have one name")
    return found


Categories = Annotated[list[CategoryForm], Field(max_length=MAX_CATEGORIES), AfterValidator(_distinct)]
"""Unique by id and by name."""


class DatasetForm(_Form):
    """A new dataset. `policy` is a preset's name or the id of an approved policy, `categories` what
    annotators may label."""

    name: str = Field(min_length=1, max_length=200, pattern=PRINTABLE, examples=["crossing, May"])
    policy: str = Field(min_length=1, max_length=64, examples=["street"])
    categories: Categories = []


class GrantForm(_Form):
    """A new grant. `purpose` goes into the log, so it is a short code and not a sentence."""

    person: Id
    dataset: Id
    purpose: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", examples=["label-pedestrians"])
    until: AwareDatetime = Field(examples=["2030-01-31T18:00:00Z"])


class DatasetOut(BaseModel):
    id: str
    name: str
    policy: str
    policy_version: str
    created_at: datetime

    @classmethod
    def of(cls, record: DatasetRecord) -> Self:
        return cls(
            id=record.id,
            name=record.name,
            policy=record.policy_name,
            policy_version=record.policy_version,
            created_at=record.created_at,
        )


class GrantOut(BaseModel):
    id: str
    person: str
    dataset: str
    purpose: str
    until: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, record: GrantRecord) -> Self:
        return cls(
            id=record.id,
            person=record.person_id,
            dataset=record.dataset_id,
            purpose=record.purpose,
            until=record.until,
            revoked_at=record.revoked_at,
        )


class CopyOut(BaseModel):
    """A sanitized copy. Its content is at /v1/copies/{id}/content, with `?frame=` one of several frames."""

    id: str
    asset: str
    revision: int
    media_type: str
    bytes: int
    width: int
    height: int
    frames: int
    policy_version: str
    created_at: datetime

    @classmethod
    def of(cls, record: CopyRecord) -> Self:
        return cls(
            id=record.id,
            asset=record.asset_id,
            revision=record.revision,
            media_type=record.media_type,
            bytes=record.byte_length,
            width=record.width,
            height=record.height,
            frames=record.frames,
            policy_version=record.report["policy_version"],
            created_at=record.created_at,
        )


class CopyPage(BaseModel):
    """`next` is what to send as `after` for the next page; null on the last one."""

    copies: list[CopyOut]
    next: str | None


class AssetOut(BaseModel):
    """How an asset is getting on. `reason` is a code where it waits for a person or is held."""

    id: str
    dataset: str
    state: AssetState
    reason: str | None
    attempts: int
    bytes: int
    received_at: datetime
    updated_at: datetime
    copy_id: str | None = Field(description="The newest sanitized copy; a grant opens it once released.")
    hidden: int | None = Field(description="How many regions are redacted in it.")
    filled: int | None = Field(
        description="How many of these are filled, where blur or mosaic was asked for: with what earlier "
        "copies have shown of them, one more would tell too much."
    )
    milliseconds: dict[str, int] | None = Field(description="Time by stage.")

    @classmethod
    def of(cls, asset: AssetRecord, copy: CopyRecord | None) -> Self:
        if copy is not None and copy.withdrawn_at is not None:
            copy = None
        return cls(
            id=asset.id,
            dataset=asset.dataset_id,
            state=asset.state,
            reason=asset.reason,
            attempts=asset.attempts,
            bytes=asset.byte_length,
            received_at=asset.received_at,
            updated_at=asset.updated_at,
            copy_id=copy.id if copy else None,
            hidden=len(copy.report["redactions"]) if copy else None,
            filled=number_filled(copy.report) if copy else None,
            milliseconds=copy.report["milliseconds"] if copy else None,
        )


class AssetLine(BaseModel):
    """An asset in a list. `reason` is a code where it waits for a person or is held."""

    id: str
    state: AssetState
    reason: str | None

    @classmethod
    def of(cls, asset: AssetRecord) -> Self:
        return cls(id=asset.id, state=asset.state, reason=asset.reason)


class AssetPage(BaseModel):
    """`next` is what to send as `after` for the next page; null on the last one."""

    assets: list[AssetLine]
    next: str | None


class ReceivedOut(AssetOut):
    """duplicate: the dataset had these bytes already, and this is the asset that they are."""

    duplicate: bool = False

    @classmethod
    def told(cls, asset: AssetRecord, *, duplicate: bool) -> Self:
        return cls(**AssetOut.of(asset, None).model_dump(), duplicate=duplicate)
