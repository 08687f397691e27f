"""The states of an asset and the only ways between them. Anything else raises."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from policies.errors import IllegalTransition


class AssetState(StrEnum):
    """Where an asset stands. Only RELEASED has a copy that a grant can open."""

    RECEIVED = "received"
    PROCESSING = "processing"
    RELEASED = "released"
    NEEDS_REVIEW = "needs_review"
    QUARANTINED = "quarantined"
    ERASED = "erased"


_S = AssetState

TRANSITIONS: Final[dict[AssetState, frozenset[AssetState]]] = {
    _S.RECEIVED: frozenset({_S.PROCESSING, _S.QUARANTINED, _S.ERASED}),
    # A job that is taken over begins again: processing follows processing. A worker that lacks what it needs
    # gives an asset back as it was received.
    _S.PROCESSING: frozenset(
        {_S.RECEIVED, _S.PROCESSING, _S.RELEASED, _S.NEEDS_REVIEW, _S.QUARANTINED, _S.ERASED}
    ),
    _S.NEEDS_REVIEW: frozenset({_S.RELEASED, _S.QUARANTINED, _S.ERASED}),
    _S.RELEASED: frozenset({_S.NEEDS_REVIEW, _S.QUARANTINED, _S.ERASED}),
    # By a person who has it put through again.
    _S.QUARANTINED: frozenset({_S.RECEIVED, _S.PROCESSING, _S.ERASED}),
    _S.ERASED: frozenset(),
}


def check_transition(old: AssetState, new: AssetState) -> None:
    """Raises IllegalTransition unless an asset may go from `old` to `new`."""
    if new not in TRANSITIONS[old]:
        allowed = ", ".join(sorted(TRANSITIONS[old])) or "nothing"
        raise IllegalTransition(f"an asset that is {old} cannot become {new}; it can become {allowed}")
