"""The geometry of plots, made on the server: parts/plot.html draws it, css/data.css colours it. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

LEFT: Final = 36
TOP: Final = 10
FOOT: Final = 22  # room for the words under the axis
SHARE: Final = 0.62  # of a bar's place that the bar fills
LEAST: Final = 1.6  # user units: one image among thousands is still to be seen
WORDS: Final = 15  # days of which each has its number under the axis
CHARACTER: Final = 6.6  # user units, at 11 px in a wide system font


@dataclass(frozen=True, slots=True)
class Series:
    """fill: a class of css/data.css. values: one a place along the axis."""

    name: str
    fill: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Line:
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    fill: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """says: the numbers in words, for whoever rests on it."""

    says: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class End:
    """The last point; y_text: where its number stands, clear of the line."""

    x: float
    y: float
    y_text: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """All in user units of the viewBox. says: the whole plot in a sentence."""

    width: int
    height: int
    says: str
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    bars: tuple[Bar, ...] = ()
    points: str = ""
    end: End | None = None
    left: int = field(default=LEFT)
    right: int = 0


def stacked(
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    says: str,
    words: Sequence[str] | None = None,
    width: int = 646,
    height: int = 204,
) -> Plot:
    """Bars, the first series at the foot. words: a longer name of each place, for whoever rests on it."""
    places = len(labels)
    right, foot = width - 6, height - FOOT
    sums = [sum(one.values[i] for one in series) for i in range(places)]
    most = ceiling(max(sums, default=0))
    scale = (foot - TOP) / most
    step = (right - LEFT) / max(places, 1)
    bars = []
    for i in range(places):
        x, y, parts = LEFT + step * (i + (1 - SHARE) / 2), float(foot), []
        for one in series:
            if one.values[i] == 0:
                continue
            tall = max(one.values[i] * scale, LEAST)
            y -= tall
            parts.append(Part(one.fill, _r(x), _r(y), _r(step * SHARE), _r(tall - min(0.8, tall / 3))))
        name = (words or labels)[i]
        bars.append(
            Bar(
                f"{name}: " + ", ".join(f"{one.values[i]:,} {one.name.lower()}" for one in series),
                tuple(parts),
            )
        )
    return Plot(width, height, says, _lines(most, foot), _marks(labels, step), bars=tuple(bars), right=right)


def curve(
    labels: Sequence[str],
    values: Sequence[float | None],
    *,
    says: str,
    text: str,
    most: float | None = None,
    width: int = 380,
    height: int = 208,
) -> Plot:
    """One line through the values that are there; text: the number that stands at its end."""
    right, foot = width - 6, height - FOOT
    top = most if most is not None else ceiling(max((v for v in values if v is not None), default=0))
    scale, step = (foot - TOP) / top, (right - LEFT) / max(len(labels), 1)
    known = [
        (_r(LEFT + step * (i + 0.5)), _r(foot - v * scale)) for i, v in enumerate(values) if v is not None
    ]
    return Plot(
        width,
        height,
        says,
        _lines(top, foot),
        _marks(labels, step),
        points=" ".join(f"{x},{y}" for x, y in known),
        end=_end(known, text) if known else None,
        right=right,
    )


def _end(known: Sequence[tuple[float, float]], text: str) -> End:
    x, y = known[-1]
    # A line that comes down from above would run through a number over its end.
    falls = len(known) > 1 and known[-2][1] < y
    return End(x, y, _r(y + 18 if falls else y - 9), text)


def ceiling(most: float) -> int:
    """The end of the axis: the least of 4, 8, 20, 40, 80, ... that holds `most`: its quarters are whole."""
    if most <= 4:
        return 4
    power = int(10 ** math.floor(math.log10(most)))
    return next(
        step
        for step in (power, 2 * power, 4 * power, 8 * power, 10 * power, 20 * power)
        if step >= most and step % 4 == 0
    )


def _lines(most: float, foot: int) -> tuple[Line, ...]:
    quarters = [most * i / 4 for i in range(5)]
    return tuple(Line(_r(foot - (foot - TOP) * i / 4), f"{value:,g}") for i, value in enumerate(quarters))


def _marks(labels: Sequence[str], step: float) -> tuple[Mark, ...]:
    """As many labels as have room side by side, the last among them."""
    longest = max((len(label) for label in labels), default=0)
    every = max(1, math.ceil((longest + 1) * CHARACTER / step))
    return tuple(
        Mark(_r(LEFT + step * (i + 0.5)), label)
        for i, label in enumerate(labels)
        if (len(labels) - 1 - i) % every == 0
    )


def _r(value: float) -> float:
    return round(value, 1)
