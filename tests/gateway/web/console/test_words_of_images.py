"""What is said of policies and images: from the policy itself, and never a code where words are due."""

from __future__ import annotations

import re

import pytest

from gateway.imaging.refusals import REFUSALS
from gateway.web.console.consequences import consequences, kinds_hidden
from gateway.web.console.outcomes import (
    LOOKS,
    hidden_in,
    outcome_of_state,
    refusal_of,
    refusals,
)
from policies.lifecycle import AssetState
from policies.model import ALWAYS_FILLED, Kind
from policies.policy import Lines, Policy, load_policy, preset_names
from policies.release import RISKS

DETECTORS = {"face": ["centerface"], "license_plate": ["clp"], "text": ["ppocr"], "code": ["zxing"]}


def policy(*kinds: Kind, method: str = "blur", **gate: object) -> Policy:
    rules = [{"kind": kind, "method": method, "detectors": DETECTORS[kind]} for kind in kinds]
    return Policy.model_validate({"name": "made", "rules": rules, "release": gate})


def said(made: Policy) -> str:
    return " ".join(f"{one.before}{one.strong}{one.after}" for one in consequences(made))


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_told_whole(name: str) -> None:
    preset, told = load_policy(name), said(load_policy(name))
    for rule in preset.rules:
        word = {"face": "ace", "license_plate": "icense plates", "text": "text", "code": "odes"}[rule.kind]
        assert word in told.split("Everything else")[0]
    assert ("searched once more" in told) == preset.release.recheck
    assert ("drawn by lot" in told) == (preset.release.sample > 0)


def test_text_and_codes_are_told_as_filled_whatever_the_policy_says() -> None:
    told = said(policy(*Kind, method="blur"))
    assert "Faces and license plates are blurred." in told
    assert "All text and codes are filled." in told
    assert frozenset({Kind.TEXT, Kind.CODE}) == ALWAYS_FILLED


def test_what_is_not_looked_for_is_said() -> None:
    assert "does not look for license plates, text and codes" in said(policy(Kind.FACE))
    assert "not look for" not in said(policy(*Kind))


def test_two_people_a_sample_and_expectations_are_told() -> None:
    told = said(policy(Kind.FACE, reviewers=2, sample=0.02, expect={"face": 1}))
    assert "Two people look, each alone, before release if a find is doubtful" in told
    assert "something expected is not found" in told
    assert "2 % of all images" in told


def test_identifiers_only_is_not_told_as_all_text() -> None:
    rule = {"kind": "text", "method": "fill", "detectors": ["ppocr"], "lines": Lines.IDENTIFIERS}
    made = Policy.model_validate({"name": "made", "rules": [rule]})
    assert kinds_hidden(made) == "names, numbers, dates and other identifiers in text"


def test_what_a_copy_hides_is_counted_by_kind() -> None:
    def hides(*kinds: str) -> dict[str, object]:
        return {"redactions": [{"kind": kind} for kind in kinds]}

    assert hidden_in(hides()) == "Nothing was found to hide"
    assert hidden_in(hides("face")) == "1 face hidden"
    assert hidden_in(hides("text", "face", "text", "license_plate")) == (
        "1 face, 1 license plate and 2 lines of text hidden"
    )


def test_every_refusal_has_words_and_a_way_out_and_no_number_left_open() -> None:
    assert set(REFUSALS) <= set(refusals())
    for happened, advice in refusals().values():
        assert re.match(r"[A-Z]", happened)
        assert advice.endswith(".")
        assert "{" not in happened + advice
    assert refusal_of("check.unheard-of") == ("It does not go out", "Held for your compliance office.")


@pytest.mark.parametrize("word", [*sorted(set(RISKS) - {"sampled", "hit"}), "too_many"])
@pytest.mark.parametrize("kind", Kind)
def test_every_doubt_of_the_gate_is_told_in_words(kind: Kind, word: str) -> None:
    told = outcome_of_state(AssetState.NEEDS_REVIEW, f"{kind.value}.{word}")
    assert "a person must look" not in told
    assert "_" not in told
    assert "." not in told


def test_a_doubt_that_nobody_knows_is_told_as_one() -> None:
    for reason in (None, "", "dragon.doubtful", "face.weird"):
        assert outcome_of_state(AssetState.NEEDS_REVIEW, reason).startswith("A reviewer looks first: ")
    assert set(LOOKS) >= {"sampled", "recheck.hit", "requeued", "overtaken", "zone.frame"}
