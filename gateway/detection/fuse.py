"""Several looks at one object become one detection. Pure.

1. Detections of a kind are one object when their intersection over union is above SAME, or when the one
   that scores less lies within the other by more than INSIDE. A confident one around a smaller one that
   scores more stays a detection of its own: a small face held up in front of a large one hides nothing of it.
2. The best-scoring one gives the region, and its outline where it has one, drawn around all of them. For
   plates, a confident second source that sees the same place widens the region to the union: the two see
   different parts of a plate, its characters and its frame. What was taken for the same thing and reaches out
   of the region widens the extent: where two faces overlap, one of them is known by that alone.
3. Where a second, independent source agrees, the score rises to 1 - (1 - a)(1 - b / 2), a the best of the
   first source and b the best of the others. So agreement lifts a doubtful detection over the operating
   point; one source alone never does.
4. What stays below the operating point is reported only where it is large enough for a person to judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from gateway.detection.boxes import MOST, MOST_RAW, Boxes, areas, ious, overlaps
from gateway.detection.tilted import united
from policies.model import TOO_MANY, Detection, Kind, Region, Size

# Detections of less than this normalised score are not reported: half of an operating point.
FLOOR = 0.25
# The operating point: what is below it is doubtful.
CERTAIN = 0.5
# The shorter side, pixels, from which a doubtful detection is worth a person's time. In a crowd there are
# dozens of doubtful specks of 10 pixels; with them all, hardly a street photo would go through by itself.
JUDGEABLE = {Kind.FACE: 32, Kind.LICENSE_PLATE: 20, Kind.TEXT: 8, Kind.CODE: 8}
# Overlaps from which two boxes are one object: intersection over union, and over the smaller box.
SAME = 0.4
INSIDE = 0.8


def fuse(detections: Iterable[Detection], size: Size) -> tuple[Detection, ...]:
    """One detection an object: kind by kind, best first, ties by place. Independent of the order given.

    size: of the image. Of a kind of which there are more than MOST, one detection covers the image.
    """
    ranked = sorted(detections, key=_rank)
    kinds = dict.fromkeys(detection.kind for detection in ranked)
    fused = [one for kind in kinds for one in _of_kind(kind, [d for d in ranked if d.kind is kind], size)]
    return tuple(sorted(filter(_reported, fused), key=_rank))


def everything(kind: Kind, size: Size) -> Detection:
    """The image itself, for a kind of which there is more in it than can be told apart."""
    return Detection(kind, Region(0, 0, size.width, size.height), 1.0, TOO_MANY)


def _of_kind(kind: Kind, ranked: Sequence[Detection], size: Size) -> list[Detection]:
    if len(ranked) > MOST_RAW or any(one.source == TOO_MANY for one in ranked):
        return [everything(kind, size)]
    found = [_joined(group) for group in islice(_groups(ranked), MOST + 1)]
    return found if len(found) <= MOST else [everything(kind, size)]


def _rank(detection: Detection) -> tuple[str, float, tuple[int, int, int, int], str]:
    region = detection.region
    place = (region.y0, region.x0, region.y1, region.x1)
    return detection.kind.value, -detection.score, place, detection.source


def _corners(region: Region) -> tuple[int, int, int, int]:
    return region.x0, region.y0, region.x1, region.y1


def _groups(ranked: Sequence[Detection]) -> Iterator[list[Detection]]:
    """Detections of one kind by object; each group begins with its best, as the whole does."""
    boxes = np.array([(*_corners(one.region), one.score) for one in ranked], dtype=np.float32)
    rest = np.arange(len(ranked))
    while len(rest):
        same = _same(boxes[rest[0]], boxes[rest])
        yield [ranked[index] for index in rest[same]]
        rest = rest[~same]


def _same(one: NDArray[np.float32], many: Boxes) -> NDArray[np.bool_]:
    """Which of `many` show the object that `one`, the best of them, shows."""
    both = overlaps(one, many)
    within = both > INSIDE * areas(many)
    doubtful_around = (both > INSIDE * areas(one[None])) & (many[:, 4] < CERTAIN)
    return (ious(one, many) > SAME) | within | doubtful_around


def _joined(group: Sequence[Detection]) -> Detection:
    """The group's best, with everyone who saw it; `group` is in rank order."""
    best = group[0]
    reached = [one.reach for one in group]
    others = [one for one in group if one.source != best.source]
    if not others:
        return best if len(group) == 1 else replace(best, polygon=united(best, group)).reaching(reached)
    second = others[0]
    score = min(1 - (1 - best.score) * (1 - second.score / 2), 1.0)
    sources = "+".join(dict.fromkeys(one.source for one in group))
    joined = Detection(best.kind, _region(best, second), score, sources, polygon=united(best, group))
    return joined.reaching(reached)


def _region(best: Detection, second: Detection) -> Region:
    confident = second.score >= CERTAIN and best.region.iou(second.region) > SAME
    if best.kind is Kind.LICENSE_PLATE and confident:
        return best.region.united(second.region)
    return best.region


def _reported(detection: Detection) -> bool:
    if detection.score >= CERTAIN:
        return True
    shorter = min(detection.region.width, detection.region.height)
    return detection.score >= FLOOR and shorter >= JUDGEABLE[detection.kind]
