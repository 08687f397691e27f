"""From detections to what will be done: pure calculation, no pixel is touched here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from policies.cover import Nearby
from policies.errors import InvalidRegion
from policies.hidden_rows import share_hidden
from policies.model import TOO_MANY, Detection, Plan, Redaction, Region, Size, Verdict
from policies.policy import Policy, Rule
from policies.release import gate_reasons
from policies.shapes import Ellipse, Outline, Shape
from policies.zones import OTHER_FRAME

BLOCK = 4
"""Pixels to a multiple of which regions grow: half of JPEG's block. What is hidden is gone from the pixels
before any block is coded, so whole blocks would hide nothing more; around faces of 10 pixels they nearly
doubled what is hidden wrongly (0.7 % to 1.2 % of the development photos at the same recall)."""

COVERED = 0.3
"""Share of a detection's pixels. What is hidden so far is the redaction itself, seen once more: a filled box
is often taken for a plate a little larger than it."""

RECHECK_MARGIN = 0.1
"""Above a rule's hide score. Hiding one thing shifts the scores of others: on filled copies of 88 development
photos a look at the hide score itself finds something in 42 %, next to none of it labelled, and a second look
sends 17 % to a person. At 0.1 above it 22 % and 2 %."""


def make_plan(policy: Policy, detections: Iterable[Detection], size: Size, *, draw: float = 0.0) -> Plan:
    """What `policy` does about these detections in an image of this size.

    Everything at or above a rule's `review` score is hidden, but for lines of text that were read as harmless
    where the rule hides identifiers only. What lies under its `hide` score makes the verdict REVIEW, with the
    reason "KIND.doubtful"; so does each reason of the policy's release gate, and more of a kind than can be
    told apart ("KIND.too_many"). Kinds without a rule are left alone. What lies wholly in a zone that the
    policy keeps is not hidden, but told; what the policy hides always is there whatever else is. Where the
    image has another shape than the frame that a zone was drawn in, a person looks ("zone.frame").

    draw: the image's draw in the sample, see `release.draw_of`. Without one it counts as drawn wherever the
    policy samples at all.
    """
    redactions: list[Redaction] = []
    hidden: list[Detection] = []
    kept: list[Detection] = []
    reasons: set[str] = set()
    for detection in detections:
        rule = policy.rule_for(detection.kind)
        if rule is None or not rule.hides(detection):
            continue
        if policy.keeps(detection, size):
            kept.append(detection)
            continue
        if detection.score < rule.hide:
            reasons.add(f"{detection.kind.value}.doubtful")
        if TOO_MANY in detection.source.split("+"):
            reasons.add(f"{detection.kind.value}.too_many")
        hidden.append(detection)
        redactions.append(_redaction(detection, rule, size))
    reasons |= gate_reasons(policy.release, hidden, size, draw=draw)
    if not policy.fits(size):
        reasons.add(OTHER_FRAME)
    verdict = Verdict.REVIEW if reasons else Verdict.RELEASE
    # Zones stay where a detection covers them too: a reviewer may reject the detection.
    found = {*_without_nested(redactions), *policy.always_hidden(size)}
    in_order = tuple(sorted(found, key=lambda one: one.order))
    return Plan(in_order, verdict, tuple(sorted(reasons)), tuple(sorted(kept, key=_place)))


def sent_to_review(plan: Plan, reason: str) -> Plan:
    """The same plan, but a person looks first, for one reason more."""
    return replace(plan, verdict=Verdict.REVIEW, reasons=tuple(sorted({*plan.reasons, reason})))


def _place(one: Detection) -> tuple[Region, str, float, str]:
    return one.region, one.kind.value, one.score, one.source


def missed(
    policy: Policy, seen: Iterable[Detection], redactions: Iterable[Redaction], size: Size
) -> tuple[Detection, ...]:
    """What a look at the finished copy still shows: detections at or above the recheck score, which is
    RECHECK_MARGIN above the hide score, that lie beside the redactions.

    What is under a redaction does not count: a blurred face is often found once more. Nor does what a zone
    keeps visible in an image of this size.
    """
    by_region: dict[Region, list[Redaction]] = defaultdict(list)
    for redaction in redactions:
        by_region[redaction.region].append(redaction)
    places = Nearby(by_region)
    return tuple(
        one
        for one in seen
        if (rule := policy.rule_for(one.kind)) is not None
        and rule.hides(one)
        and not policy.keeps(one, size)
        and one.score >= min(rule.hide + RECHECK_MARGIN, 1.0)
        and not _is_hidden(one, rule, [r for at in places.to(one.region) for r in by_region[at]], size)
    )


def _is_hidden(detection: Detection, rule: Rule, there: list[Redaction], size: Size) -> bool:
    """Whether enough of its box is, or all that the rule would hide of it: a sliver is little of its box.

    there: the redactions around it.
    """
    if share_hidden(detection.region, there) >= COVERED:
        return True
    wanted = _redaction(detection, rule, size)
    return any(one == wanted or one.covers(wanted.region) for one in there)


def _redaction(detection: Detection, rule: Rule, size: Size) -> Redaction:
    """What is hidden of a detection: never less than all of it, and the rule's margin around it.

    An ellipse goes around the whole box. A polygon is the detector's own, grown, within the rectangle that
    would be hidden otherwise; where a detector gives none, that rectangle is.
    """
    region = detection.region
    around = region.grown(rule.grow, size).aligned(BLOCK, size)
    match rule.shape:
        case Shape.RECTANGLE:
            return Redaction(around, rule.kind, rule.method)
        case Shape.ELLIPSE:
            ellipse = Ellipse.around(region.x0, region.y0, region.x1, region.y1, rule.grow)
            return Redaction(_within(ellipse, size, region), rule.kind, rule.method, ellipse)
        case Shape.POLYGON:
            return _polygon(detection, rule, around) or Redaction(around, rule.kind, rule.method)
        case _:
            assert_never(rule.shape)


def _polygon(detection: Detection, rule: Rule, around: Region) -> Redaction | None:
    """The detector's polygon with its margin, within `around`; None where there is none, or not there."""
    if detection.polygon is None:
        return None
    polygon = replace(detection.polygon, grow=rule.grow)
    x0, y0, x1, y1 = polygon.box
    try:
        tight = Region(max(x0, around.x0), max(y0, around.y0), min(x1, around.x1), min(y1, around.y1))
        return Redaction(tight, rule.kind, rule.method, polygon)
    except InvalidRegion:
        return None


def _within(outline: Outline, size: Size, otherwise: Region) -> Region:
    """The rectangle of the image around an outline."""
    return Region.covering(*outline.box, size) or otherwise


def _without_nested(redactions: list[Redaction]) -> list[Redaction]:
    """Without those that another of the same kind and method covers."""
    kept: list[Redaction] = []
    for candidate in sorted(redactions, key=lambda r: (-r.pixels, r.region, r.kind, r.order)):
        if not any(
            other.kind is candidate.kind
            and other.method is candidate.method
            and (other.covers(candidate.region) or other == candidate)
            for other in kept
        ):
            kept.append(candidate)
    return kept
