"""The states of an asset: every pair, allowed or refused, as the design draws them."""

from __future__ import annotations

from itertools import product

import pytest

from policies.errors import IllegalTransition
from policies.lifecycle import TRANSITIONS, AssetState, check_transition

LEGAL = {
    ("received", "processing"),
    ("received", "quarantined"),
    ("received", "erased"),
    ("processing", "processing"),  # a job that is taken over begins again
    ("processing", "received"),  # a worker that lacks what it needs gives it back
    ("processing", "released"),
    ("processing", "needs_review"),
    ("processing", "quarantined"),
    ("processing", "erased"),
    ("needs_review", "released"),
    ("needs_review", "quarantined"),
    ("needs_review", "erased"),
    ("released", "needs_review"),
    ("released", "quarantined"),
    ("released", "erased"),
    ("quarantined", "received"),  # put through again
    ("quarantined", "processing"),
    ("quarantined", "erased"),
}


@pytest.mark.parametrize(("old", "new"), list(product(AssetState, AssetState)))
def test_only_the_ways_that_are_drawn_exist(old: AssetState, new: AssetState) -> None:
    if (old.value, new.value) in LEGAL:
        check_transition(old, new)
        return
    with pytest.raises(IllegalTransition, match=f"that is {old} cannot become {new}"):
        check_transition(old, new)


def test_every_state_has_a_row_and_only_the_erased_one_is_the_end() -> None:
    assert set(TRANSITIONS) == set(AssetState)
    assert [state for state in AssetState if not TRANSITIONS[state]] == [AssetState.ERASED]


def test_nothing_is_released_that_was_not_processed_or_reviewed() -> None:
    before = {old for old, new in TRANSITIONS.items() if AssetState.RELEASED in new}
    assert before == {AssetState.PROCESSING, AssetState.NEEDS_REVIEW}
