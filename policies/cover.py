"""How many pixels several regions cover together. Exact, whatever overlaps what."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from policies.model import Region


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
