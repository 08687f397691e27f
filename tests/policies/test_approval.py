"""The states of an uploaded policy: every pair, allowed or refused."""

from __future__ import annotations

from itertools import product

import pytest

from policies.approval import APPLICABLE, ENDED, TRANSITIONS, PolicyState, check_transition
from policies.errors import IllegalTransition

LEGAL = {
    ("draft", "submitted"),
    ("draft", "retired"),
    ("submitted", "approved"),
    ("submitted", "rejected"),
    ("submitted", "retired"),
    ("approved", "effective"),
    ("approved", "retired"),
    ("effective", "effective"),  # applied to a second dataset
    ("effective", "retired"),
}


@pytest.mark.parametrize(("old", "new"), list(product(PolicyState, PolicyState)))
def test_only_the_ways_that_are_drawn_exist(old: PolicyState, new: PolicyState) -> None:
    if (old.value, new.value) in LEGAL:
        check_transition(old, new)
        return
    with pytest.raises(IllegalTransition, match=f"that is {old} cannot become {new}"):
        check_transition(old, new)


def test_nothing_can_be_applied_that_was_not_approved() -> None:
    reached = {PolicyState.APPROVED}
    for _ in PolicyState:
        reached |= {new for old in reached for new in TRANSITIONS[old]}
    before = {old for old, new in TRANSITIONS.items() if PolicyState.EFFECTIVE in new}
    assert before == APPLICABLE == {PolicyState.APPROVED, PolicyState.EFFECTIVE}
    assert reached == APPLICABLE | {PolicyState.RETIRED}


def test_an_ended_policy_never_comes_back() -> None:
    assert {state for state in PolicyState if not TRANSITIONS[state]} == ENDED
