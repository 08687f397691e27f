"""Plans: nothing that a policy wants hidden stays visible, and doubt always reaches a person."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.model import (
    Detection,
    Kind,
    Plan,
    Reading,
    Redaction,
    RedactionMethod,
    Region,
    Size,
    Verdict,
)
from policies.plan import BLOCK, make_plan, missed
from policies.policy import Lines, Policy, Rule
from policies.shapes import Ellipse, Polygon, Shape
from tests.policies.strategies import cases

Case = tuple[Policy, list[Detection], Size]


def kept(policy: Policy, found: list[Detection]) -> list[tuple[Detection, Rule]]:
    """What the policy wants hidden."""
    pairs = [(detection, policy.rule_for(detection.kind)) for detection in found]
    return [
        (d, rule) for d, rule in pairs if rule is not None and d.score >= rule.review and not shown(d, rule)
    ]


def shown(detection: Detection, rule: Rule) -> bool:
    """Whether the policy wants it seen, however clearly it is there."""
    return rule.lines is Lines.IDENTIFIERS and detection.reading is Reading.HARMLESS


@given(cases())
def test_what_reaches_the_review_score_is_hidden_with_its_margin(case: Case) -> None:
    policy, found, size = case
    plan = make_plan(policy, found, size)
    for detection, rule in kept(policy, found):
        wanted = content(detection, rule, size)
        assert any(
            pixels(wanted) <= pixels(r) and r.kind is detection.kind and r.method is rule.method
            for r in plan.redactions
        )


def content(detection: Detection, rule: Rule, size: Size) -> Redaction:
    """The least that must be hidden: of a rectangle its margin too, else all that the detector outlines."""
    polygon = detection.polygon if rule.shape is Shape.POLYGON else None
    margin = rule.grow if rule.shape is Shape.RECTANGLE else 0
    return Redaction(detection.region.grown(margin, size), rule.kind, rule.method, polygon)


def pixels(redaction: Redaction) -> set[tuple[int, int]]:
    rows = enumerate(redaction.spans, redaction.region.y0)
    return {(x, y) for y, (left, right) in rows for x in range(left, right)}


@given(cases())
def test_nothing_is_hidden_that_no_kept_detection_asks_for(case: Case) -> None:
    policy, found, size = case
    asked = {(d.kind, most(d, rule, size)) for d, rule in kept(policy, found)}
    for redaction in make_plan(policy, found, size).redactions:
        assert any(kind is redaction.kind and region.contains(redaction.region) for kind, region in asked)


def most(detection: Detection, rule: Rule, size: Size) -> Region:
    """The rectangle, with its margin; an ellipse may reach a fifth of the box, and a pixel, beyond it."""
    region = detection.region
    grown = region.grown(rule.grow, size).aligned(BLOCK, size)
    if rule.shape is not Shape.ELLIPSE:
        return grown
    reach = region.grown(0.21, size)
    return Region.covering(reach.x0 - 1, reach.y0 - 1, reach.x1 + 1, reach.y1 + 1, size).united(grown)  # type: ignore[union-attr]


@given(cases())
def test_a_person_looks_exactly_when_something_hidden_was_doubtful(case: Case) -> None:
    policy, found, size = case
    plan = make_plan(policy, found, size)
    doubtful = {f"{d.kind.value}.doubtful" for d, rule in kept(policy, found) if d.score < rule.hide}
    assert plan.reasons == tuple(sorted(doubtful))
    assert plan.verdict is (Verdict.REVIEW if doubtful else Verdict.RELEASE)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_detections_changes_nothing(case: Case, shuffler: random.Random) -> None:
    policy, found, size = case
    shuffled = list(found)
    shuffler.shuffle(shuffled)
    assert make_plan(policy, shuffled, size) == make_plan(policy, found, size)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_rules_changes_nothing(case: Case, shuffler: random.Random) -> None:
    policy, found, size = case
    rules = list(policy.rules)
    shuffler.shuffle(rules)
    reordered = Policy(name=policy.name, title=policy.title, rules=tuple(rules))
    assert make_plan(reordered, found, size) == make_plan(policy, found, size)


@given(cases())
def test_regions_end_on_blocks_or_at_the_images_edge(case: Case) -> None:
    policy, found, size = case
    for redaction in make_plan(policy, found, size).redactions:
        region = redaction.region
        assert region.within(size)
        if redaction.outline is not None:
            continue
        assert region.x0 % BLOCK == region.y0 % BLOCK == 0
        assert region.x1 % BLOCK == 0 or region.x1 == size.width
        assert region.y1 % BLOCK == 0 or region.y1 == size.height


@given(cases())
def test_no_redaction_lies_within_another_of_its_kind_and_method(case: Case) -> None:
    policy, found, size = case
    for one, other in combinations(make_plan(policy, found, size).redactions, 2):
        if one.kind is other.kind and one.method is other.method:
            assert not one.covers(other.region)
            assert not other.covers(one.region)


def test_a_fill_inside_a_blur_is_kept() -> None:
    """The weaker method around it must not swallow the stricter one."""
    rules = [
        Rule(kind=Kind.FACE, method=RedactionMethod.BLUR, detectors=("centerface",)),
        Rule(kind=Kind.TEXT, method=RedactionMethod.FILL, detectors=("ppocr",)),
    ]
    found = [
        Detection(Kind.FACE, Region(0, 0, 64, 64), 0.9, "centerface"),
        Detection(Kind.TEXT, Region(16, 16, 32, 32), 0.9, "ppocr"),
    ]
    plan = make_plan(Policy(name="both", rules=tuple(rules)), found, Size(64, 64))
    assert {r.method for r in plan.redactions} == {RedactionMethod.BLUR, RedactionMethod.FILL}


def test_the_bands_begin_exactly_at_their_scores() -> None:
    rule = Rule(kind=Kind.FACE, method=RedactionMethod.FILL, detectors=("centerface",), hide=0.5, review=0.4)
    policy = Policy(name="bands", rules=(rule,))

    def plan_at(score: float) -> Plan:
        return make_plan(policy, [Detection(Kind.FACE, Region(0, 0, 8, 8), score, "x")], Size(64, 64))

    assert [len(plan_at(score).redactions) for score in (0.39999, 0.4, 0.49999, 0.5)] == [0, 1, 1, 1]
    verdicts = [plan_at(score).verdict for score in (0.39999, 0.4, 0.49999, 0.5)]
    assert verdicts == [Verdict.RELEASE, Verdict.REVIEW, Verdict.REVIEW, Verdict.RELEASE]


def test_an_image_without_detections_is_released_as_it_is() -> None:
    rule = Rule(kind=Kind.FACE, method=RedactionMethod.FILL, detectors=("centerface",))
    assert make_plan(Policy(name="none", rules=(rule,)), [], Size(9, 9)) == Plan((), Verdict.RELEASE, ())


LINE = Detection(Kind.TEXT, Region(8, 8, 96, 24), 0.9, "ppocr")
TEXT = "{{name: x, rules: [{{kind: text, method: fill, detectors: [ppocr], lines: {}}}]}}"


@pytest.mark.parametrize("lines", list(Lines))
@pytest.mark.parametrize("reading", [None, *Reading])
def test_only_what_was_read_as_harmless_is_shown_and_only_where_identifiers_are_hidden(
    lines: Lines, reading: Reading | None
) -> None:
    policy, line = Policy.parse(TEXT.format(lines.value)), replace(LINE, reading=reading)
    visible = lines is Lines.IDENTIFIERS and reading is Reading.HARMLESS
    assert (make_plan(policy, [line], Size(200, 100)).redactions == ()) is visible
    # A second look at the finished copy sees it again, and must not count it as missed.
    assert (missed(policy, [line], (), Size(200, 100)) == ()) is visible


# -- shapes

TILTED = Detection(
    Kind.TEXT,
    Region(90, 100, 200, 210),
    0.9,
    "ppocr",
    polygon=Polygon.hull([(100, 100), (200, 200), (190, 210), (90, 110)]),
)


def hidden_by(shape: Shape, found: Detection, size: Size = Size(400, 400)) -> Redaction:
    rule = Rule(kind=found.kind, method=RedactionMethod.FILL, detectors=("x",), grow=0.1, shape=shape)
    (redaction,) = make_plan(Policy(name="shaped", rules=(rule,)), [found], size).redactions
    return redaction


def test_a_tilted_line_is_hidden_along_its_sides_where_the_policy_says_so() -> None:
    tilted, boxed = hidden_by(Shape.POLYGON, TILTED), hidden_by(Shape.RECTANGLE, TILTED)
    assert boxed.outline is None
    assert tilted.pixels < boxed.pixels / 4
    assert boxed.covers(tilted.region)
    assert pixels(
        content(
            TILTED,
            Rule(kind=Kind.TEXT, method=RedactionMethod.FILL, detectors=("x",), shape=Shape.POLYGON),
            Size(400, 400),
        )
    ) <= pixels(tilted)


def test_where_a_detector_gives_no_polygon_the_rectangle_is_hidden() -> None:
    upright = replace(TILTED, polygon=None)
    assert hidden_by(Shape.POLYGON, upright) == hidden_by(Shape.RECTANGLE, upright)


def test_an_ellipse_at_the_edge_of_the_image_covers_the_whole_face() -> None:
    face = Detection(Kind.FACE, Region(0, 0, 40, 60), 0.9, "centerface")
    redaction = hidden_by(Shape.ELLIPSE, face, Size(100, 100))
    assert isinstance(redaction.outline, Ellipse)
    assert redaction.covers(face.region)


def test_what_shows_in_the_corner_that_an_ellipse_leaves_was_missed() -> None:
    face = Detection(Kind.FACE, Region(100, 100, 200, 200), 0.9, "centerface")
    redaction = hidden_by(Shape.ELLIPSE, face)
    corner = Detection(Kind.FACE, Region(82, 82, 92, 92), 0.9, "centerface")
    assert redaction.region.contains(corner.region)
    rule = Rule(kind=Kind.FACE, method=RedactionMethod.FILL, detectors=("x",))
    policy = Policy(name="rechecked", rules=(rule,))
    assert missed(policy, [corner, face], [redaction], Size(400, 400)) == (corner,)
