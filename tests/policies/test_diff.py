"""Differences between policies: each in a direction, in words, and never laxer than what plans show."""

from __future__ import annotations

import pytest
from hypothesis import given

from policies.changes import LAXER, STRICTER, Effect
from policies.diff import compare
from policies.model import Detection, Kind, RedactionMethod, Size
from policies.plan import make_plan
from policies.plan_difference import difference
from policies.policy import Policy, load_policy
from tests.policies.strategies import cases, policies

BASE = """\
name: base
rules:
  - {kind: face, method: blur, detectors: [centerface], second_opinion: [mediapipe], hide: 0.5, review: 0.45}
  - {kind: text, method: fill, detectors: [ppocr]}
"""

CHANGES = [
    ("method: blur", "method: fill", {Effect.HIDES_MORE}, "blur becomes fill"),
    ("method: blur", "method: mosaic", {Effect.NONE}, "the same coarse rest"),
    ("method: fill", "method: blur", {Effect.NONE}, "text lines are filled whatever is written"),
    ("review: 0.45", "review: 0.4", {Effect.HIDES_MORE}, "fainter ones are hidden too"),
    ("review: 0.45", "review: 0.5", {Effect.HIDES_LESS}, "fainter ones are shown"),
    ("hide: 0.5", "hide: 0.6", {Effect.ASKS_MORE}, "a person looks at more of them"),
    ("hide: 0.5", "hide: 0.47", {Effect.ASKS_LESS}, "fewer are seen by a person"),
    ("review: 0.45", "review: 0.45, grow: 0.3", {Effect.HIDES_MORE}, "a wider margin"),
    ("review: 0.45", "review: 0.45, grow: 0.1", {Effect.HIDES_LESS}, "a narrower margin"),
    (
        "second_opinion: [mediapipe]",
        "second_opinion: []",
        {Effect.HIDES_LESS},
        "mediapipe is not asked any more",
    ),
    (
        "detectors: [centerface]",
        "detectors: [centerface, other]",
        {Effect.HIDES_MORE},
        "other must run too",
    ),
    (
        "detectors: [ppocr]",
        "detectors: [ppocr], lines: identifiers",
        {Effect.HIDES_LESS},
        "all becomes identifiers; each line is read",
    ),
    ("detectors: [centerface]", "detectors: [other]", {Effect.UNKNOWN}, "counted as stricter"),
    ("review: 0.45", "review: 0.45, serves: 'GDPR'", {Effect.NONE}, 'nothing becomes "GDPR"'),
    ("name: base", "name: other", {Effect.NONE}, 'name: "base" becomes "other"'),
    (
        "  - {kind: text, method: fill, detectors: [ppocr]}\n",
        "",
        {Effect.HIDES_LESS},
        "text lines: no longer looked for; they are shown",
    ),
    (
        "name: base\nrules:\n",
        "name: base\nrules:\n  - {kind: license_plate, method: blur, detectors: [clp]}\n",
        {Effect.HIDES_MORE},
        "license plates: newly looked for and hidden (blur; detectors clp)",
    ),
]


@pytest.mark.parametrize(("old", "new", "effects", "words"), CHANGES)
def test_each_change_is_told_with_its_direction(old: str, new: str, effects: set[Effect], words: str) -> None:
    assert old in BASE
    found = compare(Policy.parse(BASE), Policy.parse(BASE.replace(old, new, 1)))
    assert {change.effect for change in found.changes} == effects
    assert words in found.sentences()[0]
    assert found.stricter == bool(effects & STRICTER)
    assert found.laxer == bool(effects & (LAXER | {Effect.UNKNOWN}))


GATES = [
    ("", "sample: 0.1", {Effect.ASKS_MORE}),
    ("sample: 0.2", "sample: 0.1", {Effect.ASKS_LESS}),
    ("", "reviewers: 2", {Effect.ASKS_MORE}),
    ("", "largest: {face: 0.3}", {Effect.ASKS_MORE}),
    ("largest: {face: 0.3}", "largest: {face: 0.2}", {Effect.ASKS_MORE}),
    ("most: {face: 3}", "most: {face: 9}", {Effect.ASKS_LESS}),
    ("most: {face: 3}", "", {Effect.ASKS_LESS}),
    ("", "expect: {face: 1}", {Effect.ASKS_MORE}),
    ("", "recheck: true", {Effect.HIDES_MORE}),
    ("recheck: true", "", {Effect.HIDES_LESS}),
]


@pytest.mark.parametrize(("old", "new", "effects"), GATES)
def test_each_change_of_the_release_gate_has_its_direction(old: str, new: str, effects: set[Effect]) -> None:
    one, other = (Policy.parse(f"{BASE}release: {{{gate}}}\n") for gate in (old, new))
    assert {change.effect for change in compare(one, other).changes} == effects


def test_under_a_recheck_a_lower_hide_score_counts_as_stricter() -> None:
    one, other = (
        Policy.parse(BASE.replace("hide: 0.5", f"hide: {hide}") + "release: {recheck: true}\n")
        for hide in (0.5, 0.47)
    )
    assert compare(one, other).stricter
    assert not compare(other, other).stricter


def test_a_policy_differs_in_nothing_from_itself() -> None:
    assert compare(load_policy("street"), load_policy("street")).changes == ()


def test_a_field_that_this_release_does_not_know_counts_as_stricter() -> None:
    class Later(Policy):
        sample: float = 0.1

    old = Policy.parse(BASE)
    found = compare(old, Later.model_validate(old.model_dump()))
    assert [change.field for change in found.changes] == ["sample"]
    assert found.stricter
    assert "counted as stricter" in found.sentences()[0]


@given(policies(), policies())
def test_both_directions_name_the_same_fields(one: Policy, other: Policy) -> None:
    there, back = compare(one, other), compare(other, one)
    assert [(c.kind, c.field) for c in there.changes] == [(c.kind, c.field) for c in back.changes]
    assert (one.version == other.version) == (there.changes == ())


@given(cases(), policies())
def test_what_is_not_called_stricter_never_hides_more(
    case: tuple[Policy, list[Detection], Size], new: Policy
) -> None:
    """The promise that withdrawal rests on: with the same detections no pixel is newly hidden."""
    old, seen, size = case
    if compare(old, new).stricter:
        return
    found = difference(make_plan(old, seen, size), make_plan(new, seen, size))
    assert found.newly_hidden == ()
    assert found.harder == ()


@given(cases())
def test_a_laxer_twin_is_seen_as_such(case: tuple[Policy, list[Detection], Size]) -> None:
    """The same policy with a narrower margin and a higher floor: laxer, and it hides nothing more."""
    old, seen, size = case
    rules = [rule.model_copy(update={"grow": rule.grow / 2, "review": rule.hide}) for rule in old.rules]
    new = Policy(name=old.name, title=old.title, rules=tuple(rules))
    found = compare(old, new)
    assert not found.stricter
    assert found.laxer == (new.version != old.version)
    changed = difference(make_plan(old, seen, size), make_plan(new, seen, size))
    assert (changed.newly_hidden, changed.harder) == ((), ())


def test_kinds_that_are_always_filled_never_grow_softer() -> None:
    rule = load_policy("street").rules[0].model_dump()
    old, new = (
        Policy.model_validate({"name": "x", "rules": [rule | {"kind": Kind.CODE, "method": method}]})
        for method in (RedactionMethod.FILL, RedactionMethod.BLUR)
    )
    assert not compare(old, new).laxer
