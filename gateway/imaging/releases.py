"""How much copies of one original show of it together.

A blur shows the means of two cells. Another copy in which the region is larger, or lies elsewhere, has other
cells over the same pixels, and whoever has both knows more than either tells: REDACTION.md says how much.
So no pixel of an original is in more than MOST different blurs, over all its copies; the next is a fill.

What a blur shows depends on all that overlaps it, since each stroke reads what those before it have left. So
redactions whose rectangles overlap are one group, which is either as it was in an earlier copy, and then
tells nothing new, or is another one in all its parts. Where that is one too many, all of it is filled; no
other group changes by that, and so what is asked for again comes out the same again. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.imaging.strokes import REVISION, method_for, visible_strokes
from policies.cover import Nearby
from policies.model import Redaction, RedactionMethod, Region

MOST: Final = 2
"""Different blurs of one pixel, over all copies of an original; see "Several releases" in REDACTION.md."""

Group = frozenset[Redaction]
"""Strokes that touch each other, directly or through others."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one copy shows: all that it hides, and the revision of `cells` by which it does."""

    redactions: Sequence[Redaction]
    revision: int


def limited(redactions: Sequence[Redaction], earlier: Iterable[Shown]) -> tuple[Redaction, ...]:
    """The same redactions at the same positions; those are fills whose places were blurred otherwise, or by
    cells of another revision, in MOST ways before.

    earlier: what copies of the same original have shown, in any order.
    """
    before = [_Before(one) for one in earlier]
    if not before or not any(map(has_cells, redactions)):
        return tuple(redactions)
    groups = _groups(redactions)
    spent = frozenset[Redaction]().union(*(group for group in groups if _is_spent(group, before)))
    return tuple(
        replace(one, method=RedactionMethod.FILL) if has_cells(one) and one in spent else one
        for one in redactions
    )


def is_outdated(shown: Shown) -> bool:
    """Whether a copy has cells of an earlier revision than are made now."""
    return shown.revision < REVISION and any(map(has_cells, shown.redactions))


def has_cells(redaction: Redaction) -> bool:
    """Whether anything is left of what it hides."""
    return method_for(redaction) is not RedactionMethod.FILL


class _Before:
    """What one copy shows, by place."""

    def __init__(self, shown: Shown) -> None:
        self.revision = shown.revision
        self._group_at = {
            stroke.region: group
            for group in _groups(shown.redactions)
            for stroke in group
            if has_cells(stroke)
        }
        self._places = Nearby(self._group_at)

    def beneath(self, group: Group) -> frozenset[Group]:
        """The groups that show cells where this one would."""
        places = {stroke.region for stroke in group if has_cells(stroke)}
        return frozenset(
            self._group_at[near] for place in places for near in self._places.to(place) if near.overlap(place)
        )


def _is_spent(group: Group, before: Iterable[_Before]) -> bool:
    """Whether a group would show one more blur of a place than may be."""
    ways = set()
    for one in before:
        there = one.beneath(group)
        if one.revision == REVISION and group in there:
            return False  # it is all known already
        if there:
            ways.add((one.revision, there))
    return len(ways) >= MOST


def _groups(redactions: Iterable[Redaction]) -> Iterator[Group]:
    at: dict[Region, list[Redaction]] = defaultdict(list)
    for stroke in visible_strokes(redactions):
        at[stroke.region].append(stroke)
    places, left = Nearby(at), set(at)
    while left:
        waiting, found = [left.pop()], list[Redaction]()
        while waiting:
            region = waiting.pop()
            found += at[region]
            touching = {near for near in places.to(region) if near in left and near.overlap(region)}
            left -= touching
            waiting += touching
        yield frozenset(found)
