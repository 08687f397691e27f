"""Differences between plans, against masks of real pixels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from policies.hidden_rows import HiddenRows, hidden_iou, share_hidden
from policies.model import ALWAYS_FILLED, Kind, Plan, Redaction, RedactionMethod, Region, Size, Verdict
from policies.plan_difference import difference
from tests.policies.strategies import redactions, regions

SIZE = Size(40, 40)

PLANS = st.lists(redactions(SIZE), max_size=6).map(lambda found: Plan(tuple(found), Verdict.RELEASE, ()))


def mask(covers: Iterable[Redaction]) -> NDArray[np.bool_]:
    found = np.zeros((SIZE.height, SIZE.width), dtype=bool)
    for one in covers:
        for y, (left, right) in enumerate(one.spans, one.region.y0):
            found[y, left:right] = True
    return found


def hidden(plan: Plan) -> NDArray[np.bool_]:
    return mask(plan.redactions)


def filled(plan: Plan) -> NDArray[np.bool_]:
    fills = [o for o in plan.redactions if o.method is RedactionMethod.FILL or o.kind in ALWAYS_FILLED]
    return mask(fills)


@given(st.lists(redactions(SIZE), max_size=6), regions(SIZE))
def test_rows_count_each_hidden_pixel_once(some: list[Redaction], region: Region) -> None:
    rows = HiddenRows(some)
    assert rows.pixels == np.count_nonzero(mask(some))
    whole = mask([Redaction(region, Kind.FACE, RedactionMethod.FILL)])
    assert rows.in_region(region) == np.count_nonzero(mask(some) & whole)
    assert share_hidden(region, some) == np.count_nonzero(mask(some) & whole) / region.area


@given(st.lists(redactions(SIZE), max_size=4), st.lists(redactions(SIZE), max_size=4))
def test_the_iou_is_of_the_pixels(one: list[Redaction], other: list[Redaction]) -> None:
    both, either = mask(one) & mask(other), mask(one) | mask(other)
    assert hidden_iou(one, other) == (both.sum() / either.sum() if either.any() else 1.0)


@given(PLANS, PLANS)
def test_pixels_are_counted_exactly_for_every_redaction(old: Plan, new: Plan) -> None:
    found = difference(old, new)
    for parts, plan, other in ((found.newly_hidden, new, old), (found.newly_shown, old, new)):
        expected = [int(np.count_nonzero(mask([one]) & ~hidden(other))) for one in plan.redactions]
        assert [part.pixels for part in parts] == [pixels for pixels in expected if pixels]
        sizes = [one.pixels for one, pixels in zip(plan.redactions, expected, strict=True) if pixels]
        assert [part.whole for part in parts] == [
            part.pixels == size for part, size in zip(parts, sizes, strict=True)
        ]


@given(PLANS, PLANS)
def test_nothing_is_told_exactly_where_nothing_changes(old: Plan, new: Plan) -> None:
    found = difference(old, new)
    assert bool(found.newly_hidden) == bool((hidden(new) & ~hidden(old)).any())
    assert bool(found.newly_shown) == bool((hidden(old) & ~hidden(new)).any())
    assert bool(found.harder) == bool((filled(new) & hidden(old) & ~filled(old)).any())
    assert bool(found.softer) == bool((filled(old) & hidden(new) & ~filled(new)).any())


@given(PLANS, PLANS)
def test_the_way_back_is_the_way_there_reversed(old: Plan, new: Plan) -> None:
    there, back = difference(old, new), difference(new, old)
    assert (there.newly_hidden, there.harder) == (back.newly_shown, back.softer)
