"""Several looks of one network at the same place become one box. Pure.

The looks share the network's weights, so they are not independent witnesses; yet a face that shows at two
scales, or in the mirror too, is far more often one than what shows once. The best look counts in full, each
further one half: 1 - (1 - best) x product of (1 - score / 2).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.detection.boxes import Boxes, has_reach, ious, no_boxes, ordered, reaching

FURTHER = 0.5
"""How much of a further look counts; 0.8 gave the same curve on the development photos."""


def agreed(looks: Sequence[Boxes], overlap: float) -> Boxes:
    """One box where the looks overlap by more than `overlap` (IoU): the best's place, the score of them all.

    looks: boxes with normalised scores, each look's own already without duplicates. Best first by their own
    scores; so a box never grows from agreement, only its score does.
    """
    numbered = [(index, boxes) for index, boxes in enumerate(looks) if len(boxes)]
    rows = [np.column_stack([boxes, np.full(len(boxes), index)]) for index, boxes in numbered]
    rest = ordered(np.concatenate(rows).astype(np.float32)) if rows else no_boxes()
    found = []
    while len(rest):
        same = ious(rest[0], rest) > overlap
        same[0] = True
        found.append(_one(rest[same]))
        rest = rest[~same]
    return np.array(found, dtype=np.float32) if found else no_boxes()


def _one(group: Boxes) -> Boxes:
    """group: best first; one column more, which names the look. Of each further look the best box counts."""
    _, firsts = np.unique(group[:, -1], return_index=True)
    boxes = group[:, :-1]
    further = group[firsts[firsts > 0], 4]
    box = reaching(boxes[0], boxes) if has_reach(boxes) else boxes[0].copy()
    box[4] = 1 - (1 - box[4]) * np.prod(1 - FURTHER * further)
    return box
