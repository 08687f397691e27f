"""What one plan for an image hides and another does not, in exact pixels. Pure geometry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policies.hidden_rows import HiddenRows
from policies.model import ALWAYS_FILLED, Kind, Plan, Redaction, RedactionMethod, Region
from policies.shapes import Outline


@dataclass(frozen=True, slots=True)
class Difference:
    """A redaction of one plan that the other does not cover.

    pixels: how many of its pixels the other plan leaves; whole: it leaves all of them, so that this is a
    thing on its own and not only a wider margin. outline: what of the region is hidden, None for all of it.
    """

    kind: Kind
    region: Region
    pixels: int
    whole: bool
    outline: Outline | None = None


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
    before, after = HiddenRows(old.redactions), HiddenRows(new.redactions)
    return PlanDifference(
        newly_hidden=_left(new.redactions, before),
        newly_shown=_left(old.redactions, after),
        harder=_softly(_fills(new), before, HiddenRows(_fills(old))),
        softer=_softly(_fills(old), after, HiddenRows(_fills(new))),
    )


def _left(redactions: Iterable[Redaction], hidden: HiddenRows) -> tuple[Difference, ...]:
    """Of these redactions what the other plan does not hide."""
    return tuple(_told(one, pixels) for one in redactions if (pixels := one.pixels - hidden.of(one)))


def _softly(fills: Iterable[Redaction], hidden: HiddenRows, filled: HiddenRows) -> tuple[Difference, ...]:
    """Of these fills what the other plan hides, but does not fill."""
    return tuple(_told(one, pixels) for one in fills if (pixels := hidden.of(one) - filled.of(one)))


def _told(one: Redaction, pixels: int) -> Difference:
    return Difference(one.kind, one.region, pixels, pixels == one.pixels, one.outline)


def _fills(plan: Plan) -> list[Redaction]:
    return [
        each for each in plan.redactions if each.method is RedactionMethod.FILL or each.kind in ALWAYS_FILLED
    ]
