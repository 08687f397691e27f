"""What a form shows of a policy: a value for each field, and a sentence for what it does."""

from __future__ import annotations

import pytest

from gateway.imaging.cells import grid_for
from gateway.imaging.redact import bits_of
from policies.consequences import BITS, CELLS, consequences
from policies.errors import InvalidPolicy
from policies.form import faults_of, values
from policies.model import Kind, Redaction, RedactionMethod, Region
from policies.policy import PRESETS, Policy, load_policy, preset_names

STREET = (PRESETS / "street.yaml").read_text("utf-8")


@pytest.mark.parametrize("name", preset_names())
def test_every_choice_of_a_rule_has_its_sentence(name: str) -> None:
    told = consequences(load_policy(name))
    for rule in load_policy(name).rules:
        for field in ("method", "hide", "review", "grow", "shape", "detectors", "second_opinion", "serves"):
            assert told[f"rules.{rule.kind.value}.{field}"]


@pytest.mark.parametrize("kind", sorted(CELLS))
def test_the_number_of_cells_is_what_is_drawn_at_most(kind: Kind) -> None:
    grid = grid_for(kind, 200, 1000)
    assert CELLS[kind] == f"{max(grid)} by {min(grid)}"
    large = Redaction(Region(0, 0, 1000, 1000), kind, RedactionMethod.MOSAIC)
    assert BITS[kind] == bits_of(large)


def test_a_margin_is_told_by_an_example_and_a_missing_one_by_its_danger() -> None:
    wide, none = (Policy.parse(STREET.replace("grow: 0.08", f"grow: {grow}")) for grow in (0.25, 0.0))
    assert "150 pixels wide" in consequences(wide)["rules.face.grow"]
    assert "a rim may stay visible" in consequences(none)["rules.face.grow"]


def test_fields_show_what_stands_there_and_else_the_default() -> None:
    shown = values("name: gate\nrules:\n  - kind: face\n    method: fill\n    detectors: [centerface]\n")
    assert shown["rules.face.method"] == "fill"
    assert shown["rules.face.hide"] == "0.5"
    assert shown["rules.face.detectors"] == ["centerface"]
    assert shown["rules.text"] is False


@pytest.mark.parametrize(
    "text", ["", "just words", "rules: {a: b}", "rules: [1, {kind: nose}]", "release: 3"]
)
def test_fields_can_be_shown_of_anything_that_is_yaml(text: str) -> None:
    assert values(text)["rules.face"] is False


def test_a_fault_knows_the_field_of_its_kind_wherever_the_rule_stands() -> None:
    text = STREET.replace("    grow: 0.15", "    grow: 7")
    with pytest.raises(InvalidPolicy) as caught:
        Policy.parse(text)
    (fault,) = faults_of(caught.value, text)
    assert fault["place"] == "rules.license_plate.grow"
