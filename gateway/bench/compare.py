"""Two runs over the same images, image by image: who left fewer boxes to be seen. Pure.

Both sides are judged alike: a box counts against whoever leaked it, covered and strongly blurred ones do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.bench.change import Judgement
from gateway.bench.intervals import sign_test
from gateway.bench.run import Run

BoxKey = tuple[str, int]
"""The image's name and the annotation's number."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What of a run another can be compared to. leaked: of each box. title: of the run."""

    title: str
    leaked: Mapping[BoxKey, bool]

    @property
    def images(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.leaked)


@dataclass(frozen=True, slots=True)
class Comparison:
    """This run against the other, on the boxes that both looked at.

    won: images on which this one leaked fewer boxes; lost: more; same: as many. chance: how likely so uneven
    a split is where neither is better (sign test). boxes_won, boxes_lost: hidden by this one only, by the
    other only. Boxes of one image go together, so only images are tested. losses: the images lost, by name.
    """

    this: str
    other: str
    won: int
    lost: int
    same: int
    chance: float
    boxes: int
    boxes_won: int
    boxes_lost: int
    losses: tuple[str, ...]


def verdicts(run: Run) -> Verdicts:
    return Verdicts(
        run.title,
        {
            (score.name, box.number): box.judgement is Judgement.LEAKED
            for score in run.scores
            for box in score.boxes
        },
    )


def compare(this: Verdicts, other: Verdicts) -> Comparison | None:
    """None where they share no box."""
    shared = this.leaked.keys() & other.leaked.keys()
    if not shared:
        return None
    ahead: dict[str, int] = {}
    boxes_won = boxes_lost = 0
    for name, number in shared:
        mine, theirs = this.leaked[name, number], other.leaked[name, number]
        ahead[name] = ahead.get(name, 0) + theirs - mine
        boxes_won += theirs and not mine
        boxes_lost += mine and not theirs
    won, lost = sum(lead > 0 for lead in ahead.values()), sum(lead < 0 for lead in ahead.values())
    return Comparison(
        this=this.title,
        other=other.title,
        won=won,
        lost=lost,
        same=len(ahead) - won - lost,
        chance=sign_test(won, lost),
        boxes=len(shared),
        boxes_won=boxes_won,
        boxes_lost=boxes_lost,
        losses=tuple(sorted(name for name, lead in ahead.items() if lead < 0)),
    )
