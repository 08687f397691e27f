"""Draws how often attackers were right against the bits that were left, from reports of the attack bench.

    python -m tests.bench.attacks.curves OUT.svg "faces: one of" REPORT.json [REPORT.json ...]

One line for each number of bits a channel. A second argument names the attack, or how it begins; --attacker
does the same for the attacker.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from gateway.bench.plots import HEIGHT, LEFT, WIDTH, Curve, curves
from tests.bench.attacks.results import ALLOWED, Row

DEPTHS: Final = (2, 3)
"""Bits a channel that get a line."""
MOST: Final = 150
"""Bits of a region, where the drawing ends: what lies beyond is far above chance."""
CHOSEN: Final = 12
KEYS: Final = 24
"""Height of the line of keys below the plot."""
STYLE: Final = """<style>
svg { background: #fff } text { font: 12px system-ui, sans-serif; fill: #52626d }
.tick { text-anchor: middle } .side { text-anchor: end } .grid { stroke: #d5dcdf }
.line { fill: none; stroke-width: 2 }
.limit { stroke: #a82a1e; stroke-dasharray: 5 4 }
.line.c0 { stroke: #1f5fa8 } .line.c1 { stroke: #b5541c } .line.c2 { stroke: #2f7a4d; stroke-dasharray: 2 4 }
circle.c0 { fill: #1f5fa8 } circle.c1 { fill: #b5541c } circle.c2 { fill: #2f7a4d }
.k0 { fill: #1f5fa8 } .k1 { fill: #b5541c } .k2 { fill: #2f7a4d }
</style>"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("attack")
    parser.add_argument("reports", type=Path, nargs="+")
    parser.add_argument("--attacker", default="")
    parser.add_argument("--without", nargs="+", default=[], help="grids that are left out, such as 2×1")
    options = parser.parse_args()
    rows = [Row(**entry) for report in options.reports for entry in json.loads(report.read_text("utf-8"))]
    chosen = [
        row
        for row in rows
        if row.attack.startswith(options.attack)
        and row.attacker.startswith(options.attacker)
        and not any(f" {grid}," in row.method for grid in options.without)
    ]
    options.out.write_text(drawing(chosen), encoding="utf-8")


def drawing(rows: Sequence[Row]) -> str:
    """An SVG. Raises ValueError when no row has a bound."""
    ours = [row for row in rows if row.method.startswith("blur") and row.bits and row.bits <= MOST]
    if not ours:
        raise ValueError("no report holds such rows of a blur of ours")
    lines = [_line(depth, ours) for depth in DEPTHS]
    allowed = ours[0].chance + ALLOWED
    lines.append(Curve("chance + 5 points", [(0, allowed), (MOST, allowed)]))
    drawn = curves(
        lines, label=ours[0].attack, across="bits left of a region", limit=(CHOSEN, f"chosen: {CHOSEN} bits")
    )
    figure = drawn[: drawn.index("</svg>")]
    figure = figure.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    figure = figure.replace(f"0 0 {WIDTH} {HEIGHT}", f"0 0 {WIDTH} {HEIGHT + KEYS}", 1)
    start = figure.index(">") + 1
    return f"{figure[:start]}{STYLE}{figure[start:]}{_keys(line.title for line in lines)}</svg>\n"


def _line(depth: int, rows: Iterable[Row]) -> Curve:
    """The best attacker at each number of bits: the same number may come from grids of other shapes."""
    best: dict[int, Row] = {}
    for row in rows:
        if _depth(row) == depth and row.bits and (row.bits not in best or row.right > best[row.bits].right):
            best[row.bits] = row
    points = [(float(bits), best[bits].right) for bits in sorted(best)]
    spots = [
        (bits, right, f"{best[int(bits)].method}: {100 * right:.1f} %, n = {best[int(bits)].n}")
        for bits, right in points
    ]
    return Curve(f"{depth} bits a channel", points, spots)


def _depth(row: Row) -> int:
    found = re.search(r"(\d+) bit$", row.method)
    return int(found[1]) if found else 0


def _keys(titles: Iterable[str]) -> str:
    return "".join(
        f'<text class="k{number}" x="{LEFT + 170 * number}" y="{HEIGHT + 14}">● {title}</text>'
        for number, title in enumerate(titles)
    )


if __name__ == "__main__":
    main()
