"""The report's few plots as inline SVG: shares with whiskers, curves, one stacked bar. Text in, text out.

Colours are classes of the page's style sheet, so that light and dark fit; each value is in its mark's <title>
too, and in a table beside the plot.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 14, 48
ACROSS, DOWN = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

Interval = tuple[float, float, float]
"""A share, and the ends of its interval."""


@dataclass(frozen=True, slots=True)
class Series:
    """values: one for each group; None where the group is empty."""

    title: str
    values: Sequence[Interval | None]


@dataclass(frozen=True, slots=True)
class Curve:
    """points: (x, share), by x ascending. spots: those of them that are marked, with what they mean."""

    title: str
    points: Sequence[tuple[float, float]]
    spots: Sequence[tuple[float, float, str]] = ()


def whiskers(groups: Sequence[str], series: Sequence[Series], *, label: str) -> str:
    """Points with 95 % whiskers, group by group. The axis ends at 1 and begins where the values do."""
    scale = _Scale(min((v[1] for one in series for v in one.values if v is not None), default=0.0))
    parts = [scale.grid()]
    room = ACROSS / max(len(groups), 1)
    for place, group in enumerate(groups):
        middle = LEFT + room * (place + 0.5)
        parts.append(_tick(middle, HEIGHT - 28, group))
        for number, one in enumerate(series):
            if (value := one.values[place]) is not None:
                x = middle + (number - (len(series) - 1) / 2) * min(34.0, room / (len(series) + 1))
                parts.append(_whisker(scale, x, value, number, f"{one.title}, {group}"))
    return _figure("".join(parts), label) + _legend([one.title for one in series])


def curves(
    series: Sequence[Curve], *, label: str, across: str, limit: tuple[float, str] | None = None
) -> str:
    """Lines over a shared x that begins at 0. limit: an upright line, with what it means."""
    xs = [x for one in series for x, _ in one.points] + ([limit[0]] if limit else [])
    if not xs:
        return ""
    most = max(xs) or 1.0
    scale = _Scale(min(y for one in series for _, y in one.points))
    parts = [scale.grid()]
    for step in range(6):
        parts.append(_tick(LEFT + ACROSS * step / 5, HEIGHT - 28, f"{most * step / 5:.3g}"))
    parts.append(_tick(LEFT + ACROSS / 2, HEIGHT - 8, across))
    if limit:
        x = LEFT + limit[0] / most * ACROSS
        parts.append(
            f'<path class="limit" d="M{x:.1f} {TOP}V{TOP + DOWN}"><title>{_safe(limit[1])}</title></path>'
        )
    for number, one in enumerate(series):
        line = " ".join(f"{LEFT + x / most * ACROSS:.1f},{scale.y(y):.1f}" for x, y in one.points)
        parts.append(f'<polyline class="line c{number % 3}" points="{line}"/>')
        for x, y, meaning in one.spots:
            parts.append(
                f'<circle class="c{number % 3}" r="5" cx="{LEFT + x / most * ACROSS:.1f}" '
                f'cy="{scale.y(y):.1f}"><title>{_safe(meaning)}</title></circle>'
            )
    return _figure("".join(parts), label) + _legend([one.title for one in series])


def stacked(shares: Sequence[tuple[str, float]], *, label: str) -> str:
    """One bar of shares that add up to 1."""
    drawn, x = [], 0.0
    for number, (name, share) in enumerate(shares):
        width = share * WIDTH
        inside = f'<text class="inside" x="{x + width / 2:.1f}" y="27">{_safe(name)}</text>'
        drawn.append(
            f"<g><title>{_safe(name)}: {share:.1%}</title>"
            f'<rect class="p{number % 6}" x="{x:.1f}" y="4" width="{width:.1f}" height="36"/>'
            f"{inside if width > 9 * len(name) else ''}</g>"
        )
        x += width
    return f'<svg viewBox="0 0 {WIDTH} 44" role="img" aria-label="{_safe(label)}">{"".join(drawn)}</svg>'


class _Scale:
    """Shares to y. It begins at a tenth at or below the lowest value, at 0.9 at most."""

    def __init__(self, lowest: float) -> None:
        self.base = min(math.floor(max(lowest, 0.0) * 10) / 10, 0.9)

    def y(self, share: float) -> float:
        inside = min(max(share, self.base), 1.0)
        return TOP + (1 - inside) / (1 - self.base) * DOWN

    def grid(self) -> str:
        steps = [self.base + (1 - self.base) * step / 5 for step in range(6)]
        return "".join(
            f'<path class="grid" d="M{LEFT} {self.y(share):.1f}H{WIDTH - RIGHT}"/>'
            f'<text class="side" x="{LEFT - 8}" y="{self.y(share) + 4:.1f}">{share:.2f}</text>'
            for share in steps
        )


def _whisker(scale: _Scale, x: float, value: Interval, number: int, title: str) -> str:
    middle, low, high = value
    ends = "".join(f"M{x - 4:.1f} {scale.y(end):.1f}h8" for end in (low, high))
    return (
        f"<g><title>{_safe(title)}: {middle:.3f} ({low:.3f} to {high:.3f})</title>"
        f'<path class="line c{number % 3}" d="M{x:.1f} {scale.y(low):.1f}V{scale.y(high):.1f}{ends}"/>'
        f'<circle class="c{number % 3}" r="5" cx="{x:.1f}" cy="{scale.y(middle):.1f}"/></g>'
    )


def _tick(x: float, y: float, text: str) -> str:
    return f'<text class="tick" x="{x:.1f}" y="{y}">{_safe(text)}</text>'


def _figure(inside: str, label: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{_safe(label)}">{inside}</svg>'


def _legend(titles: Sequence[str]) -> str:
    keys = "".join(
        f'<span><i class="k{number % 3}"></i>{_safe(title)}</span>' for number, title in enumerate(titles)
    )
    return f'<p class="legend">{keys}</p>'


def _safe(text: str) -> str:
    return html.escape(text)
