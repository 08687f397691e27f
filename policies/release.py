"""The release gate: when a sanitized copy waits for a person although every detection was clear.

Detectors err most where an image is unlike the rest: a face that fills it, a crowd, nothing where something
was expected. The gate names such images, and draws a share of all others whatever was found in them. Pure:
the draw is an argument, derived from the policy version and the image's bytes, so that the same input gives
the same decision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from policies.model import Detection, Kind, Size

SAMPLED: Final = "sampled"
RECHECK_HIT: Final = "recheck.hit"

DRAW_BITS: Final = 53
"""What a float holds exactly, so that a draw never rounds up to 1."""

RISKS: Final = {"hit": 50, "doubtful": 30, "many": 20, "large": 20, "expected": 10, SAMPLED: 1}
"""By a reason's last word: how likely something is still visible, in the order in which people look."""

UNKNOWN_RISK: Final = 50
"""A reason that this table does not know is looked at among the first."""


def _whole(value: Any) -> Any:
    """1 and 2 only as numbers: YAML reads `yes` as true, and true equals 1."""
    if type(value) is not int:
        raise ValueError(f"is {value!r}; write 1 or 2")
    return value


Share = Annotated[float, Field(strict=True, gt=0.0, le=1.0)]
Count = Annotated[int, Field(strict=True, ge=1, le=10_000)]


class ReleaseGate(BaseModel):
    """When a person looks, beyond doubtful detections. The default never asks for one.

    largest: share of the image's pixels above which one detection of the kind makes a person look.
    most: number of detections of the kind above which a person looks.
    expect: number of detections of the kind below which a person looks.
    sample: share of all images that a person looks at, whatever was found.
    reviewers: how many people decide on an image independently of each other.
    recheck: detect once more on the copy; what is found beside the redactions is hidden too, and if the copy
    made from that shows more again, a person looks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    largest: dict[Kind, Share] = Field(default_factory=dict)
    most: dict[Kind, Count] = Field(default_factory=dict)
    expect: dict[Kind, Count] = Field(default_factory=dict)
    sample: float = Field(default=0.0, strict=True, ge=0.0, le=1.0)
    reviewers: Annotated[Literal[1, 2], BeforeValidator(_whole)] = 1
    recheck: bool = Field(default=False, strict=True)

    @property
    def kinds(self) -> frozenset[Kind]:
        """All kinds that a limit speaks of."""
        return frozenset(self.largest) | frozenset(self.most) | frozenset(self.expect)

    def narrowed(self, kinds: frozenset[Kind]) -> ReleaseGate:
        """This gate without what it says of other kinds."""
        limits = {
            name: {kind: value for kind, value in getattr(self, name).items() if kind in kinds}
            for name in ("largest", "most", "expect")
        }
        return self.model_copy(update=limits)


def gate_reasons(gate: ReleaseGate, hidden: Sequence[Detection], size: Size, *, draw: float) -> set[str]:
    """Why a person must look: "KIND.large", "KIND.many", "KIND.expected", "sampled". Empty: nobody must.

    hidden: what the policy hides, as it was detected, without margins. draw: see `draw_of`.
    """
    reasons = {SAMPLED} if draw < gate.sample else set()
    counts = {kind: sum(one.kind is kind for one in hidden) for kind in gate.kinds}
    for one in hidden:
        share = gate.largest.get(one.kind)
        if share is not None and one.region.area > share * size.pixels:
            reasons.add(f"{one.kind.value}.large")
    reasons |= {f"{kind.value}.many" for kind, most in gate.most.items() if counts[kind] > most}
    reasons |= {f"{kind.value}.expected" for kind, least in gate.expect.items() if counts[kind] < least}
    return reasons


def draw_of(policy_version: str, data: bytes) -> float:
    """A number in [0, 1) that an image draws under a policy version: the head of a SHA-256 of both."""
    digest = hashlib.sha256(policy_version.encode() + b"\0" + data).digest()
    return (int.from_bytes(digest[:8], "big") >> (64 - DRAW_BITS)) * 2.0**-DRAW_BITS


def risk_of(reasons: Sequence[str]) -> int:
    """How urgent a look is: the sum over the reasons, so that one more never makes an image less urgent."""
    return sum(RISKS.get(reason.rpartition(".")[2], UNKNOWN_RISK) for reason in set(reasons))
