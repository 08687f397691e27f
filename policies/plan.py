"""From detections to what will be done: pure calculation, no pixel is touched here."""

from __future__ import annotations

from collections.abc import Iterable

from policies.model import Detection, Plan, Redaction, Region, Size, Verdict
from policies.policy import Policy, Rule

BLOCK = 8
"""Pixels. The side of a JPEG block: regions end on block borders, so no block holds both hidden and shown."""


def make_plan(policy: Policy, detections: Iterable[Detection], size: Size) -> Plan:
    """What `policy` does about these detections in an image of this size.

    Everything at or above a rule's `review` score is hidden. What lies under its `hide` score makes the
    verdict REVIEW, with the reason "KIND.doubtful". Kinds without a rule are left alone.
    """
    redactions: list[Redaction] = []
    reasons: set[str] = set()
    for detection in detections:
        rule = policy.rule_for(detection.kind)
        if rule is None or detection.score < rule.review:
            continue
        if detection.score < rule.hide:
            reasons.add(f"{detection.kind.value}.doubtful")
        redactions.append(Redaction(_final_region(detection.region, rule, size), rule.kind, rule.method))
    verdict = Verdict.REVIEW if reasons else Verdict.RELEASE
    return Plan(_without_nested(redactions), verdict, tuple(sorted(reasons)))


def _final_region(region: Region, rule: Rule, size: Size) -> Region:
    return region.grown(rule.grow, size).aligned(BLOCK, size)


def _without_nested(redactions: list[Redaction]) -> tuple[Redaction, ...]:
    """In reading order, without those that another of the same kind and method contains."""
    kept: list[Redaction] = []
    for candidate in sorted(redactions, key=lambda r: (-r.region.area, r.region, r.kind)):
        if not any(
            other.kind is candidate.kind
            and other.method is candidate.method
            and other.region.contains(candidate.region)
            for other in kept
        ):
            kept.append(candidate)
    return tuple(sorted(kept, key=lambda r: (r.region.y0, r.region.x0, r.region, r.kind)))
