"""What a reviewer is told of an image: each hidden region, and why it is hidden; from the copy's report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from gateway.store.records import CopyRecord, ReviewRecord
from policies.carried import is_among
from policies.model import Detection, Redaction, Size
from policies.policy import Policy, Rule
from policies.review import Origin


@dataclass(frozen=True, slots=True)
class SheetRegion:
    """A region that the copy hides. index: its position, by which a decision names it.

    seen: the best detection that lies in it, None where a person put it there. rule: the policy's.
    always: the policy hides it whatever is seen there, and no reviewer shows it.
    """

    index: int
    redaction: Redaction
    origin: Origin
    seen: Detection | None
    rule: Rule | None
    always: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """unhidden: what detectors saw, too weakly for the policy to hide it, or where it keeps it visible.

    unseen: frames, from 0, that are yet to be shown to whoever reads it; until then, they cannot release it.
    """

    review: ReviewRecord
    copy: CopyRecord
    regions: tuple[SheetRegion, ...]
    unhidden: tuple[Detection, ...]
    unseen: tuple[int, ...]


def sheet_of(review: ReviewRecord, copy: CopyRecord, policy: Policy, *, unseen: tuple[int, ...]) -> Sheet:
    found = [Detection.parse(stored) for stored in copy.report["detections"]]
    always = policy.always_hidden(size_of(copy))
    regions = tuple(
        replace(_region(index, stored, redaction, found, policy), always=is_among(redaction, always))
        for index, (stored, redaction) in enumerate(
            zip(copy.report["redactions"], redactions_of(copy), strict=True)
        )
    )
    weak = tuple(
        one
        for one in found
        if (rule := policy.rule_for(one.kind)) is not None
        and (one.score < rule.review or policy.keeps(one, size_of(copy)))
    )
    return Sheet(review, copy, regions, weak, unseen)


def redactions_of(copy: CopyRecord) -> tuple[Redaction, ...]:
    """What the copy hides, in the order of its report."""
    return tuple(Redaction.parse(stored) for stored in copy.report["redactions"])


def frames_of(copy: CopyRecord) -> int:
    """How many frames or pages the image has. Copies of before there could be several say nothing."""
    frames: int = copy.report.get("frames", 1)
    return frames


def size_of(copy: CopyRecord) -> Size:
    return Size(copy.width, copy.height)


def _region(
    index: int, stored: Mapping[str, Any], redaction: Redaction, found: list[Detection], policy: Policy
) -> SheetRegion:
    origin = Origin(stored.get("origin", Origin.DETECTOR))
    rule = policy.rule_for(redaction.kind)
    if origin is not Origin.DETECTOR or rule is None:
        return SheetRegion(index, redaction, origin, None, rule)
    within = [
        one
        for one in found
        if one.kind is redaction.kind and rule.hides(one) and redaction.region.contains(one.region)
    ]
    best = max(within, key=lambda one: (one.score, one.region), default=None)
    return SheetRegion(index, redaction, origin, best, rule)
