"""What can be wrong with a policy, or with the values it speaks of.

PolicyError
├── InvalidRegion      a rectangle that holds no pixel, or is not one at all
├── InvalidPolicy      a document that is no policy; the message names the place and the remedy
├── UnknownPolicy      a name that is neither a preset nor a file
├── IllegalTransition  a state that an asset cannot go to from where it stands
└── InvalidDecision    a reviewer's decision that does not fit the copy it is about
"""


class PolicyError(Exception):
    """The base of this package's errors."""


class InvalidRegion(PolicyError):
    """A region that is empty, inverted, outside the image or not made of whole numbers."""


class InvalidPolicy(PolicyError):
    """A document that does not describe a policy."""


class UnknownPolicy(PolicyError):
    """Neither a preset nor a readable file has this name."""


class IllegalTransition(PolicyError):
    """The asset's state does not lead to the one asked for."""


class InvalidDecision(PolicyError):
    """A reviewer's decision that names a region that is not there, or hides less than the policy does."""
