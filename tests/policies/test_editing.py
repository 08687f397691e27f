"""One change to a document: what it comes to, and that everything else stays as it was written."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policies.document import NotYaml
from policies.editing import NoSuchPlace, Value, edited
from policies.model import Kind
from policies.policy import PRESETS, Policy, load_policy, preset_names
from policies.writing import flow, normal, number, written

STREET = (PRESETS / "street.yaml").read_text("utf-8")

BY_LINE = """\
# Ours.
name: gate   # the north gate
rules:
  # Faces first.
  - kind: face
    method: blur
    detectors:   # both must run
      - centerface
      - mediapipe
    grow: 0.1
  - kind: text
    method: fill
    detectors: [ppocr]
release:
  sample: 0.1
"""

SHAPES = {
    "as the preset is": STREET,
    "line by line": BY_LINE,
    "in brackets": "{name: gate, rules: [{kind: face, method: blur, detectors: [centerface], hide: 0.5}]}",
    "windows": BY_LINE.replace("\n", "\r\n"),
    "no end of line": BY_LINE.rstrip("\n"),
}

scores = st.integers(25, 100).map(lambda n: n / 100)
changes: st.SearchStrategy[tuple[tuple[str, ...], Value | None]] = st.one_of(
    st.tuples(
        st.tuples(st.just("rules"), st.just("face"), st.sampled_from(["hide", "review", "grow"])),
        st.none() | scores,
    ),
    st.tuples(st.just(("rules", "face", "detectors")), st.just(["centerface", "mediapipe"])),
    st.tuples(st.just(("rules", "face", "serves")), st.text(max_size=60)),
    st.tuples(st.tuples(st.just("rules"), st.sampled_from([k.value for k in Kind])), st.booleans()),
    st.tuples(st.just(("title",)), st.none() | st.text(max_size=60)),
    st.tuples(st.just(("release", "sample")), st.none() | scores),
    st.tuples(
        st.tuples(st.just("release"), st.sampled_from(["most", "expect"]), st.just("face")),
        st.none() | st.integers(1, 500),
    ),
)


def plain(text: str) -> Any:
    return yaml.safe_load(text)


@given(st.sampled_from(sorted(SHAPES)), changes)
def test_the_value_changes_and_every_other_one_stays(
    shape: str, change: tuple[tuple[str, ...], Value | None]
) -> None:
    path, value = change
    before, after = plain(SHAPES[shape]), plain(edited(SHAPES[shape], path, value).text)

    def without(document: Any) -> Any:
        kept = {key: inner for key, inner in document.items() if key != path[0]}
        if path[0] == "rules":
            kept["rules"] = [rule for rule in document["rules"] or [] if rule["kind"] != path[1]]
            kept["rest"] = [
                {k: v for k, v in rule.items() if k != path[2]}
                for rule in document["rules"]
                if len(path) == 3 and rule["kind"] == path[1]
            ]
        elif path[0] == "release":
            release = document.get("release") or {}
            kept["rest"] = {k: v for k, v in release.items() if k != path[1]}
        return kept

    assert without(after) == without(before)
    found: Any = after
    for step in path:
        if isinstance(found, list):
            found = next((rule for rule in found if rule["kind"] == step), None)
        else:
            found = None if found is None else found.get(step)
    if len(path) == 2 and path[0] == "rules":
        assert (found is not None) is value
    else:
        assert found == value


def test_only_the_changed_characters_differ() -> None:
    changed = edited(STREET, ("rules", "license_plate", "grow"), 0.2)
    assert changed.kept
    assert changed.text == STREET.replace("grow: 0.15", "grow: 0.2")


def test_comments_and_order_survive_a_rule_that_comes_and_goes() -> None:
    more = edited(STREET, ("rules", "code"), True)
    assert more.kept
    assert [line for line in more.text.splitlines() if line in STREET.splitlines()] == STREET.splitlines()
    assert edited(more.text, ("rules", "code"), False).text == STREET


def test_a_new_key_stands_where_the_presets_have_it() -> None:
    text = edited(BY_LINE, ("rules", "face", "hide"), 0.6).text
    assert "      - mediapipe\n    hide: 0.6\n    grow: 0.1\n" in text


def test_a_list_by_lines_becomes_one_in_brackets_and_keeps_the_comment_of_its_key() -> None:
    text = edited(BY_LINE, ("rules", "face", "detectors"), ["centerface"]).text
    assert "    detectors: [centerface]   # both must run\n    grow: 0.1\n" in text


def test_what_cannot_be_changed_in_place_is_written_anew_and_says_so() -> None:
    changed = edited(SHAPES["in brackets"], ("rules", "text"), True)
    assert not changed.kept
    assert [rule["kind"] for rule in plain(changed.text)["rules"]] == ["face", "text"]


def test_the_last_value_of_a_gate_takes_the_gate_with_it() -> None:
    assert "release" not in edited(BY_LINE, ("release", "sample"), None).text
    assert Policy.parse(edited(STREET, ("release", "most", "face"), None).text).release.most == {
        Kind.LICENSE_PLATE: 50
    }


def test_a_fault_can_be_written_and_is_then_told() -> None:
    text = edited(STREET, ("rules", "face", "grow"), number("1.4")).text
    assert "grow: 1.4\n" in text
    assert "grow: '1,4'\n" in edited(STREET, ("rules", "face", "grow"), number("1,4")).text


@pytest.mark.parametrize("path", [("rules", "face", "hide"), ("rules", "nose"), ("rules", "a", "b", "c")])
def test_a_place_that_is_not_there_is_refused(path: tuple[str, ...]) -> None:
    with pytest.raises(NoSuchPlace):
        edited("name: gate\nrules: []\n", path, True)


def test_what_is_no_yaml_is_not_touched() -> None:
    with pytest.raises(NotYaml):
        edited("name: [", ("name",), "gate")


@pytest.mark.parametrize("name", preset_names())
def test_the_normal_form_means_the_same(name: str) -> None:
    policy = load_policy(name)
    assert Policy.parse(normal(policy)).version == policy.version


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20), st.lists, max_leaves=5))
def test_a_value_in_one_line_reads_back(value: Any) -> None:
    assert plain(flow(value)) == value


def test_a_document_is_written_with_what_no_policy_has_too() -> None:
    values = {"colour": "red", "rules": [{"kind": "face", "shade": 3}], "name": "gate"}
    assert plain(written(values)) == values
