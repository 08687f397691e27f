"""Plots draw what the numbers say: nothing outside, nothing lost, heights in proportion."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.web.console.plots import FOOT, LEAST, LEFT, TOP, Series, ceiling, curve, stacked

COUNTS = st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 100_000)), min_size=1, max_size=90)


@given(COUNTS)
def test_bars_stay_inside_and_stand_one_on_the_other(counts: list[tuple[int, int]]) -> None:
    series = [Series("A", "f-acc", [a for a, _ in counts]), Series("B", "f-rev", [b for _, b in counts])]
    plot = stacked([str(i) for i in range(len(counts))], series, says="")
    foot = plot.height - FOOT
    for bar, pair in zip(plot.bars, counts, strict=True):
        assert len(bar.parts) == sum(number > 0 for number in pair)
        below = float(foot)
        for part in bar.parts:
            assert part.x >= LEFT
            assert part.x + part.width <= plot.right + 0.2
            assert part.y + part.height <= below + 0.2
            # A bar of almost nothing is drawn a little too tall, so that it is seen.
            assert part.y >= TOP - 2 * LEAST
            below = part.y


@given(st.integers(1, 10_000), st.integers(2, 9))
def test_twice_as_many_stand_twice_as_high(number: int, times: int) -> None:
    plot = stacked(["a", "b"], [Series("A", "f-acc", [number * 100, number * 100 * times])], says="")
    foot = plot.height - FOOT
    small, large = (foot - bar.parts[0].y for bar in plot.bars)
    assert abs(large - small * times) <= 0.1 * (times + 1) or small <= LEAST


@given(st.floats(0, 1e9))
def test_the_axis_holds_all_and_is_not_much_longer(most: float) -> None:
    end = ceiling(most)
    assert end >= most
    assert end % 4 == 0
    assert end <= max(4, 2.5 * most)


def test_a_bar_says_its_numbers() -> None:
    plot = stacked(["9"], [Series("Released", "f-acc", [1200])], says="", words=["9 Nov 2026"])
    assert plot.bars[0].says == "9 Nov 2026: 1,200 released"


def test_labels_never_run_into_each_other() -> None:
    days = [f"{i % 28 + 1} Nov" for i in range(90)]
    plot = stacked(days, [Series("A", "f-acc", [1] * 90)], says="")
    gaps = [b.x - a.x for a, b in zip(plot.marks, plot.marks[1:], strict=False)]
    assert plot.marks[-1].text == days[-1]
    assert min(gaps) >= 6 * 6.6


def test_a_line_leaves_out_the_days_of_which_nothing_is_known() -> None:
    plot = curve(["1", "2", "3"], [50.0, None, 100.0], says="", text="100 %", most=100)
    assert len(plot.points.split()) == 2
    assert plot.end is not None
    assert plot.end.y == TOP
    assert curve(["1"], [None], says="", text="").end is None
