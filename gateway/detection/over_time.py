"""What was seen in the frames of one image, as detections of the whole: hidden in one frame, hidden in all.

Looks at one thing that hardly moves become one detection, whose region contains them all. A thing that
crosses the picture stays several, so that what it leaves free is not hidden with it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.detection.boxes import MOST
from gateway.detection.fuse import everything
from policies.model import Detection, Reading, Size

Corners = NDArray[np.int64]
"""x0, y0, x1, y1 in each row."""

GROWTH: Final = 1.5
"""Times the larger of two areas that their union may have. A face that turns keeps within it; one that moves
by half of its width makes two regions."""


def united(looks: Sequence[Sequence[Detection]], size: Size) -> tuple[Detection, ...]:
    """looks: by frame. Of a single frame what was seen stays as it is.

    Otherwise kind by kind, best first: every detection lies in one that is returned, of its kind and reading
    and with no lower score. Of a kind of which there are more than MOST, one covers the image.
    """
    if len(looks) == 1:
        return tuple(looks[0])
    seen = sorted((one for look in looks for one in look), key=_rank)
    kinds = dict.fromkeys(one.kind for one in seen)
    found = [one for kind in kinds for one in _of_kind([each for each in seen if each.kind is kind], size)]
    return tuple(sorted(found, key=_rank))


def _of_kind(seen: Sequence[Detection], size: Size) -> list[Detection]:
    found: list[Detection] = []
    for reading in dict.fromkeys(one.reading for one in seen):
        for group in _groups([one for one in seen if one.reading is reading]):
            found.append(group)
            if len(found) > MOST:
                return [everything(seen[0].kind, size)]
    return found


def _groups(seen: Sequence[Detection]) -> Iterator[Detection]:
    """One detection a group, best first; each joins the first group that it hardly widens."""
    boxes = np.empty((0, 4), dtype=np.int64)
    groups: list[Detection] = []
    for one in seen:
        region = one.region
        box = np.array([region.x0, region.y0, region.x1, region.y1], dtype=np.int64)
        together = np.hstack([np.minimum(boxes[:, :2], box[:2]), np.maximum(boxes[:, 2:], box[2:])])
        near = np.flatnonzero(_areas(together) <= GROWTH * np.maximum(_areas(boxes), region.area))
        if len(near) == 0:
            groups.append(one)
            boxes = np.vstack([boxes, box])
        else:
            place = int(near[0])
            groups[place] = _joined(groups[place], one)
            boxes[place] = together[place]
        if len(groups) > MOST:
            break
    yield from groups


def _areas(boxes: Corners) -> Corners:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), dtype=np.int64)


def _joined(best: Detection, other: Detection) -> Detection:
    if replace(other, score=best.score, source=best.source) == best and other.source in best.source:
        return best
    sources = dict.fromkeys([*best.source.split("+"), *other.source.split("+")])
    region = best.region.united(other.region)
    joined = Detection(best.kind, region, max(best.score, other.score), "+".join(sources), best.reading)
    return joined.reaching([best.reach, other.reach])


def _rank(one: Detection) -> tuple[str, float, tuple[int, int, int, int], str, Reading | str]:
    region = one.region
    place = (region.y0, region.x0, region.y1, region.x1)
    return one.kind.value, -one.score, place, one.source, one.reading or ""
