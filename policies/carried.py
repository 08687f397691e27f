"""What of a copy goes over into the next one under another policy: the regions that people put there.

A copy's report names what was detected and what was hidden. What the copy's own policy would not have hidden
from these detections, a person added or moved. Where that cannot be told, the region counts as a person's:
the next copy then hides too much rather than too little.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from policies.model import Detection, Kind, Plan, Redaction, RedactionMethod, Region, Size
from policies.plan import make_plan
from policies.policy import Policy
from policies.shapes import Outline

Place = tuple[Region, Kind, Outline | None]


def put_by_people(policy: Policy | None, report: Mapping[str, Any], size: Size) -> tuple[Redaction, ...]:
    """The redactions of a copy's report that its detections do not explain.

    policy: the one the copy was made under; None where it is unknown, and then all of them count.
    """
    hidden = [Redaction.parse(one) for one in report.get("redactions", ())]
    if policy is None:
        return tuple(hidden)
    seen = [Detection.parse(one) for one in report.get("detections", ())]
    by_machine = {place_of(one) for one in make_plan(policy, seen, size).redactions}
    return tuple(one for one in hidden if place_of(one) not in by_machine)


def with_carried(plan: Plan, carried: Sequence[Redaction], policy: Policy) -> Plan:
    """The plan, and each carried region that it does not cover.

    Each by the method that `policy` has for its kind, where that is stricter than its own.
    """
    more = [_as_strict(one, policy) for one in carried if not _covered(one, plan.redactions)]
    if not more:
        return plan
    ordered = sorted({*plan.redactions, *more}, key=lambda one: one.order)
    return replace(plan, redactions=tuple(ordered))


def place_of(one: Redaction) -> Place:
    """What is hidden there, and where, however it is hidden."""
    return one.region, one.kind, one.outline


def is_among(one: Redaction, others: Iterable[Redaction]) -> bool:
    """Whether it is one of these, or stands for one: at its place, but filled."""
    return any(
        place_of(one) == place_of(other) and one.method in (other.method, RedactionMethod.FILL)
        for other in others
    )


def _covered(one: Redaction, others: Iterable[Redaction]) -> bool:
    return any(
        other.kind is one.kind and other.covers(one.region) and _at_least(other.method, one.method)
        for other in others
    )


def _at_least(method: RedactionMethod, other: RedactionMethod) -> bool:
    return method is RedactionMethod.FILL or other is not RedactionMethod.FILL


def _as_strict(one: Redaction, policy: Policy) -> Redaction:
    rule = policy.rule_for(one.kind)
    if rule is not None and rule.method is RedactionMethod.FILL:
        return replace(one, method=RedactionMethod.FILL)
    return one
