"""Samples and halves go by names alone."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from gateway.bench.sample import Half, half_of, sampled
from tests.gateway.bench.labelled import image

names = st.lists(st.text(min_size=1, max_size=12).map("set/".__add__), unique=True, max_size=40)


@given(names)
def test_the_halves_share_no_image_and_leave_none_out(found: list[str]) -> None:
    images = [image(name) for name in found]
    choose, report = (sampled(images, half, None) for half in (Half.CHOOSE, Half.REPORT))
    assert sorted(one.name for one in choose + report) == sorted(found)
    assert {half_of(one.name) for one in choose} <= {Half.CHOOSE}


@given(names, st.integers(1, 40), st.integers(1, 40), st.randoms(use_true_random=False))
def test_a_smaller_sample_lies_in_a_larger_one_whatever_the_order(
    found: list[str], one: int, other: int, chance: random.Random
) -> None:
    images = [image(name) for name in found]
    mixed = list(images)
    chance.shuffle(mixed)
    few, many = sorted((one, other))
    drawn = {picked.name for picked in sampled(images, Half.ALL, few)}
    assert len(drawn) == min(few, len(images))
    assert drawn <= {picked.name for picked in sampled(mixed, Half.ALL, many)}


def test_halves_are_about_halves_and_stay_what_they_were() -> None:
    found = [f"faces/images/{number}.jpg" for number in range(1000)]
    report = [name for name in found if half_of(name) is Half.REPORT]
    assert 430 < len(report) < 570
    # Published figures rest on it: another hash would move images from one half to the other.
    assert [number for number in range(8) if half_of(found[number]) is Half.REPORT] == [3, 5, 6]
