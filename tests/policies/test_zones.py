"""Zones: what is always hidden stays hidden; what is kept lies wholly inside; and both are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.advice import warnings
from policies.changes import Effect
from policies.consequences import consequences
from policies.diff import compare
from policies.editing import edited
from policies.errors import InvalidDecision, InvalidPolicy
from policies.hidden_rows import HiddenRows
from policies.model import TOO_MANY, Detection, Kind, RedactionMethod, Region, Size, Verdict
from policies.plan import make_plan, missed
from policies.plan_difference import difference
from policies.policy import Policy, load_policy
from policies.release import ReleaseGate
from policies.review import Changes, RejectReason, changed
from policies.writing import normal
from policies.zones import Zone
from tests.policies.strategies import cases, policies, zones

YARD = """
name: yard
rules:
  - {kind: face, method: blur, detectors: [centerface]}
  - {kind: text, method: fill, detectors: [ppocr]}
whole_frame: mosaic
zones:
  - name: overlay
    hide: [0, 0, 1920, 65]
    frame: [1920, 1080]
    serves: the site's name and the time
  - name: statue
    keep: [0.5, 0.25, 0.75, 0.5]
    kinds: [face]
    reason: a bronze bust at the gate
"""
SIZE = Size(960, 540)
STATUE = Region(480, 135, 720, 270)  # the zone, to the pixel


def yard(**changes: Any) -> Policy:
    return Policy.parse(YARD).model_copy(update={"whole_frame": None, **changes})


def face(region: Region, source: str = "centerface") -> Detection:
    return Detection(Kind.FACE, region, 0.9, source)


# -- what is done


def test_a_zone_is_hidden_whatever_is_seen() -> None:
    (hidden,) = make_plan(yard(), [], SIZE).redactions
    # 65 of 1080 rows are 32.5 of 540: rounded outwards, then to the block of 4.
    assert hidden.region == Region(0, 0, 960, 36)
    assert (hidden.kind, hidden.method) == (Kind.TEXT, RedactionMethod.FILL)


def test_what_lies_wholly_in_a_kept_zone_stays_visible_and_is_told() -> None:
    plan = make_plan(yard(zones=yard().zones[1:]), [face(STATUE)], SIZE)
    assert plan.redactions == ()
    assert plan.kept == (face(STATUE),)


@pytest.mark.parametrize(
    "reaching",
    [
        replace(STATUE, x0=479),
        replace(STATUE, y0=134),
        replace(STATUE, x1=721),
        replace(STATUE, y1=271),
    ],
)
def test_what_reaches_out_of_it_by_a_pixel_is_hidden(reaching: Region) -> None:
    plan = make_plan(yard(), [face(reaching)], SIZE)
    assert plan.kept == ()
    assert any(one.covers(reaching) for one in plan.redactions)


def test_what_stands_for_a_box_that_reaches_out_of_it_is_hidden() -> None:
    bust = face(Region(500, 150, 600, 250))
    for passer_by in (Region(640, 150, 721, 250), Region(479, 150, 600, 250)):
        plan = make_plan(yard(), [bust.reaching([passer_by])], SIZE)
        assert plan.kept == ()
        assert any(one.covers(bust.region) for one in plan.redactions)
    assert make_plan(yard(), [bust.reaching([STATUE])], SIZE).kept == (bust.reaching([STATUE]),)


@pytest.mark.parametrize("size", [Size(540, 960), Size(960, 720), Size(950, 550)])
@pytest.mark.parametrize("number", [0, 1])
def test_an_image_of_another_shape_than_the_zones_frame_waits_for_a_person_and_keeps_nothing(
    size: Size, number: int
) -> None:
    statue = {"keep": [960, 270, 1440, 540], "frame": [1920, 1080], "kinds": ["face"], "reason": "a bust"}
    policy = yard(zones=(yard().zones[0], Zone.model_validate({"name": "statue", **statue}))[number:])
    there = face(Region(size.width // 2, size.height // 4, size.width // 2 + 40, size.height // 4 + 40))
    plan = make_plan(policy, [there], size)
    assert (plan.verdict, plan.reasons, plan.kept) == (Verdict.REVIEW, ("zone.frame",), ())
    assert any(one.covers(there.region) for one in plan.redactions)
    # A reduced frame has the same shape, but for what rounding does to its sides.
    for same in (SIZE, Size(1920, 1080), Size(1000, 562), Size(854, 480)):
        assert make_plan(policy, [], same).reasons == ()


def test_one_method_for_all_is_the_zones_and_the_whole_frames_too_and_weakens_no_fill() -> None:
    blurred = Zone(name="corner", hide=(0.5, 0.5, 1, 1), kind=Kind.FACE, method=RedactionMethod.BLUR)
    policy = yard(zones=(blurred,), whole_frame=RedactionMethod.BLUR)
    filled = policy.narrowed(method=RedactionMethod.FILL)
    assert {one.method for one in make_plan(filled, [face(STATUE)], SIZE).redactions} == {
        RedactionMethod.FILL
    }
    weaker = filled.narrowed(method=RedactionMethod.MOSAIC)
    assert {one.method for one in weaker.always_hidden(SIZE)} == {RedactionMethod.FILL}
    assert {one.method for one in policy.narrowed(method=RedactionMethod.MOSAIC).always_hidden(SIZE)} == {
        RedactionMethod.MOSAIC
    }


def test_another_kind_in_a_kept_zone_is_hidden_and_so_is_a_crowd() -> None:
    text = Detection(Kind.TEXT, STATUE, 0.9, "ppocr")
    crowd = face(STATUE, f"{TOO_MANY}+centerface")
    plan = make_plan(yard(), [text, crowd], SIZE)
    assert plan.kept == ()
    assert {one.kind for one in plan.redactions if one.covers(STATUE)} == {Kind.TEXT, Kind.FACE}


def test_two_zones_beside_each_other_keep_nothing_that_lies_across() -> None:
    boxes = [0, 0, 0.25, 0.5], [0.25, 0, 0.5, 0.5]
    left, right = ({"keep": box, "kinds": ["face"], "reason": "x"} for box in boxes)
    both = tuple(Zone.model_validate({"name": name, **zone}) for name, zone in (("l", left), ("r", right)))
    across = face(Region(200, 10, 280, 100))
    assert make_plan(yard(zones=both), [across], SIZE).kept == ()


@settings(max_examples=40)
@given(cases(), st.lists(zones(), max_size=4, unique_by=lambda zone: zone.name))
def test_a_kept_zone_uncovers_nothing_that_is_always_hidden(
    case: tuple[Policy, list[Detection], Size], some: list[Zone]
) -> None:
    policy, found, size = case
    zoned = policy.model_copy(update={"zones": tuple(some)})
    plan = make_plan(zoned, found, size)
    rows = HiddenRows(plan.redactions)
    for zone in some:
        hidden = zone.hidden(size)
        assert hidden is None or rows.of(hidden) == hidden.pixels
    bare = make_plan(policy, [one for one in found if one not in plan.kept], size)
    assert all(rows.of(one) == one.pixels for one in bare.redactions)


@pytest.mark.parametrize("method", list(RedactionMethod))
def test_the_whole_frame_is_hidden_and_text_in_it_filled(method: RedactionMethod) -> None:
    text = Detection(Kind.TEXT, Region(100, 100, 200, 140), 0.9, "ppocr")
    plan = make_plan(yard(whole_frame=method, zones=()), [text], SIZE)
    assert {(one.region, one.method) for one in plan.redactions if one.kind is Kind.FACE} == {
        (Region(0, 0, 960, 540), method)
    }
    assert any(one.kind is Kind.TEXT and one.covers(text.region) for one in plan.redactions)


def test_a_look_at_the_copy_does_not_miss_what_is_kept() -> None:
    policy = yard(release=ReleaseGate(recheck=True))
    assert missed(policy, [face(STATUE)], (), SIZE) == ()
    assert missed(policy, [face(replace(STATUE, x1=721))], (), SIZE) != ()


def test_no_reviewer_shows_what_the_policy_always_hides() -> None:
    plan = make_plan(yard(), [face(Region(10, 200, 60, 260))], SIZE)
    index = next(i for i, one in enumerate(plan.redactions) if one.kind is Kind.TEXT)
    for changes in (
        Changes({}, {index: RejectReason.NOTHING_THERE}, []),
        Changes({index: Region(0, 0, 8, 8)}, {}, []),
    ):
        with pytest.raises(InvalidDecision, match="always hidden"):
            changed(plan.redactions, changes, yard(), SIZE)
    other = Changes({}, {1 - index: RejectReason.NOT_REAL}, [])
    assert len(changed(plan.redactions, other, yard(), SIZE)) == 1


# -- the document


def test_the_example_of_the_manual_is_a_policy() -> None:
    manual = (Path(__file__).parents[2] / "policies" / "POLICIES.md").read_text("utf-8")
    example = Policy.parse(manual.partition("```yaml\n")[2].partition("```")[0])
    assert [zone.name for zone in example.zones] == ["camera overlay", "statue"]
    assert {rule.shape.value for rule in example.rules} == {"ellipse", "polygon"}


def test_a_policy_without_zones_keeps_the_version_that_it_had() -> None:
    canonical = load_policy("street").canonical()
    assert b"zones" not in canonical
    assert b"whole_frame" not in canonical
    assert b"shape" not in canonical


def test_documents_that_mean_the_same_have_the_same_version() -> None:
    spelt_out = YARD.replace("    serves:", "    kind: text\n    method: fill\n    serves:")
    assert Policy.parse(spelt_out).version == Policy.parse(YARD).version
    turned = yard(zones=tuple(reversed(yard().zones)))
    assert turned.version == yard().version != yard(zones=()).version


@given(policies(), st.lists(zones(), max_size=3, unique_by=lambda zone: zone.name))
def test_what_is_written_out_means_the_same(policy: Policy, some: list[Zone]) -> None:
    kept = tuple(zone for zone in some if set(zone.kinds) <= policy.kinds)
    zoned = policy.model_copy(update={"zones": kept, "whole_frame": RedactionMethod.BLUR})
    assert Policy.parse(normal(zoned)).version == zoned.version


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("    hide: [0, 0, 1920, 65]\n", "", 8, "either hide or keep"),
        ("[0, 0, 1920, 65]", "[0, 0, 1921, 65]", 8, "leaves the frame 1920 x 1080"),
        ("    frame: [1920, 1080]\n", "", 8, "for pixels, add frame"),
        ("[0, 0, 1920, 65]", "[0, 0, 0, 65]", 8, "is empty"),
        ("[0, 0, 1920, 65]", "[0, 0, yes, 65]", 9, "number"),
        ("[0.5, 0.25, 0.75, 0.5]", "[0, 0, 0.9, 0.5]", 12, "25% of the frame"),
        ("    kinds: [face]\n", "", 12, "write kinds"),
        ("    kinds: [face]", "    kinds: [code]", 2, "no rule looks for"),
        ("    reason: a bronze bust at the gate\n", "", 12, "gives no reason"),
        ("    reason:", "    method: blur\n    reason:", 12, "belong to a zone that is hidden"),
        ("    serves:", "    reason:", 8, "belong to a zone that is kept"),
        ("name: statue", "name: overlay", 2, "two zones are called overlay"),
        ("whole_frame: mosaic", "whole_frame: none", 6, "'fill', 'blur' or 'mosaic'"),
        ("method: blur,", "method: blur, shape: oval,", 4, "'rectangle', 'ellipse' or 'polygon'"),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_to_write(old: str, new: str, line: int, words: str) -> None:
    assert old in YARD
    with pytest.raises(InvalidPolicy, match=words) as caught:
        Policy.parse(YARD.replace(old, new, 1))
    assert [fault.line for fault in caught.value.faults] == [line]


def test_the_form_changes_the_whole_frame_in_place() -> None:
    commented = YARD.replace("zones:", "# what the camera writes\nzones:")
    assert edited(commented, ("whole_frame",), None).text == commented.replace("whole_frame: mosaic\n", "")
    assert edited(commented, ("whole_frame",), "fill").kept
    shaped = edited(commented, ("rules", "text", "shape"), "polygon")
    assert Policy.parse(shaped.text).rules[1].shape == "polygon"


def test_a_run_for_some_kinds_keeps_the_zones_that_hide() -> None:
    texts = yard().narrowed(kinds=[Kind.TEXT])
    assert [zone.name for zone in texts.zones] == ["overlay"]


# -- what it comes to, in words


def test_an_officer_is_told_what_is_kept_and_what_is_hidden() -> None:
    told = consequences(yard())["zones"]
    assert "Nothing of kind face is hidden where it lies wholly in zone statue" in told
    assert "a bronze bust at the gate" in told
    assert (
        "Everything is hidden (fill) in zone overlay, from 0 % to 100 % across and 0 % to 6.02 % down" in told
    )
    assert any("zone statue" in warning for warning in warnings(yard()))
    assert "2 by 1 cells" in consequences(yard(whole_frame=RedactionMethod.MOSAIC))["whole_frame"]


WIDER = {"name": "overlay", "hide": [0, 0, 1, 0.1]}
LARGER = {"name": "statue", "keep": [0.5, 0.25, 0.8, 0.5], "kinds": ["face"], "reason": "x"}


@pytest.mark.parametrize(
    ("zone", "there", "back"),
    [
        (WIDER, Effect.HIDES_MORE, Effect.HIDES_LESS),
        (LARGER, Effect.HIDES_LESS, Effect.HIDES_MORE),
        (WIDER | {"hide": [0, 0.5, 1, 0.6]}, Effect.UNKNOWN, Effect.UNKNOWN),
        (WIDER | {"name": "second"}, Effect.HIDES_MORE, Effect.HIDES_LESS),
        (LARGER | {"name": "second"}, Effect.HIDES_LESS, Effect.HIDES_MORE),
    ],
)
def test_a_changed_zone_goes_in_its_direction(zone: dict[str, Any], there: Effect, back: Effect) -> None:
    old = yard()
    kept = [one for one in old.zones if one.name != zone["name"]]
    new = yard(zones=(*kept, Zone.model_validate(zone)))
    assert [change.effect for change in compare(old, new).changes] == [there]
    assert [change.effect for change in compare(new, old).changes] == [back]


def test_a_new_reason_only_changes_words() -> None:
    statue = yard().zones[1].model_copy(update={"reason": "a bust of bronze"})
    assert [c.effect for c in compare(yard(), yard(zones=(yard().zones[0], statue))).changes] == [Effect.NONE]


FRAMES = st.sampled_from([None, *RedactionMethod])


@settings(max_examples=60)
@given(
    cases(),
    st.lists(zones(), max_size=3, unique_by=lambda zone: zone.name),
    st.lists(zones(), max_size=3, unique_by=lambda zone: zone.name),
    FRAMES,
    FRAMES,
)
def test_zones_that_are_not_called_stricter_hide_nothing_more(
    case: tuple[Policy, list[Detection], Size],
    one: list[Zone],
    other: list[Zone],
    frame: RedactionMethod | None,
    other_frame: RedactionMethod | None,
) -> None:
    """The promise that withdrawal rests on."""
    policy, seen, size = case
    old = policy.model_copy(update={"zones": tuple(one), "whole_frame": frame})
    new = policy.model_copy(update={"zones": tuple(other), "whole_frame": other_frame})
    if not compare(old, new).stricter:
        found = difference(make_plan(old, seen, size), make_plan(new, seen, size))
        assert (found.newly_hidden, found.harder) == ((), ())
