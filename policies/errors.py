"""What can be wrong with a policy, or with the values it speaks of.

PolicyError
├── InvalidRegion      a rectangle that holds no pixel, or is not one at all
├── InvalidPolicy      a document that is no policy; the message names the place and the remedy
├── UnknownPolicy      a name that is neither a preset nor a file
├── IllegalTransition  a state that does not lead to the one asked for
└── InvalidDecision    a reviewer's decision that does not fit the copy it is about
"""

from __future__ import annotations

from typing import NamedTuple


class PolicyError(Exception):
    """The base of this package's errors."""


class InvalidRegion(PolicyError):
    """A region that is empty, inverted, outside the image or not made of whole numbers."""


class Fault(NamedTuple):
    """One thing wrong with a document. line: from 1. message: the place, what is wrong and the remedy."""

    line: int
    message: str


class InvalidPolicy(PolicyError):
    """A document that does not describe a policy. faults: each with its line; none where no line is meant."""

    def __init__(self, message: str, *, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults


class UnknownPolicy(PolicyError):
    """Neither a preset nor a readable file has this name."""


class IllegalTransition(PolicyError):
    """The state of the asset, or of the policy, does not lead to the one asked for."""


class InvalidDecision(PolicyError):
    """A reviewer's decision that names a region that is not there, or hides less than the policy does."""
