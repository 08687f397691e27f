"""How many pixels several regions cover together. Exact, whatever overlaps what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from policies.model import Region

CELL: Final = 512
"""Pixels. The side of the squares by which `Nearby` looks: larger than almost all that is redacted."""


def area_covered(regions: Sequence[Region]) -> int:
    """The number of pixels that lie in at least one of the regions."""
    edges = sorted({edge for region in regions for edge in (region.x0, region.x1)})
    return sum(
        (right - left) * _length([(r.y0, r.y1) for r in regions if r.x0 <= left and right <= r.x1])
        for left, right in pairwise(edges)
    )


def share_covered(region: Region, others: Sequence[Region]) -> float:
    """The share of a region's pixels, 0 to 1, that lie in at least one of the others."""
    return area_covered(inside(region, others)) / region.area


class Nearby:
    """Regions by place, so that those near another are found without asking all of them."""

    def __init__(self, regions: Iterable[Region]) -> None:
        self._cells: dict[tuple[int, int], list[Region]] = defaultdict(list)
        for region in regions:
            for cell in _cells(region):
                self._cells[cell].append(region)

    def to(self, region: Region) -> list[Region]:
        """Every region that overlaps this one, each once, and some that do not."""
        return list(dict.fromkeys(near for cell in _cells(region) for near in self._cells.get(cell, ())))


def _cells(region: Region) -> Iterator[tuple[int, int]]:
    for row in range(region.y0 // CELL, (region.y1 - 1) // CELL + 1):
        for column in range(region.x0 // CELL, (region.x1 - 1) // CELL + 1):
            yield row, column


def inside(region: Region, others: Sequence[Region]) -> list[Region]:
    """What of each other region lies in this one; those that lie apart are left out."""
    return [
        Region(max(region.x0, o.x0), max(region.y0, o.y0), min(region.x1, o.x1), min(region.y1, o.y1))
        for o in others
        if region.overlap(o)
    ]


def union_iou(one: Sequence[Region], other: Sequence[Region]) -> float:
    """Intersection over union of the pixels that two sets of regions cover; 1 where both cover none."""
    either = area_covered([*one, *other])
    if either == 0:
        return 1.0
    return (area_covered(one) + area_covered(other) - either) / either


def _length(spans: list[tuple[int, int]]) -> int:
    """The number of whole positions that half-open spans cover together."""
    total, reached = 0, 0
    for start, end in sorted(spans):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
