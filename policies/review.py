"""What reviewers decide, and what follows from it. Pure.

A reviewer says of one sanitized copy what shall be hidden in the next one: regions that the machine found
stay unless they are moved or rejected with a reason, others are added. Where two people decide, what either
of them hides is hidden; where they disagree, a third person decides with them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from policies.carried import is_among
from policies.errors import InvalidDecision, InvalidRegion
from policies.hidden_rows import hidden_iou
from policies.model import Kind, Redaction, RedactionMethod, Region, Size
from policies.plan import BLOCK
from policies.policy import Policy
from policies.shapes import Polygon

AGREEMENT_IOU: Final = 0.5
"""Two decisions that hide less than this in common, as a share of what either hides, disagree."""


class ReviewState(StrEnum):
    """Where one round of a review stands. DECIDED: waits for other rounds, or for the next copy."""

    OPEN = "open"
    ASSIGNED = "assigned"
    DECIDED = "decided"
    CLOSED = "closed"


class ReviewVerdict(StrEnum):
    """RELEASE: the next copy goes out. QUARANTINE: nothing of this image does."""

    RELEASE = "release"
    QUARANTINE = "quarantine"


class Origin(StrEnum):
    """Who put a region where it is."""

    DETECTOR = "detector"
    MOVED = "moved"
    ADDED = "added"


class RejectReason(StrEnum):
    """Why a region that the machine found need not be hidden. A closed list: the log takes no prose."""

    NOTHING_THERE = "nothing_there"
    NOT_REAL = "not_real"  # a drawing, a statue, a doll, a mask
    ANIMAL = "animal"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class ReviewedRegion:
    """A region to be hidden in the next copy, final: aligned, inside the image."""

    redaction: Redaction
    origin: Origin

    def to_dict(self) -> dict[str, object]:
        return {**self.redaction.to_dict(), "origin": self.origin.value}

    @classmethod
    def parse(cls, stored: Mapping[str, Any]) -> ReviewedRegion:
        """The inverse of to_dict. Raises KeyError, ValueError, InvalidRegion."""
        return cls(Redaction.parse(stored), Origin(str(stored["origin"])))


@dataclass(frozen=True, slots=True)
class Addition:
    """Something that the machine did not see. method: None for what the policy says of its kind.

    polygon: what is hidden, to the edges of the image, whatever the region; None for all of the region.
    """

    kind: Kind
    region: Region
    method: RedactionMethod | None = None
    polygon: Polygon | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What a reviewer changes. Keys are positions among the copy's redactions; what is not named stays."""

    moved: Mapping[int, Region]
    rejected: Mapping[int, RejectReason]
    added: Sequence[Addition]


def changed(
    redactions: Sequence[Redaction], changes: Changes, policy: Policy, size: Size
) -> tuple[ReviewedRegion, ...]:
    """All regions that the next copy hides. Raises InvalidDecision.

    What the policy hides always is neither moved nor rejected: whoever wrote the policy decided that.
    """
    _check_names(redactions, changes)
    _check_zones(redactions, changes, policy.always_hidden(size))
    result = []
    for index, redaction in enumerate(redactions):
        if index in changes.moved:
            # A rectangle, whatever was moved: it covers all that the reviewer sees marked.
            moved = replace(redaction, region=_final(changes.moved[index], size), outline=None)
            result.append(ReviewedRegion(moved, Origin.MOVED))
        elif index not in changes.rejected:
            result.append(ReviewedRegion(redaction, Origin.DETECTOR))
    for addition in changes.added:
        result.append(ReviewedRegion(_added(addition, policy, size), Origin.ADDED))
    return tuple(result)


def _check_names(redactions: Sequence[Redaction], changes: Changes) -> None:
    named = [*changes.moved, *changes.rejected]
    if unknown := sorted(index for index in named if not 0 <= index < len(redactions)):
        raise InvalidDecision(f"there is no region {unknown[0]}; the copy has {len(redactions)}")
    if both := sorted(set(changes.moved) & set(changes.rejected)):
        raise InvalidDecision(f"region {both[0]} is moved and rejected; choose one")


def _check_zones(redactions: Sequence[Redaction], changes: Changes, always: Collection[Redaction]) -> None:
    for index in sorted({*changes.moved, *changes.rejected}):
        if is_among(redactions[index], always):
            raise InvalidDecision(f"region {index} is always hidden by the policy; only another one shows it")


def _final(region: Region, size: Size) -> Region:
    """Aligned outwards, as a plan's regions are."""
    if not region.within(size):
        raise InvalidDecision(f"a region ends at ({region.x1}, {region.y1}), outside {size}")
    return region.aligned(BLOCK, size)


def _added(addition: Addition, policy: Policy, size: Size) -> Redaction:
    method = _method(addition, policy)
    if addition.polygon is None:
        return Redaction(_final(addition.region, size), addition.kind, method)
    region = Region.covering(*addition.polygon.box, size)
    if region is None:
        raise InvalidDecision(f"a polygon lies outside {size}")
    try:
        return Redaction(region, addition.kind, method, addition.polygon)
    except InvalidRegion as exc:
        # Its corners' rectangle may reach into the image where the polygon itself does not.
        raise InvalidDecision(f"a polygon touches no pixel of {size}; draw it within the image") from exc


def _method(addition: Addition, policy: Policy) -> RedactionMethod:
    """What the policy says of the kind, or fill: no reviewer hides less than the policy does."""
    rule = policy.rule_for(addition.kind)
    usual = RedactionMethod.FILL if rule is None else rule.method
    if addition.method not in (None, usual, RedactionMethod.FILL):
        raise InvalidDecision(
            f"{addition.method} is not how the policy hides {addition.kind}; write {usual} or fill"
        )
    return addition.method or usual


@dataclass(frozen=True, slots=True)
class Decision:
    """One reviewer's. regions: all that the next copy hides; empty and meaningless for a quarantine."""

    verdict: ReviewVerdict
    regions: tuple[ReviewedRegion, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """What the reviewers came to together."""

    verdict: ReviewVerdict
    regions: tuple[ReviewedRegion, ...]


@dataclass(frozen=True, slots=True)
class Disagreed:
    """A third person must decide. reason: "review.verdicts" or "review.regions"."""

    reason: str


def settle(decisions: Sequence[Decision]) -> Settled | Disagreed:
    """What one, two or three independent decisions on a copy come to, in any order.

    Of two that disagree comes Disagreed; of three the verdict that more of them gave. What any of those hides
    is hidden. Raises ValueError for another number of decisions.
    """
    match list(decisions):
        case [_]:
            pass
        case [one, other]:
            if one.verdict is not other.verdict:
                return Disagreed("review.verdicts")
            if one.verdict is ReviewVerdict.RELEASE and _common(one, other) < AGREEMENT_IOU:
                return Disagreed("review.regions")
        case [_, _, _]:
            pass
        case _:
            raise ValueError(f"a copy is decided on by one to three people, not by {len(decisions)}")
    releases = [one for one in decisions if one.verdict is ReviewVerdict.RELEASE]
    if 2 * len(releases) <= len(decisions):
        return Settled(ReviewVerdict.QUARANTINE, ())
    return Settled(ReviewVerdict.RELEASE, _united(releases))


def _common(one: Decision, other: Decision) -> float:
    return hidden_iou([each.redaction for each in one.regions], [each.redaction for each in other.regions])


def _united(decisions: Sequence[Decision]) -> tuple[ReviewedRegion, ...]:
    """Every region of any decision, each once, in reading order. Of two origins the machine's stands."""
    first: dict[Redaction, Origin] = {}
    for origin in (Origin.ADDED, Origin.MOVED, Origin.DETECTOR):
        first.update({r.redaction: origin for d in decisions for r in d.regions if r.origin is origin})
    ordered = sorted(first, key=lambda one: one.order)
    return tuple(ReviewedRegion(redaction, first[redaction]) for redaction in ordered)
