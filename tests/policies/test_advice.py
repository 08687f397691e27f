"""Warnings: none for the presets, one for each thing that is allowed and probably not meant."""

from __future__ import annotations

import pytest

from policies.advice import warnings
from policies.policy import Policy, load_policy, preset_names

GOOD = """\
name: good
rules:
  - {kind: face, method: blur, detectors: [centerface], serves: GDPR Art. 5}
  - {kind: license_plate, method: blur, detectors: [clp], serves: GDPR Art. 5}
  - {kind: text, method: fill, detectors: [ppocr], serves: GDPR Art. 5}
"""

DOUBTFUL = [
    ("kind: text, method: fill", "kind: text, method: blur", "always filled; method blur has no effect"),
    ("kind: face, method: blur", "kind: face, review: 0.5, method: blur", "no person looks at doubtful"),
    (
        "kind: face, method: blur",
        "kind: face, hide: 0.7, review: 0.6, method: blur",
        "seen at the operating point 0.5 are shown; lower `review`",
    ),
    ("kind: face, method: blur", "kind: face, grow: 0.0, method: blur", "with a margin of 0.0 only"),
    (
        "detectors: [ppocr]",
        "detectors: [ppocr], lines: identifiers",
        "reading needs `make install EXTRAS=ocr`",
    ),
    (", serves: GDPR Art. 5", "", "names no clause that it serves"),
    (
        "  - {kind: face, method: blur, detectors: [centerface], serves: GDPR Art. 5}\n",
        "",
        "faces are not looked for and will be shown; add a rule",
    ),
]


def test_what_is_meant_is_not_warned_of() -> None:
    assert warnings(Policy.parse(GOOD)) == []


@pytest.mark.parametrize("name", preset_names())
def test_presets_for_streets_are_not_warned_of(name: str) -> None:
    policy = load_policy(name)
    if {"face", "license_plate"} <= policy.kinds:
        assert warnings(policy) == []


@pytest.mark.parametrize(("old", "new", "words"), DOUBTFUL)
def test_each_doubtful_thing_is_named_with_its_remedy(old: str, new: str, words: str) -> None:
    assert old in GOOD
    (warning,) = warnings(Policy.parse(GOOD.replace(old, new, 1)))
    assert words in warning
