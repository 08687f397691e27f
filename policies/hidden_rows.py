"""The pixels that redactions hide together, row by row; exact, whatever overlaps what and is outlined how."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from policies.cover import share_covered
from policies.model import Redaction, Region
from policies.shapes import Span


class HiddenRows:
    """What several redactions hide."""

    def __init__(self, redactions: Iterable[Redaction]) -> None:
        found: dict[int, list[Span]] = defaultdict(list)
        for redaction in redactions:
            for y, span in enumerate(redaction.spans, redaction.region.y0):
                found[y].append(span)
        self._rows: Mapping[int, list[Span]] = {y: _joined(spans) for y, spans in found.items()}

    @property
    def pixels(self) -> int:
        return sum(right - left for spans in self._rows.values() for left, right in spans)

    def of(self, redaction: Redaction) -> int:
        """How many of the pixels that this redaction hides are hidden here too."""
        rows = enumerate(redaction.spans, redaction.region.y0)
        return sum(self._in_row(y, left, right) for y, (left, right) in rows)

    def in_region(self, region: Region) -> int:
        """How many of the region's pixels are hidden here."""
        return sum(self._in_row(y, region.x0, region.x1) for y in range(region.y0, region.y1))

    def _in_row(self, y: int, left: int, right: int) -> int:
        return sum(max(min(right, end) - max(left, start), 0) for start, end in self._rows.get(y, ()))


def share_hidden(region: Region, redactions: Sequence[Redaction]) -> float:
    """The share of a region's pixels, 0 to 1, that at least one of the redactions hides."""
    if all(redaction.outline is None for redaction in redactions):
        return share_covered(region, [redaction.region for redaction in redactions])
    return HiddenRows(redactions).in_region(region) / region.area


def hidden_iou(one: Sequence[Redaction], other: Sequence[Redaction]) -> float:
    """Intersection over union of the pixels that two sets of redactions hide; 1 where both hide none."""
    either = HiddenRows([*one, *other]).pixels
    if either == 0:
        return 1.0
    return (HiddenRows(one).pixels + HiddenRows(other).pixels - either) / either


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The same pixels as spans that neither touch nor overlap, from left to right."""
    joined: list[Span] = []
    for left, right in sorted(spans):
        if joined and left <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], right)
        elif left < right:
            joined.append((left, right))
    return joined
