"""From detections to what will be done: pure calculation, no pixel is touched here."""

from __future__ import annotations

from collections.abc import Iterable

from policies.cover import share_covered
from policies.model import Detection, Plan, Redaction, Region, Size, Verdict
from policies.policy import Policy, Rule
from policies.release import gate_reasons

BLOCK = 8
"""Pixels. The side of a JPEG block: regions end on block borders, so no block holds both hidden and shown."""

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
    where the rule hides identifiers only. What lies under its `hide` score makes the
    verdict REVIEW, with the reason "KIND.doubtful"; so does each reason of the policy's release gate. Kinds
    without a rule are left alone.

    draw: the image's draw in the sample, see `release.draw_of`. Without one it counts as drawn wherever the
    policy samples at all.
    """
    redactions: list[Redaction] = []
    hidden: list[Detection] = []
    reasons: set[str] = set()
    for detection in detections:
        rule = policy.rule_for(detection.kind)
        if rule is None or not rule.hides(detection):
            continue
        if detection.score < rule.hide:
            reasons.add(f"{detection.kind.value}.doubtful")
        hidden.append(detection)
        redactions.append(Redaction(_final_region(detection.region, rule, size), rule.kind, rule.method))
    reasons |= gate_reasons(policy.release, hidden, size, draw=draw)
    verdict = Verdict.REVIEW if reasons else Verdict.RELEASE
    return Plan(_without_nested(redactions), verdict, tuple(sorted(reasons)))


def sent_to_review(plan: Plan, reason: str) -> Plan:
    """The same plan, but a person looks first, for one reason more."""
    return Plan(plan.redactions, Verdict.REVIEW, tuple(sorted({*plan.reasons, reason})))


def missed(
    policy: Policy, seen: Iterable[Detection], redactions: Iterable[Redaction]
) -> tuple[Detection, ...]:
    """What a look at the finished copy still shows: detections at or above the recheck score, which is
    RECHECK_MARGIN above the hide score, that lie beside the redactions.

    What is under a redaction does not count: a blurred face is often found once more.
    """
    regions = [redaction.region for redaction in redactions]
    return tuple(
        one
        for one in seen
        if (rule := policy.rule_for(one.kind)) is not None
        and rule.hides(one)
        and one.score >= min(rule.hide + RECHECK_MARGIN, 1.0)
        and share_covered(one.region, regions) < COVERED
    )


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
