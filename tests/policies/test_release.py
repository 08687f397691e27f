"""The release gate: it only ever asks for a person, for reasons that can be counted, and draws alike."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.errors import InvalidPolicy
from policies.model import Detection, Kind, Plan, RedactionMethod, Region, Size, Verdict
from policies.plan import make_plan, missed, sent_to_review
from policies.policy import Policy, Rule, load_policy, preset_names
from policies.release import RISKS, ReleaseGate, draw_of, risk_of
from policies.shapes import Polygon, Shape
from tests.policies.strategies import cases, policies

Case = tuple[Policy, list[Detection], Size]

DRAWS = st.floats(0.0, 1.0, exclude_max=True)
SIZE = Size(100, 100)
CODES = st.sampled_from([*(f"face.{word}" for word in RISKS), "sampled", "policy.changed"])


def without_gate(policy: Policy) -> Policy:
    return policy.model_copy(update={"release": ReleaseGate()})


@given(cases(gated=True), DRAWS)
def test_a_gate_hides_nothing_more_and_nothing_less(case: Case, draw: float) -> None:
    policy, found, size = case
    gated, plain = make_plan(policy, found, size, draw=draw), make_plan(without_gate(policy), found, size)
    assert gated.redactions == plain.redactions
    assert set(plain.reasons) <= set(gated.reasons)


@given(cases(gated=True), DRAWS)
def test_a_person_looks_exactly_when_there_is_a_reason(case: Case, draw: float) -> None:
    policy, found, size = case
    plan = make_plan(policy, found, size, draw=draw)
    assert plan.verdict is (Verdict.REVIEW if plan.reasons else Verdict.RELEASE)
    assert list(plan.reasons) == sorted(set(plan.reasons))


@given(cases(gated=True), DRAWS)
def test_each_reason_of_the_gate_can_be_counted(case: Case, draw: float) -> None:
    policy, found, size = case
    gate = policy.release
    hidden = [d for d in found if (rule := policy.rule_for(d.kind)) and rule.hides(d)]
    reasons = set(make_plan(policy, found, size, draw=draw).reasons)
    for kind in policy.kinds:
        of_kind = [d for d in hidden if d.kind is kind]
        largest = max((d.region.area / size.pixels for d in of_kind), default=0.0)
        if kind not in gate.largest or abs(largest - gate.largest[kind]) > 1e-9:
            assert (f"{kind.value}.large" in reasons) == (largest > gate.largest.get(kind, 1.0))
        assert (f"{kind.value}.many" in reasons) == (len(of_kind) > gate.most.get(kind, len(found)))
        assert (f"{kind.value}.expected" in reasons) == (len(of_kind) < gate.expect.get(kind, 0))
    assert ("sampled" in reasons) == (draw < gate.sample)


@given(cases(gated=True), DRAWS, DRAWS)
def test_who_is_drawn_at_a_share_is_drawn_at_every_larger_one(case: Case, draw: float, more: float) -> None:
    policy, found, size = case
    larger = ReleaseGate(sample=max(policy.release.sample, more))
    plan = make_plan(policy, found, size, draw=draw)
    again = make_plan(policy.model_copy(update={"release": larger}), found, size, draw=draw)
    assert "sampled" not in plan.reasons or "sampled" in again.reasons


@given(cases(gated=True))
def test_without_a_draw_an_image_counts_as_drawn(case: Case) -> None:
    policy, found, size = case
    assert ("sampled" in make_plan(policy, found, size).reasons) == (policy.release.sample > 0)


@given(st.text(max_size=80), st.binary(max_size=200))
def test_the_same_image_draws_the_same_number_below_one(version: str, data: bytes) -> None:
    draw = draw_of(version, data)
    assert 0.0 <= draw < 1.0
    assert draw == draw_of(version, data)


def test_draws_are_spread_evenly_and_differ_by_version() -> None:
    draws = [draw_of("sha256:00", str(n).encode()) for n in range(4_000)]
    assert all(abs(sum(d < share for d in draws) / len(draws) - share) < 0.03 for share in (0.02, 0.5, 0.9))
    assert draw_of("sha256:00", b"an image") != draw_of("sha256:01", b"an image")


def test_a_draw_is_the_head_of_the_hash_that_is_written_down() -> None:
    # SHA-256 of "v", a zero byte and "image" begins with this; its first 53 bits are the draw.
    head = int(hashlib.sha256(b"v\0image").hexdigest()[:16], 16)
    assert draw_of("v", b"image") == (head >> 11) / 2**53


@given(policies(gated=True))
def test_a_gate_is_part_of_the_version(policy: Policy) -> None:
    same = policy.release == ReleaseGate()
    assert (without_gate(policy).version == policy.version) == same
    assert Policy.model_validate_json(policy.canonical()).release == policy.release


def test_a_policy_without_a_gate_keeps_the_version_that_it_had_before_there_were_gates() -> None:
    document = "{name: x, rules: [{kind: face, method: fill, detectors: [centerface]}]}"
    assert b"release" not in Policy.parse(document).canonical()
    written_out = document[:-1] + ", release: {sample: 0.0, reviewers: 1, recheck: false}}"
    assert Policy.parse(written_out).version == Policy.parse(document).version


@given(policies(gated=True))
def test_a_narrowed_policy_keeps_what_its_gate_says_of_the_kinds_that_are_left(policy: Policy) -> None:
    kind = min(policy.kinds)
    gate = policy.narrowed(kinds=[kind]).release
    assert gate.kinds <= {kind}
    assert gate.most.get(kind) == policy.release.most.get(kind)
    assert (gate.sample, gate.recheck) == (policy.release.sample, policy.release.recheck)


@given(st.lists(CODES), CODES)
def test_one_more_reason_never_makes_an_image_less_urgent(reasons: list[str], one_more: str) -> None:
    assert risk_of([*reasons, one_more]) >= risk_of(reasons)
    assert risk_of([]) == 0


def test_what_may_be_visible_is_more_urgent_than_a_sample() -> None:
    order = ["recheck.hit", "face.doubtful", "face.many", "face.expected", "sampled"]
    risks = [risk_of([reason]) for reason in order]
    assert risks == sorted(risks, reverse=True)
    assert len(set(risks)) == len(risks)


RULES = "name: x\nrules:\n  - {kind: face, method: fill, detectors: [centerface]}\nrelease:\n"
FAULTS = {
    "misspelt": ("  largst: {face: 0.3}\n", 5, "mend its spelling"),
    "a kind without a rule": ("  most: {text: 3}\n", 1, "release speaks of text, which no rule looks for"),
    "a kind that is none": ("  most: {faces: 3}\n", 5, "faces"),
    "share of more than all": ("  largest: {face: 1.5}\n", 5, "write at most 1"),
    "share of nothing": ("  largest: {face: 0.0}\n", 5, "write more than 0"),
    "no number": ("  most: {face: many}\n", 5, "whole number"),
    "none allowed": ("  most: {face: 0}\n", 5, "write at least 1"),
    "sample as a word": ("  sample: yes\n", 5, "number"),
    "sample of more than all": ("  sample: 2.0\n", 5, "write at most 1"),
    "three reviewers": ("  reviewers: 3\n", 5, "1 or 2"),
    "reviewers as yes": ("  reviewers: yes\n", 5, "1 or 2"),
    "recheck as a number": ("  recheck: 1\n", 5, "boolean"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_the_gate_is_told_by_line_and_remedy(name: str) -> None:
    written, line, words = FAULTS[name]
    with pytest.raises(InvalidPolicy) as caught:
        Policy.parse(RULES + written, origin="gate.yaml")
    assert str(caught.value).startswith(f"gate.yaml:{line}: "), caught.value
    assert words in str(caught.value)


@pytest.mark.parametrize("name", preset_names())
def test_a_presets_gate_speaks_of_its_own_kinds(name: str) -> None:
    policy = load_policy(name)
    assert policy.release.kinds <= policy.kinds


FACE = Rule(kind=Kind.FACE, method=RedactionMethod.FILL, detectors=("centerface",))
RECHECKED = Policy(name="x", rules=(FACE,), release=ReleaseGate(recheck=True))


def face(region: Region, score: float = 0.9, kind: Kind = Kind.FACE) -> Detection:
    return Detection(kind, region, score, "centerface")


def test_a_recheck_finds_what_is_sure_and_lies_beside_the_redactions() -> None:
    plan = make_plan(RECHECKED, [face(Region(0, 0, 40, 40))], SIZE)
    beside = face(Region(60, 60, 80, 80))
    seen = [
        beside,
        face(Region(4, 4, 30, 30)),  # under the redaction
        face(Region(30, 0, 70, 40)),  # half under it: that is the redaction, seen once more
        face(Region(60, 0, 80, 20), score=0.59),  # not sure enough
        face(Region(60, 0, 80, 20), kind=Kind.TEXT),  # of a kind without a rule
    ]
    assert missed(RECHECKED, seen, plan.redactions, SIZE) == (beside,)


@given(cases())
def test_a_recheck_that_sees_nothing_but_what_was_hidden_misses_nothing(case: Case) -> None:
    policy, found, size = case
    plan = make_plan(policy, found, size)
    hidden = [d for d in found if (rule := policy.rule_for(d.kind)) and d.score >= rule.review]
    assert missed(policy, hidden, plan.redactions, size) == ()


def test_a_sliver_is_not_missed_where_its_polygon_is_hidden() -> None:
    lines = FACE.model_copy(update={"kind": Kind.TEXT, "shape": Shape.POLYGON, "grow": 0.0})
    size, policy = Size(64, 48), Policy(name="x", rules=(lines,))
    sliver = Polygon.hull([(0, 48), (48, 0), (56, 0), (48, 8)])
    seen = [Detection(Kind.TEXT, Region(0, 0, 56, 48), 1.0, "ppocr", polygon=sliver)]
    assert missed(policy, seen, make_plan(policy, seen, size).redactions, size) == ()
    assert missed(policy, seen, (), size) == tuple(seen)


@given(cases())
def test_what_was_missed_is_hidden_once_it_has_joined_the_plan(case: Case) -> None:
    policy, found, size = case
    first = make_plan(policy, found[: len(found) // 2], size)
    hits = missed(policy, found, first.redactions, size)
    again = make_plan(policy, [*found[: len(found) // 2], *hits], size)
    assert missed(policy, found, again.redactions, size) == ()


def test_a_second_hit_sends_the_same_plan_to_a_person() -> None:
    plan = Plan((), Verdict.RELEASE, ())
    sent = sent_to_review(sent_to_review(plan, "recheck.hit"), "recheck.hit")
    assert sent == Plan((), Verdict.REVIEW, ("recheck.hit",))
    assert all(re.fullmatch(r"[a-z_.]+", reason) for reason in sent.reasons)
