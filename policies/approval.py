"""The states of an uploaded policy and the only ways between them. Anything else raises.

Whoever wrote a policy does not decide about it: that rule stands in `access/roles.cedar`, and once more in
the database.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from policies.errors import IllegalTransition


class PolicyState(StrEnum):
    """Where an uploaded policy stands. Only APPROVED and EFFECTIVE ones can be applied to a dataset."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    EFFECTIVE = "effective"
    REJECTED = "rejected"
    RETIRED = "retired"


_S = PolicyState

TRANSITIONS: Final[dict[PolicyState, frozenset[PolicyState]]] = {
    _S.DRAFT: frozenset({_S.SUBMITTED, _S.RETIRED}),
    _S.SUBMITTED: frozenset({_S.APPROVED, _S.REJECTED, _S.RETIRED}),
    # It is applied to a second dataset: effective follows effective.
    _S.APPROVED: frozenset({_S.EFFECTIVE, _S.RETIRED}),
    _S.EFFECTIVE: frozenset({_S.EFFECTIVE, _S.RETIRED}),
    _S.REJECTED: frozenset(),
    _S.RETIRED: frozenset(),
}

APPLICABLE: Final = frozenset({_S.APPROVED, _S.EFFECTIVE})

ENDED: Final = frozenset({_S.REJECTED, _S.RETIRED})
"""The same version may be proposed anew once its proposal has ended."""


def check_transition(old: PolicyState, new: PolicyState) -> None:
    """Raises IllegalTransition unless a policy may go from `old` to `new`."""
    if new not in TRANSITIONS[old]:
        allowed = ", ".join(sorted(TRANSITIONS[old])) or "nothing"
        raise IllegalTransition(f"a policy that is {old} cannot become {new}; it can become {allowed}")
