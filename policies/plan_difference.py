"""What one plan for an image hides and another does not, in exact pixels. Pure geometry on rectangles."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policies.model import ALWAYS_FILLED, Kind, Plan, Redaction, RedactionMethod, Region


@dataclass(frozen=True, slots=True)
class Difference:
    """A redaction of one plan that the other does not cover.

    pixels: how many of its pixels the other plan leaves; whole: it leaves all of them, so that this is a
    thing on its own and not only a wider margin.
    """

    kind: Kind
    region: Region
    pixels: int
    whole: bool


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """From an old plan to a new one, in reading order.

    harder, softer: hidden by both, and filled by the new plan only, or by the old plan only.
    """

    newly_hidden: tuple[Difference, ...]
    newly_shown: tuple[Difference, ...]
    harder: tuple[Difference, ...]
    softer: tuple[Difference, ...]


def difference(old: Plan, new: Plan) -> PlanDifference:
    """What changes for one image when `new` is done instead of `old`."""
    before, after = _regions(old.redactions), _regions(new.redactions)
    return PlanDifference(
        newly_hidden=_left(new.redactions, before),
        newly_shown=_left(old.redactions, after),
        harder=_softly(_fills(new), before, _regions(_fills(old))),
        softer=_softly(_fills(old), after, _regions(_fills(new))),
    )


def remainder(region: Region, covers: Iterable[Region]) -> list[Region]:
    """What of `region` lies under none of `covers`, as rectangles that do not overlap."""
    parts = [region]
    for cover in covers:
        parts = [piece for part in parts for piece in _cut(part, cover)]
    return parts


def _left(redactions: Iterable[Redaction], covers: list[Region]) -> tuple[Difference, ...]:
    found = []
    for redaction in redactions:
        pixels = _area(remainder(redaction.region, covers))
        if pixels:
            whole = pixels == redaction.region.area
            found.append(Difference(redaction.kind, redaction.region, pixels, whole))
    return tuple(found)


def _softly(fills: list[Redaction], hidden: list[Region], filled: list[Region]) -> tuple[Difference, ...]:
    """Of these fills what the other plan hides, but does not fill."""
    found = []
    for fill in fills:
        unfilled = remainder(fill.region, filled)
        pixels = _area(unfilled) - sum(_area(remainder(part, hidden)) for part in unfilled)
        if pixels:
            found.append(Difference(fill.kind, fill.region, pixels, pixels == fill.region.area))
    return tuple(found)


def _fills(plan: Plan) -> list[Redaction]:
    return [
        each for each in plan.redactions if each.method is RedactionMethod.FILL or each.kind in ALWAYS_FILLED
    ]


def _regions(redactions: Iterable[Redaction]) -> list[Region]:
    return [redaction.region for redaction in redactions]


def _area(parts: Iterable[Region]) -> int:
    return sum(part.area for part in parts)


def _cut(part: Region, cover: Region) -> list[Region]:
    """`part` without `cover`: above, below, left, right; at most four rectangles."""
    if not part.overlap(cover):
        return [part]
    top, bottom = max(part.y0, cover.y0), min(part.y1, cover.y1)
    corners = [
        (part.x0, part.y0, part.x1, top),
        (part.x0, bottom, part.x1, part.y1),
        (part.x0, top, max(part.x0, cover.x0), bottom),
        (min(part.x1, cover.x1), top, part.x1, bottom),
    ]
    return [Region(x0, y0, x1, y1) for x0, y0, x1, y1 in corners if x0 < x1 and y0 < y1]
