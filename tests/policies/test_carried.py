"""Regions that people put into a copy outlive a change of policy; what the machine found does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given

from policies.carried import put_by_people, with_carried
from policies.model import Detection, Kind, Plan, Reading, Redaction, RedactionMethod, Region, Size, Verdict
from policies.plan import make_plan
from policies.policy import Policy, load_policy
from tests.policies.strategies import cases

SIZE = Size(400, 300)
STREET = load_policy("street")
BY_HAND = Redaction(Region(8, 8, 40, 48), Kind.FACE, RedactionMethod.BLUR)
EMPTY = Plan((), Verdict.RELEASE, ())


def report(redactions: tuple[Redaction, ...], detections: list[Detection]) -> dict[str, Any]:
    """As a copy's row keeps it, scores rounded."""
    return {
        "redactions": [redaction.to_dict() for redaction in redactions],
        "detections": [d.to_dict() | {"score": d.score} for d in detections],
    }


@given(cases())
def test_what_the_machine_planned_is_nobodys(case: tuple[Policy, list[Detection], Size]) -> None:
    policy, seen, size = case
    plan = make_plan(policy, seen, size)
    assert put_by_people(policy, report(plan.redactions, seen), size) == ()


@given(cases())
def test_what_the_machine_did_not_plan_is_carried(case: tuple[Policy, list[Detection], Size]) -> None:
    policy, seen, size = case
    planned = make_plan(policy, seen, size).redactions
    moved = Redaction(Region(0, 0, 1, 1), Kind.FACE, RedactionMethod.FILL)
    if any(one.region == moved.region for one in planned):
        return
    assert put_by_people(policy, report((*planned, moved), seen), size) == (moved,)


def test_a_copy_of_an_unknown_policy_hands_all_its_regions_on() -> None:
    assert put_by_people(None, report((BY_HAND,), []), SIZE) == (BY_HAND,)


def test_a_carried_region_is_hidden_again_and_never_more_weakly() -> None:
    assert with_carried(EMPTY, [BY_HAND], STREET).redactions == (BY_HAND,)
    fill = STREET.narrowed(method=RedactionMethod.FILL)
    (hidden,) = with_carried(EMPTY, [BY_HAND], fill).redactions
    assert hidden.method is RedactionMethod.FILL
    strict = replace(BY_HAND, method=RedactionMethod.FILL)
    assert with_carried(EMPTY, [strict], STREET).redactions == (strict,)


def test_what_the_new_plan_covers_is_not_hidden_twice() -> None:
    wider = replace(BY_HAND, region=Region(0, 0, 48, 56))
    plan = Plan((wider,), Verdict.RELEASE, ())
    assert with_carried(plan, [BY_HAND], STREET) == plan
    harder = replace(BY_HAND, method=RedactionMethod.FILL)
    assert set(with_carried(plan, [harder], STREET).redactions) == {wider, harder}


def test_a_persons_region_over_a_line_that_the_machine_showed_is_the_persons() -> None:
    text = "{name: x, rules: [{kind: text, method: fill, detectors: [ppocr], grow: 0.0, lines: identifiers}]}"
    policy = Policy.parse(text)
    harmless = Detection(Kind.TEXT, Region(8, 8, 40, 48), 0.9, "ppocr", Reading.HARMLESS)
    by_hand = Redaction(harmless.region, Kind.TEXT, RedactionMethod.FILL)
    assert put_by_people(policy, report((by_hand,), [harmless]), SIZE) == (by_hand,)
