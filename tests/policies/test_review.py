"""What one, two and three reviewers come to: whatever any of them hides is hidden, in any order."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.cover import union_iou
from policies.errors import InvalidDecision
from policies.model import Kind, Redaction, RedactionMethod, Region, Size
from policies.plan import BLOCK
from policies.policy import Policy, Rule
from policies.review import (
    AGREEMENT_IOU,
    Addition,
    Changes,
    Decision,
    Disagreed,
    Origin,
    RejectReason,
    ReviewedRegion,
    ReviewVerdict,
    Settled,
    changed,
    settle,
)
from policies.shapes import Polygon
from tests.policies.strategies import regions

SIZE = Size(200, 120)
POLICY = Policy(
    name="x", rules=(Rule(kind=Kind.FACE, method=RedactionMethod.BLUR, detectors=("centerface",)),)
)
FIXED = [Region(0, 0, 40, 40), Region(40, 0, 80, 40), Region(80, 80, 200, 120)]
HIDDEN = tuple(Redaction(region, Kind.FACE, RedactionMethod.BLUR) for region in FIXED)


@st.composite
def reviewed(draw: st.DrawFn) -> ReviewedRegion:
    kind, method = draw(st.sampled_from(Kind)), draw(st.sampled_from(RedactionMethod))
    region = draw(st.sampled_from(FIXED) | regions(SIZE))
    return ReviewedRegion(Redaction(region, kind, method), draw(st.sampled_from(Origin)))


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    verdict = draw(st.sampled_from(ReviewVerdict))
    some = draw(st.lists(reviewed(), max_size=5)) if verdict is ReviewVerdict.RELEASE else []
    return Decision(verdict, tuple(some))


def hides(decision: Decision | Settled) -> set[Redaction]:
    return {each.redaction for each in decision.regions}


def shapes(decision: Decision) -> list[Region]:
    return [each.redaction.region for each in decision.regions]


@given(decisions())
def test_one_alone_decides(decision: Decision) -> None:
    settled = settle([decision])
    assert isinstance(settled, Settled)
    assert settled.verdict is decision.verdict
    assert hides(settled) == hides(decision)


@given(decisions(), decisions())
def test_two_disagree_exactly_when_verdicts_or_pixels_differ(one: Decision, other: Decision) -> None:
    outcome = settle([one, other])
    if one.verdict is not other.verdict:
        assert outcome == Disagreed("review.verdicts")
    elif one.verdict is ReviewVerdict.QUARANTINE:
        assert outcome == Settled(ReviewVerdict.QUARANTINE, ())
    elif union_iou(shapes(one), shapes(other)) < AGREEMENT_IOU:
        assert outcome == Disagreed("review.regions")
    else:
        assert isinstance(outcome, Settled)
        assert hides(outcome) == hides(one) | hides(other)


@given(decisions(), decisions(), decisions())
def test_of_three_the_more_decide_and_all_that_these_hide_is_hidden(
    one: Decision, two: Decision, three: Decision
) -> None:
    outcome = settle([one, two, three])
    assert isinstance(outcome, Settled)
    releases = [each for each in (one, two, three) if each.verdict is ReviewVerdict.RELEASE]
    assert (outcome.verdict is ReviewVerdict.RELEASE) == (len(releases) >= 2)
    if len(releases) >= 2:
        assert hides(outcome) == set().union(*map(hides, releases))


@given(st.lists(decisions(), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_the_order_in_which_they_decided_changes_nothing(
    some: list[Decision], shuffler: random.Random
) -> None:
    shuffled = list(some)
    shuffler.shuffle(shuffled)
    assert settle(shuffled) == settle(some)


@pytest.mark.parametrize("count", [0, 4])
def test_another_number_of_decisions_is_an_error(count: int) -> None:
    with pytest.raises(ValueError, match="one to three"):
        settle([Decision(ReviewVerdict.RELEASE, ())] * count)


@given(reviewed())
def test_a_stored_region_comes_back(region: ReviewedRegion) -> None:
    assert ReviewedRegion.parse(region.to_dict()) == region


INDEXES = st.integers(0, len(HIDDEN) - 1)


@given(
    st.dictionaries(INDEXES, regions(SIZE)),
    st.dictionaries(INDEXES, st.sampled_from(RejectReason)),
    st.lists(st.builds(Addition, st.sampled_from(Kind), regions(SIZE))),
)
def test_what_nobody_named_stays_and_what_is_named_is_where_it_was_put(
    moved: dict[int, Region], rejected: dict[int, RejectReason], added: list[Addition]
) -> None:
    rejected = {index: reason for index, reason in rejected.items() if index not in moved}
    result = changed(HIDDEN, Changes(moved, rejected, added), POLICY, SIZE)
    by_origin = {origin: [r.redaction for r in result if r.origin is origin] for origin in Origin}
    assert by_origin[Origin.DETECTOR] == [
        redaction for index, redaction in enumerate(HIDDEN) if index not in moved and index not in rejected
    ]
    assert len(by_origin[Origin.MOVED]) == len(moved)
    for redaction, index in zip(by_origin[Origin.MOVED], sorted(moved), strict=True):
        assert redaction.region.contains(moved[index])
        assert (redaction.kind, redaction.method) == (HIDDEN[index].kind, HIDDEN[index].method)
    for redaction, addition in zip(by_origin[Origin.ADDED], added, strict=True):
        assert redaction.region.contains(addition.region)
        usual = RedactionMethod.BLUR if addition.kind is Kind.FACE else RedactionMethod.FILL
        assert redaction.method is usual
    for redaction in by_origin[Origin.MOVED] + by_origin[Origin.ADDED]:
        assert redaction.region.x0 % BLOCK == redaction.region.y0 % BLOCK == 0
        assert redaction.region.within(SIZE)


BAD = {
    "no such region to move": Changes({3: FIXED[0]}, {}, []),
    "no such region to reject": Changes({}, {-1: RejectReason.ANIMAL}, []),
    "moved and rejected": Changes({0: FIXED[1]}, {0: RejectReason.ANIMAL}, []),
    "moved outside": Changes({0: Region(0, 0, 201, 8)}, {}, []),
    "added outside": Changes({}, {}, [Addition(Kind.FACE, Region(0, 119, 8, 121))]),
    "hidden otherwise than the policy does": Changes(
        {}, {}, [Addition(Kind.FACE, FIXED[0], RedactionMethod.MOSAIC)]
    ),
    "a kind without a rule, blurred": Changes({}, {}, [Addition(Kind.TEXT, FIXED[0], RedactionMethod.BLUR)]),
}


@pytest.mark.parametrize("name", BAD)
def test_a_decision_that_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(InvalidDecision):
        changed(HIDDEN, BAD[name], POLICY, SIZE)


def test_what_a_zone_hides_stays_where_it_is_filled_and_not_blurred() -> None:
    """As it is where earlier copies have blurred it in as many ways as may be."""
    text = """
name: yard
rules: [{kind: face, method: blur, detectors: [centerface]}]
zones: [{name: bench, hide: [0, 0, 0.5, 0.5], kind: face, method: blur}]
"""
    policy = Policy.parse(text)
    [zone] = policy.always_hidden(SIZE)
    for method in (RedactionMethod.BLUR, RedactionMethod.FILL):
        hidden = [replace(zone, method=method)]
        for changes in (Changes({}, {0: RejectReason.ANIMAL}, []), Changes({0: FIXED[0]}, {}, [])):
            with pytest.raises(InvalidDecision, match="always hidden"):
                changed(hidden, changes, policy, SIZE)


def test_fill_is_always_possible() -> None:
    addition = Addition(Kind.FACE, FIXED[0], RedactionMethod.FILL)
    [*_, last] = changed(HIDDEN, Changes({}, {}, [addition]), POLICY, SIZE)
    assert last.redaction.method is RedactionMethod.FILL


def test_a_polygon_that_passes_the_image_by_is_refused_and_not_an_error() -> None:
    beside = Addition(Kind.FACE, Region(0, 0, 5, 5), None, Polygon.covering([(-10, 5), (5, -10), (-10, -10)]))
    with pytest.raises(InvalidDecision, match="draw it within the image"):
        changed((), Changes({}, {}, [beside]), POLICY, SIZE)
