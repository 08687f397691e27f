"""What is allowed in a policy and probably not meant: told to whoever checks one, refused by nobody."""

from __future__ import annotations

from policies.diff import things
from policies.model import ALWAYS_FILLED, Kind, RedactionMethod
from policies.policy import Policy, Rule
from policies.zone_diff import said

OPERATING_POINT = 0.5
"""The normalised score at which each detector's recall is published."""

USUAL_MARGIN = 0.05
"""Fraction of the box: under it, the rim of what was found has been seen to stay visible."""


def warnings(policy: Policy) -> list[str]:
    """Each with what to do about it; none for most policies."""
    found = [warning for rule in policy.rules for warning in _of_rule(rule)]
    missing = [kind for kind in (Kind.FACE, Kind.LICENSE_PLATE) if kind not in policy.kinds]
    found += [f"{things(kind)} are not looked for and will be shown; add a rule" for kind in missing]
    found += [f"{said(zone)}; look whether anybody may pass there" for zone in policy.zones if zone.keep]
    return found


def _of_rule(rule: Rule) -> list[str]:
    name, found = things(rule.kind), []
    if rule.kind in ALWAYS_FILLED and rule.method is not RedactionMethod.FILL:
        found.append(f"{name} are always filled; method {rule.method} has no effect, write fill")
    if rule.review > OPERATING_POINT:
        found.append(f"{name} seen at the operating point {OPERATING_POINT} are shown; lower `review`")
    elif rule.review == rule.hide:
        found.append(f"no person looks at doubtful {name}; leave `review` lower than `hide`")
    if rule.grow < USUAL_MARGIN:
        found.append(f"{name} are hidden with a margin of {rule.grow} only; {USUAL_MARGIN} or more is usual")
    if rule.reads:
        found.append(
            "text lines that are surely no identifier are shown; where images are looked at, "
            "reading needs `make install EXTRAS=ocr`"
        )
    if not rule.serves:
        found.append(f"the rule for {name} names no clause that it serves; write `serves`")
    return found
