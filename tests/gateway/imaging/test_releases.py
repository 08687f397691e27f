"""Copies of one original together: so many different blurs of a pixel there are, whatever is asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.imaging.redact import apply, mask_of, view
from gateway.imaging.releases import MOST, Shown, has_cells, is_outdated, limited
from gateway.imaging.strokes import FIRST_REVISION, REVISION
from policies.model import Kind, Redaction, RedactionMethod, Region
from tests.gateway.imaging.samples import noise
from tests.gateway.imaging.test_redact import HEIGHT, WIDTH, plans

FACE = Redaction(Region(0, 0, 48, 48), Kind.FACE, RedactionMethod.BLUR)
ELSEWHERE = replace(FACE, region=Region(200, 0, 248, 48))
FILLED = replace(FACE, method=RedactionMethod.FILL)


def wider(by: int, one: Redaction = FACE) -> Redaction:
    region = one.region
    return replace(one, region=Region(region.x0, region.y0, region.x1 + by, region.y1))


def now(*redactions: Redaction) -> Shown:
    return Shown(redactions, REVISION)


SPENT = [now(wider(4 * number)) for number in range(MOST)]
"""Copies in which the face has been blurred as often as may be."""


def test_what_was_shown_before_is_shown_again_however_often() -> None:
    for known in SPENT:
        assert limited(known.redactions, SPENT * 5) == known.redactions


def test_one_blur_of_a_place_more_than_may_be_is_a_fill() -> None:
    other = wider(-4)
    assert limited([other], SPENT[1:]) == (other,)
    assert limited([other], SPENT) == (replace(other, method=RedactionMethod.FILL),)


def test_a_mosaic_is_no_way_around() -> None:
    mosaic = replace(wider(-4), method=RedactionMethod.MOSAIC)
    assert not has_cells(*limited([mosaic], SPENT))


def test_other_places_stay_as_they_are_asked_for() -> None:
    assert limited([ELSEWHERE, wider(-4)], SPENT)[0] == ELSEWHERE
    plate = replace(ELSEWHERE, kind=Kind.LICENSE_PLATE)
    assert limited([plate], SPENT) == (plate,)


def test_a_fill_that_now_overlaps_a_blur_makes_another_blur_of_it() -> None:
    """The cells beside it are means of fewer pixels: with those of before they tell of what it covers."""
    line = Redaction(Region(40, 0, 80, 16), Kind.TEXT, RedactionMethod.FILL)
    known = SPENT[0].redactions[0]
    assert limited([known, line], SPENT) == (replace(known, method=RedactionMethod.FILL), line)
    apart = replace(line, region=Region(120, 0, 160, 16))
    assert limited([known, apart], SPENT) == (known, apart)


def test_cells_of_an_earlier_revision_count_as_another_blur_and_are_never_known() -> None:
    old = Shown((FACE,), FIRST_REVISION)
    assert limited([FACE], [old]) == (FACE,)
    assert limited([FACE], [old, now(wider(4))]) == (FILLED,)


def test_fills_and_what_is_always_filled_count_for_nothing() -> None:
    text = replace(FACE, kind=Kind.TEXT)
    before = [now(replace(FILLED, region=Region(0, 0, 48, 48 + number))) for number in range(5)]
    before += [now(wider(number, text)) for number in range(5)]
    assert limited([FACE], before) == (FACE,)
    assert limited([text], SPENT) == (text,)


def test_what_is_outdated_shows_cells_of_an_earlier_revision() -> None:
    assert is_outdated(Shown((FILLED, FACE), FIRST_REVISION))
    assert not is_outdated(now(FACE))
    assert not is_outdated(Shown((FILLED, replace(FACE, kind=Kind.CODE)), FIRST_REVISION))


@settings(max_examples=40)
@given(st.lists(plans, min_size=3, max_size=6))
def test_no_pixel_is_ever_in_more_different_blurs_than_may_be(asked: list[list[Redaction]]) -> None:
    """Told by what the copies show, not by how groups are told apart."""
    picture = noise(WIDTH, HEIGHT, 5)
    numbers: dict[object, int] = {}
    copies: list[Shown] = []
    ways = []
    for plan in asked:
        hidden = limited(plan, copies)
        assert list(map(filled, hidden)) == list(map(filled, plan))
        copies.append(now(*hidden))
        shown = apply(picture, hidden)
        way = np.zeros((HEIGHT, WIDTH), dtype=np.int64)  # of each pixel, which blurs it is in; 0: in none
        for one in sorted(filter(has_cells, hidden), key=lambda one: one.order):
            region = view(shown, one.region)
            number = numbers.setdefault((one, region.tobytes()), len(numbers) + 1)
            view(way, one.region)[mask_of(one)] *= 1000
            view(way, one.region)[mask_of(one)] += number
        ways.append(way)
        assert limited(plan, copies) == hidden  # asked for again, it comes out the same
    different = np.sort(np.stack([*ways, np.zeros_like(way)]), axis=0)
    assert int((np.diff(different, axis=0) > 0).sum(axis=0).max()) <= MOST


def filled(one: Redaction) -> Redaction:
    return replace(one, method=RedactionMethod.FILL)
