"""Differences between plans, against masks of real pixels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from policies.model import ALWAYS_FILLED, Kind, Plan, Redaction, RedactionMethod, Region, Size, Verdict
from policies.plan_difference import difference, remainder
from tests.policies.strategies import regions

SIZE = Size(40, 40)

REDACTIONS = st.builds(
    Redaction,
    region=regions(SIZE),
    kind=st.sampled_from(Kind),
    method=st.sampled_from(RedactionMethod),
)
PLANS = st.lists(REDACTIONS, max_size=6).map(lambda found: Plan(tuple(found), Verdict.RELEASE, ()))


def mask(covers: list[Region]) -> NDArray[np.bool_]:
    found = np.zeros((SIZE.height, SIZE.width), dtype=bool)
    for region in covers:
        found[region.y0 : region.y1, region.x0 : region.x1] = True
    return found


def hidden(plan: Plan) -> NDArray[np.bool_]:
    return mask([one.region for one in plan.redactions])


def filled(plan: Plan) -> NDArray[np.bool_]:
    fills = [o for o in plan.redactions if o.method is RedactionMethod.FILL or o.kind in ALWAYS_FILLED]
    return mask([one.region for one in fills])


@given(regions(SIZE), st.lists(regions(SIZE), max_size=6))
def test_a_remainder_is_exactly_what_no_cover_reaches(region: Region, covers: list[Region]) -> None:
    parts = remainder(region, covers)
    assert sum(part.area for part in parts) == np.count_nonzero(mask(parts))  # none overlaps another
    assert np.array_equal(mask(parts), mask([region]) & ~mask(covers))


@given(PLANS, PLANS)
def test_pixels_are_counted_exactly_for_every_redaction(old: Plan, new: Plan) -> None:
    found = difference(old, new)
    for parts, plan, other in ((found.newly_hidden, new, old), (found.newly_shown, old, new)):
        expected = [int(np.count_nonzero(mask([one.region]) & ~hidden(other))) for one in plan.redactions]
        assert [part.pixels for part in parts] == [pixels for pixels in expected if pixels]
        assert all(part.whole == (part.pixels == part.region.area) for part in parts)


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
