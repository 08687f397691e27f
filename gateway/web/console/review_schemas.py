"""What the workbench's modules are told, and what they tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Self

from pydantic import BaseModel

from gateway.services.review_decide import Decided
from gateway.services.review_sheet import Sheet, SheetRegion, frames_of
from gateway.services.review_work import Around
from gateway.store.queries.review_work import Waiting
from gateway.store.records import ReviewRecord
from gateway.web.api.reviews_schemas import OutlineOut, RegionForm
from gateway.web.console import review_words
from policies.model import Detection, Kind, Reading, RedactionMethod
from policies.policy import Policy, Rule
from policies.review import Disagreed, Origin, ReviewVerdict, Settled


class RuleOut(BaseModel):
    """line: of the policy's document, from 1; None where the document as written is not there."""

    kind: Kind
    line: int | None
    method: RedactionMethod
    hide: float
    review: float
    detectors: tuple[str, ...]
    second_opinion: tuple[str, ...]
    serves: str

    @classmethod
    def of(cls, rule: Rule, lines: Mapping[Kind, int]) -> Self:
        return cls(
            kind=rule.kind,
            line=lines.get(rule.kind),
            method=rule.method,
            hide=rule.hide,
            review=rule.review,
            detectors=rule.detectors,
            second_opinion=rule.second_opinion,
            serves=rule.serves,
        )


class RegionOut(BaseModel):
    """index: by which a decision names it; None for a mere suspicion. open: a person is asked.

    always: the policy hides it whatever is seen there.
    """

    index: int | None
    kind: Kind
    region: RegionForm
    outline: OutlineOut | None = None
    always: bool = False
    method: RedactionMethod | None
    origin: Origin | None
    score: float | None
    source: str | None
    reading: Reading | None
    open: bool
    rule: RuleOut | None

    @classmethod
    def of(cls, one: SheetRegion, lines: Mapping[Kind, int]) -> Self:
        seen = one.seen
        return cls(
            index=one.index,
            kind=one.redaction.kind,
            region=RegionForm.of(one.redaction.region),
            outline=OutlineOut.of(one.redaction.outline) if one.redaction.outline else None,
            always=one.always,
            method=one.redaction.method,
            origin=one.origin,
            score=seen.score if seen else None,
            source=seen.source if seen else None,
            reading=seen.reading if seen else None,
            open=seen is not None and one.rule is not None and seen.score < one.rule.hide,
            rule=RuleOut.of(one.rule, lines) if one.rule else None,
        )

    @classmethod
    def suspected(cls, one: Detection, policy: Policy, lines: Mapping[Kind, int]) -> Self:
        rule = policy.rule_for(one.kind)
        return cls(
            index=None,
            kind=one.kind,
            region=RegionForm.of(one.region),
            method=None,
            origin=None,
            score=one.score,
            source=one.source,
            reading=one.reading,
            open=False,
            rule=RuleOut.of(rule, lines) if rule else None,
        )


class ReviewOut(BaseModel):
    """copy_id: the copy under review. two: what is said of other people's answers."""

    id: str
    name: str
    copy_id: str
    risk: int
    why: str
    two: str | None
    until: datetime | None

    @classmethod
    def of(cls, review: ReviewRecord, reviewers: int, asked: Mapping[Kind, int]) -> Self:
        return cls(
            id=review.id,
            name=review_words.name(review.asset_id),
            copy_id=review.copy_id,
            risk=review.risk,
            why=review_words.why(review.reasons, asked),
            two=review_words.round_words(review.round, reviewers),
            until=review.assigned_until,
        )


class FrameOut(BaseModel):
    """An image on the film strip: nothing of what is on it."""

    id: str
    name: str
    short: str
    risk: int
    two: bool
    says: str

    @classmethod
    def of(cls, row: Waiting, person_id: str) -> Self:
        return cls(
            id=row.id,
            name=review_words.name(row.asset_id),
            short=review_words.short(row.asset_id),
            risk=row.risk,
            two=row.round > 1,
            says=review_words.strip_words(row, person_id),
        )


class PolicyOut(BaseModel):
    name: str
    version: str


class BenchOut(BaseModel):
    """Everything about an image but its pixels. kinds: those that the policy has a rule for come first.

    unseen: frames, from 0, that are yet to be looked at before the image can be released.
    """

    review: ReviewOut
    dataset: str
    policy: PolicyOut
    width: int
    height: int
    frames: int
    unseen: tuple[int, ...]
    kinds: tuple[Kind, ...]
    regions: tuple[RegionOut, ...]
    unhidden: tuple[RegionOut, ...]
    strip: tuple[FrameOut, ...]

    @classmethod
    def of(cls, sheet: Sheet, around: Around, person_id: str) -> Self:
        policy, lines = around.policy, around.lines
        regions = tuple(RegionOut.of(one, lines) for one in sheet.regions)
        asked = Counter(one.kind for one in regions if one.open)
        return cls(
            review=ReviewOut.of(sheet.review, policy.release.reviewers, asked),
            dataset=around.dataset,
            policy=PolicyOut(name=policy.name, version=sheet.copy.report["policy_version"]),
            width=sheet.copy.width,
            height=sheet.copy.height,
            frames=frames_of(sheet.copy),
            unseen=sheet.unseen,
            kinds=tuple(sorted(Kind, key=lambda kind: kind not in policy.kinds)),
            regions=regions,
            unhidden=tuple(RegionOut.suspected(one, policy, lines) for one in sheet.unhidden),
            strip=tuple(FrameOut.of(row, person_id) for row in around.strip),
        )


class MovedOnOut(BaseModel):
    """next: the review that this person should see next; None where nothing waits."""

    next: str | None


class DecidedOut(MovedOnOut):
    says: str
    held_seconds: float

    @classmethod
    def told(cls, decided: Decided, verdict: ReviewVerdict, *, held: float, next: str | None) -> Self:
        return cls(says=_says(decided, verdict, held), held_seconds=held, next=next)


def _says(decided: Decided, verdict: ReviewVerdict, held: float) -> str:
    match decided.outcome:
        case Disagreed():
            return "You and the other reviewer differ: a third decides."
        case Settled(ReviewVerdict.QUARANTINE, _):
            return "Quarantined. Nothing of this image goes out."
        case _ if verdict is ReviewVerdict.QUARANTINE:
            return "Your answer is kept until the other one is given."
        case _:
            return f"Decided. It is carried out in {held:.0f} s." if held else "Decided."
