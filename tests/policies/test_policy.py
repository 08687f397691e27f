"""Policies as documents: the version names the meaning, and a fault is told by line and remedy."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given

from policies.errors import InvalidPolicy, UnknownPolicy
from policies.model import Kind, RedactionMethod
from policies.policy import PRESETS, Policy, load_policy, preset_names
from tests.policies.strategies import policies

WRITTEN = """\
# a comment
name: gate
title: 'The gate'
rules:
  - kind: face
    method: blur
    detectors:
      - centerface
    hide: 0.50
    review: 0.4
    grow: 0.15
"""

SAME = [
    "{name: gate, title: The gate, rules: [{kind: face, method: blur, detectors: [centerface]}]}",
    '{"rules": [{"detectors": ["centerface"], "method": "blur", "kind": "face", "hide": 0.5}],'
    ' "title": "The gate", "name": "gate"}',
    "---\nname: gate\ntitle: >-\n  The\n  gate\nrules:\n- {kind: face, method: blur, second_opinion: [],"
    " detectors: [centerface], serves: ''}\n...\n",
]


@pytest.mark.parametrize("text", SAME)
def test_the_same_meaning_in_another_layout_is_the_same_version(text: str) -> None:
    assert Policy.parse(text).canonical() == Policy.parse(WRITTEN).canonical()
    assert Policy.parse(text).version == Policy.parse(WRITTEN).version


CHANGES = [
    ("name: gate", "name: gates"),
    ("The gate", "A gate"),
    ("kind: face", "kind: text"),
    ("method: blur", "method: fill"),
    ("- centerface", "- clp"),
    ("- centerface", "- centerface\n      - clp"),
    ("hide: 0.50", "hide: 0.51"),
    ("review: 0.4", "review: 0.41"),
    ("grow: 0.15", "grow: 0.150001"),
    ("    grow: 0.15", "    second_opinion: [mediapipe]"),
    ("    grow: 0.15", "    serves: GDPR Art. 25"),
    (
        "    grow: 0.15",
        "    grow: 0.15\n  - {kind: license_plate, method: fill, detectors: [clp]}",
    ),
]


def test_any_change_is_another_version() -> None:
    versions = {Policy.parse(WRITTEN).version}
    for old, new in CHANGES:
        assert old in WRITTEN
        versions.add(Policy.parse(WRITTEN.replace(old, new)).version)
    assert len(versions) == len(CHANGES) + 1


def test_all_lines_written_out_are_the_version_that_was_before_lines_were_read() -> None:
    text = "{{name: x, rules: [{{kind: text, method: fill, detectors: [ppocr]{}}}]}}"
    old, same, other = (
        Policy.parse(text.format(more)) for more in ("", ", lines: all", ", lines: identifiers")
    )
    assert old.version == same.version != other.version
    assert old.version == "sha256:42cc10baeee1f9230c4c112e8cb261299e6de148ce118c324f8e3d3b8a5b5d09"
    assert (old.reads, other.reads) == (False, True)


def test_the_order_of_rules_is_layout_too() -> None:
    face = "{kind: face, method: blur, detectors: [centerface]}"
    plate = "{kind: license_plate, method: fill, detectors: [clp]}"
    one, other = (Policy.parse(f"{{name: x, rules: [{a}, {b}]}}") for a, b in [(face, plate), (plate, face)])
    assert one.version == other.version


@given(policies())
def test_the_canonical_form_is_the_policy_and_its_own_canonical_form(policy: Policy) -> None:
    again = Policy.model_validate_json(policy.canonical())
    assert again.canonical() == policy.canonical()
    assert {rule.kind: rule for rule in again.rules} == {rule.kind: rule for rule in policy.rules}
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", policy.version)


@given(policies())
def test_a_policy_written_as_yaml_comes_back(policy: Policy) -> None:
    document = yaml.safe_dump(json.loads(policy.canonical()), allow_unicode=False)
    assert Policy.parse(document).version == policy.version


HEAD = "name: x\nrules:\n  - kind: face\n    method: blur\n    detectors: [centerface]\n"

# The document, the line that each message must name, and the words that say what to do.
FAULTS: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "empty": ("", [(1, "a policy is a mapping")]),
    "comment only": ("# nothing\n", [(1, "a policy is a mapping")]),
    "a list": ("- a\n- b\n", [(1, "a policy is a mapping")]),
    "a word": ("street", [(1, "a policy is a mapping")]),
    "a number": ("7", [(1, "a policy is a mapping")]),
    "two documents": ("name: x\n---\nname: y\n", [(2, "another document")]),
    "no rules": ("name: x\n", [(1, "rules: is missing; add it")]),
    "empty rules": ("name: x\nrules: []\n", [(2, "at least 1")]),
    "name missing": (HEAD.replace("name: x\n", "title: y\n"), [(1, "name: is missing; add it")]),
    "name with capitals": (HEAD.replace("name: x", "name: Street"), [(1, "pattern")]),
    "name with a path": (HEAD.replace("name: x", "name: ../x"), [(1, "pattern")]),
    "misspelt word": (HEAD + "    hidee: 0.5\n", [(6, "mend its spelling")]),
    "lines of a face": (HEAD + "    lines: identifiers\n", [(6, "only a rule of kind text has lines")]),
    "misspelt lines": (
        HEAD.replace("face", "text", 1) + "    lines: some\n",
        [(6, "lines: is 'some'; write one of 'all' or 'identifiers'")],
    ),
    "misspelt method": (HEAD.replace("blur", "blurr"), [(4, "write one of 'fill', 'blur' or 'mosaic'")]),
    "misspelt kind": (HEAD.replace("face", "faces", 1), [(3, "write one of 'face', 'license_plate'")]),
    "no detectors": (HEAD.replace("[centerface]", "[]"), [(5, "at least 1")]),
    "detectors as a word": (HEAD.replace("[centerface]", "centerface"), [(5, "write a list")]),
    "detector with a path": (HEAD.replace("centerface", "../evil"), [(5, "pattern")]),
    "score too high": (HEAD + "    hide: 1.5\n", [(6, "write at most 1")]),
    "score too low": (HEAD + "    hide: 0.5\n    review: 0.1\n", [(7, "write at least 0.25")]),
    "score as a word": (HEAD + "    hide: high\n", [(6, "number")]),
    "score as yes": (HEAD + "    hide: yes\n", [(6, "number")]),
    "score not a number": (HEAD + "    hide: .nan\n", [(6, "hide")]),
    "margin infinite": (HEAD + "    grow: .inf\n", [(6, "write at most 1")]),
    "margin negative": (HEAD + "    grow: -0.1\n", [(6, "write at least 0")]),
    "bands crossed": (HEAD + "    hide: 0.4\n    review: 0.5\n", [(3, "lower it or leave it out")]),
    "two rules for a kind": (
        HEAD + "  - {kind: face, method: fill, detectors: [clp]}\n",
        [(1, "two rules for face; merge them into one")],
    ),
    "title as a date": ("title: 2031-01-02\n" + HEAD, [(1, "string")]),
    "a date that does not exist": ("title: 2031-02-31\n" + HEAD, [(1, "does not exist")]),
    "key twice": (HEAD + "    method: fill\n", [(6, "the key 'method' stands twice; remove one")]),
    "top key twice": (HEAD + "name: y\n", [(6, "the key 'name' stands twice; remove one")]),
    "key that is a list": ("? [a]\n: b\n", [(1, "unhashable key")]),
    "alias": ("name: &n x\ntitle: *n\n" + HEAD[8:], [(2, "write the value out")]),
    "itself within itself": ("name: x\nrules: &r [*r]\n", [(2, "write the value out")]),
    "python object": (
        "name: !!python/object/apply:os.getcwd []\n" + HEAD[8:],
        [(1, "could not determine a constructor")],
    ),
    "python name": ("name: x\nrules: !!python/name:os.system\n", [(2, "could not determine a constructor")]),
    "unclosed": ("name: x\nrules: [\n", [(3, "not a policy's YAML")]),
    "tab": ("name: x\nrules:\n\t- kind: face\n", [(3, "not a policy's YAML")]),
    "control character": ("name: x\x00\n", [(1, "save it as plain text")]),
    "several at once": (
        HEAD + "    hide: 2\n    groww: 1\n",
        [(6, "write at most 1"), (7, "mend its spelling")],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_by_line_and_remedy(name: str) -> None:
    text, expected = FAULTS[name]
    with pytest.raises(InvalidPolicy) as caught:
        Policy.parse(text, origin="gate.yaml")
    messages = str(caught.value).splitlines()
    assert len(messages) == len(expected), messages
    for message, (line, words) in zip(messages, expected, strict=True):
        assert message.startswith(f"gate.yaml:{line}: ")
        assert words in message


def billion_laughs() -> str:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "bomb",
    [
        billion_laughs(),
        "[" * 30_000,
        "{a: " * 10_000,
        "- " * 20_000,
        "x" * 10_000_000,
        f"name: {'1' * 60_000}",
    ],
    ids=["billion laughs", "lists", "mappings", "dashes", "megabytes", "digits"],
)
def test_a_document_made_to_exhaust_is_refused_at_once(bomb: str) -> None:
    start = time.process_time()
    with pytest.raises(InvalidPolicy) as caught:
        Policy.parse(bomb)
    assert time.process_time() - start < 2.0
    assert len(str(caught.value)) < 1_000


def test_a_long_wrong_value_is_not_repeated_whole() -> None:
    with pytest.raises(InvalidPolicy) as caught:
        Policy.parse(HEAD + f"    hide: {'x' * 5_000}\n")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", preset_names())
def test_each_rule_of_a_preset_says_which_clause_it_serves(name: str) -> None:
    policy = load_policy(name)
    assert policy.name == name
    assert policy.title
    for rule in policy.rules:
        assert re.search(r"\b(Art\.|§|164\.)", rule.serves), rule.kind


def test_street_and_cctv_blur_faces_and_plates() -> None:
    for name in ("street", "cctv"):
        policy = load_policy(name)
        assert policy.kinds == {Kind.FACE, Kind.LICENSE_PLATE}
        assert {rule.method for rule in policy.rules} == {RedactionMethod.BLUR}


def test_a_policy_is_read_from_a_file_and_the_message_names_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(WRITTEN)
    assert load_policy(str(file)).version == Policy.parse(WRITTEN).version
    file.write_text("name: [")
    with pytest.raises(InvalidPolicy, match=r"^mine\.yaml:1: "):
        load_policy(str(file))


def test_an_unknown_policy_is_told_with_the_presets(tmp_path: Path) -> None:
    with pytest.raises(UnknownPolicy, match=r"no such preset or file; presets: .*street"):
        load_policy("strete")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(UnknownPolicy, match="not readable as UTF-8"):
        load_policy(str(binary))


def test_a_preset_stands_before_a_file_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("street").write_text(WRITTEN)
    assert load_policy("street").version == Policy.parse((PRESETS / "street.yaml").read_text()).version


def test_narrowed_keeps_the_kinds_asked_for_under_another_version() -> None:
    street = load_policy("street")
    faces = street.narrowed(kinds=[Kind.FACE])
    assert faces.kinds == {Kind.FACE}
    assert faces.rule_for(Kind.FACE) == street.rule_for(Kind.FACE)
    assert faces.rule_for(Kind.LICENSE_PLATE) is None
    filled = street.narrowed(method=RedactionMethod.FILL)
    assert [rule.method for rule in filled.rules] == [RedactionMethod.FILL] * 2
    assert len({street.version, faces.version, filled.version}) == 3
    assert street.narrowed().version == street.version


def test_narrowed_refuses_what_the_policy_has_no_rule_for() -> None:
    street = load_policy("street")
    with pytest.raises(InvalidPolicy, match="no rule for text; it has face, license_plate"):
        street.narrowed(kinds=[Kind.FACE, Kind.TEXT])
    with pytest.raises(ValueError, match="at least 1"):
        street.narrowed(kinds=[])


def test_unknown_detectors_and_blind_ones_are_told_by_line_with_the_names_that_there_are() -> None:
    known = {"centerface": frozenset({Kind.FACE}), "clp": frozenset({Kind.LICENSE_PLATE})}
    wrong = WRITTEN.replace("      - centerface", "      - clp\n    second_opinion: [sharpeye]")
    Policy.parse(wrong)  # who only reads an old policy need not know them
    with pytest.raises(InvalidPolicy) as caught:
        Policy.parse(wrong, origin="gate.yaml", detectors=known)
    faults = {fault.line: fault.message for fault in caught.value.faults}
    assert "clp never finds a face; write some of centerface" in faults[7]
    assert "there is no detector sharpeye; write some of centerface, clp" in faults[9]
    assert str(caught.value).startswith("gate.yaml:7: ")
    assert Policy.parse(WRITTEN, detectors=known) == Policy.parse(WRITTEN)
