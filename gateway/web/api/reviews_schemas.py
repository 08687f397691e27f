"""What the review desk's API takes and answers."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Self

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.services.review_decide import Decided
from gateway.services.review_sheet import Sheet, SheetRegion, frames_of
from gateway.store.records import DecisionRecord, ReviewRecord
from policies.errors import InvalidRegion
from policies.lifecycle import AssetState
from policies.model import Detection, Kind, Reading, RedactionMethod, Region
from policies.policy import Rule
from policies.review import (
    Addition,
    Changes,
    Disagreed,
    Origin,
    RejectReason,
    ReviewState,
    ReviewVerdict,
    Settled,
)
from policies.shapes import Ellipse, Outline, Polygon, Shape

FrameNumber = Annotated[
    int, Query(ge=0, lt=5_000, description="Of an animation or of pages, from 0.", examples=[0])
]

MAX_CHANGES = 500
"""Regions in one decision; more faces than the largest crowd of the bench has."""

MAX_CORNERS = 500
"""Of one polygon, as it is drawn; its hull has fewer."""

Pixel = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
Coordinate = Annotated[float, Field(strict=True, ge=-1_000_000, le=1_000_000)]
Index = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RegionForm(_Form):
    """The half-open rectangle [x0, x1) x [y0, y1) of the review's image, in pixels."""

    x0: Pixel = Field(examples=[176])
    y0: Pixel = Field(examples=[48])
    x1: Pixel = Field(examples=[288])
    y1: Pixel = Field(examples=[208])

    @model_validator(mode="after")
    def _holds_a_pixel(self) -> Self:
        if self.x0 >= self.x1 or self.y0 >= self.y1:
            raise ValueError("a region holds at least one pixel: x0 < x1 and y0 < y1")
        return self

    def to_region(self) -> Region:
        return Region(self.x0, self.y0, self.x1, self.y1)

    @classmethod
    def of(cls, region: Region) -> Self:
        return cls(**region.to_dict())


class OutlineOut(BaseModel):
    """What of a region is hidden: every pixel that it touches. `points` are corners x, y in pixels, in order.

    Of an ellipse they are points on it, for a drawing. They may lie beyond the image.
    """

    shape: Shape = Field(examples=[Shape.POLYGON])
    points: list[tuple[float, float]] = Field(examples=[[[176, 60], [280, 48], [288, 200], [180, 208]]])

    @classmethod
    def of(cls, outline: Outline) -> Self:
        shape = Shape.ELLIPSE if isinstance(outline, Ellipse) else Shape.POLYGON
        return cls(shape=shape, points=[(round(x, 2), round(y, 2)) for x, y in outline.corners])


class MoveForm(_Form):
    index: Index = Field(description="The region's `index` in the review.")
    region: RegionForm


class RejectForm(_Form):
    index: Index = Field(description="The region's `index` in the review.")
    reason: RejectReason


class AddForm(_Form):
    kind: Kind
    region: RegionForm
    method: RedactionMethod | None = Field(
        default=None, description="Left out: what the policy says of the kind. `fill` is always possible."
    )
    polygon: tuple[tuple[Coordinate, Coordinate], ...] | None = Field(
        default=None,
        min_length=3,
        max_length=MAX_CORNERS,
        description="Corners x, y of what is hidden of the region, hollows filled in. Left out: all of it.",
        examples=[[[176, 60], [280, 48], [288, 200], [180, 208]]],
    )

    def to_addition(self) -> Addition:
        """Where no polygon comes of the corners (they lie in a line, or are too many), all of the region."""
        try:
            polygon = None if self.polygon is None else Polygon.covering(self.polygon)
        except InvalidRegion:
            polygon = None
        return Addition(self.kind, self.region.to_region(), self.method, polygon)


class DecisionForm(_Form):
    """What the next copy shall hide. Regions that are not named here stay as they are."""

    verdict: ReviewVerdict
    moved: tuple[MoveForm, ...] = Field(default=(), max_length=MAX_CHANGES)
    rejected: tuple[RejectForm, ...] = Field(default=(), max_length=MAX_CHANGES)
    added: tuple[AddForm, ...] = Field(default=(), max_length=MAX_CHANGES)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        named = [move.index for move in self.moved] + [reject.index for reject in self.rejected]
        if twice := sorted({index for index in named if named.count(index) > 1}):
            raise ValueError(f"region {twice[0]} is named twice")
        return self

    def to_changes(self) -> Changes:
        return Changes(
            moved={form.index: form.region.to_region() for form in self.moved},
            rejected={form.index: form.reason for form in self.rejected},
            added=[form.to_addition() for form in self.added],
        )


class ReviewOut(BaseModel):
    """One round of a review. `risk` orders the queue; `assigned_until` is when the claim lapses."""

    id: str
    asset: str
    dataset: str
    round: int
    state: ReviewState
    risk: int
    reasons: list[str]
    created_at: datetime
    assigned_until: datetime | None

    @classmethod
    def of(cls, record: ReviewRecord) -> Self:
        return cls(
            id=record.id,
            asset=record.asset_id,
            dataset=record.dataset_id,
            round=record.round,
            state=record.state,
            risk=record.risk,
            reasons=list(record.reasons),
            created_at=record.created_at,
            assigned_until=record.assigned_until,
        )


class ReviewPage(BaseModel):
    """`next` is what to send as `after` for the next page; null on the last one."""

    reviews: list[ReviewOut]
    next: str | None


class RuleOut(BaseModel):
    """The policy's rule that hides a region's kind."""

    method: RedactionMethod
    hide: float
    review: float
    serves: str

    @classmethod
    def of(cls, rule: Rule) -> Self:
        return cls(method=rule.method, hide=rule.hide, review=rule.review, serves=rule.serves)


class ReviewRegionOut(BaseModel):
    """A region that the copy hides. `score` and `source` are null where a person put it there.

    `outline`: what of the region is hidden; null for all of it. `always`: the policy hides it whatever is
    seen there; it is neither moved nor rejected.
    `reading`: what a line of text was read as (date, name, number, …), where the policy has lines read.
    """

    index: int
    kind: Kind
    region: RegionForm
    outline: OutlineOut | None
    method: RedactionMethod
    origin: Origin
    always: bool
    score: float | None
    source: str | None
    reading: Reading | None
    rule: RuleOut | None

    @classmethod
    def of(cls, one: SheetRegion) -> Self:
        return cls(
            index=one.index,
            kind=one.redaction.kind,
            region=RegionForm.of(one.redaction.region),
            outline=OutlineOut.of(one.redaction.outline) if one.redaction.outline else None,
            method=one.redaction.method,
            origin=one.origin,
            always=one.always,
            score=one.seen.score if one.seen else None,
            source=one.seen.source if one.seen else None,
            reading=one.seen.reading if one.seen else None,
            rule=RuleOut.of(one.rule) if one.rule else None,
        )


class SuspicionOut(BaseModel):
    """Something that a detector saw too weakly for the policy to hide it."""

    kind: Kind
    region: RegionForm
    score: float
    source: str

    @classmethod
    def of(cls, one: Detection) -> Self:
        return cls(kind=one.kind, region=RegionForm.of(one.region), score=one.score, source=one.source)


class SheetOut(BaseModel):
    """What is to be decided. Regions are pixels of every frame of the picture at /v1/reviews/{id}/image."""

    review: ReviewOut
    width: int
    height: int
    frames: int = Field(
        description="Of an animation or of pages: look at each, with ?frame=, before deciding."
    )
    unseen: list[int] = Field(
        description="Frames, from 0, that were not shown to you since you claimed the review. While there "
        "are any, you cannot release the image.",
        examples=[[0]],
    )
    policy_version: str
    regions: list[ReviewRegionOut]
    unhidden: list[SuspicionOut]

    @classmethod
    def of(cls, sheet: Sheet) -> Self:
        return cls(
            review=ReviewOut.of(sheet.review),
            width=sheet.copy.width,
            height=sheet.copy.height,
            frames=frames_of(sheet.copy),
            unseen=list(sheet.unseen),
            policy_version=sheet.copy.report["policy_version"],
            regions=[ReviewRegionOut.of(one) for one in sheet.regions],
            unhidden=[SuspicionOut.of(one) for one in sheet.unhidden],
        )


class DecidedOut(BaseModel):
    """The round as it stands now, and what came of it."""

    review: ReviewOut
    follows: AssetState | None = Field(description="What the image becomes; null while others must decide.")
    disagreed: bool = Field(description="Two reviewers came to different results; a third must decide.")

    @classmethod
    def of(cls, decided: Decided) -> Self:
        return cls(
            review=ReviewOut.of(decided.review),
            follows=_follows(decided.outcome),
            disagreed=isinstance(decided.outcome, Disagreed),
        )


class DecisionOut(BaseModel):
    """What one reviewer decided. Regions are counted here, not shown."""

    reviewer: str
    verdict: ReviewVerdict
    hidden: dict[Origin, int] = Field(description="Regions that the next copy hides, by who put them there.")
    rejected: dict[RejectReason, int] = Field(description="Regions that it shows, by the reason given.")
    seconds: int = Field(description="From the assignment to the decision.")
    decided_at: datetime

    @classmethod
    def of(cls, record: DecisionRecord) -> Self:
        return cls(
            reviewer=record.reviewer_id,
            verdict=record.decision.verdict,
            hidden=Counter(region.origin for region in record.decision.regions),
            rejected=Counter(RejectReason(each["reason"]) for each in record.rejected),
            seconds=record.seconds,
            decided_at=record.created_at,
        )


class RoundOut(BaseModel):
    """One round of an image's reviews, and what was decided in it."""

    review: ReviewOut
    decision: DecisionOut | None

    @classmethod
    def of(cls, review: ReviewRecord, decision: DecisionRecord | None) -> Self:
        return cls(review=ReviewOut.of(review), decision=DecisionOut.of(decision) if decision else None)


def _follows(outcome: Settled | Disagreed | None) -> AssetState | None:
    match outcome:
        case Settled(ReviewVerdict.RELEASE, _):
            return AssetState.RELEASED
        case Settled(ReviewVerdict.QUARANTINE, _):
            return AssetState.QUARANTINED
        case _:
            return None
