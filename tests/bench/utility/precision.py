"""Average precision of found boxes, and intervals of means by drawing images again. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Weights = NDArray[np.int64]

OVERLAP: Final = 0.5
"""Intersection over union from which a found box is the labelled one."""
DRAWS: Final = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """What was found on one image. scores: shape (n,); right: of each, whether it is a labelled box that no
    surer one took; wanted: how many boxes are labelled.
    """

    scores: Floats
    right: NDArray[np.bool_]
    wanted: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval; n: images. value is None where there is nothing to measure."""

    value: float | None
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        if self.value is None:
            return "–"
        return f"{100 * self.value:.1f} ({100 * self.low:.1f}–{100 * self.high:.1f})"


def match(boxes: Floats, wanted: Floats, spared: Floats) -> Found:
    """boxes: shape (n, 5), corners and score; wanted, spared: shape (m, 4). Those found mostly within a
    spared box count neither for nor against.
    """
    order = np.argsort(-boxes[:, 4], kind="stable")
    overlap = _overlaps(boxes[order], wanted)
    free = np.ones(len(wanted), dtype=np.bool_)
    scores, right = [], []
    for row, box in zip(overlap, boxes[order], strict=True):
        fits = np.where(free, row, 0.0)
        hit = len(fits) > 0 and fits.max() >= OVERLAP
        if not hit and _within(box, spared):
            continue
        if hit:
            free[fits.argmax()] = False
        scores.append(box[4])
        right.append(hit)
    return Found(np.array(scores), np.array(right, dtype=np.bool_), len(wanted))


def average_precision(images: Sequence[Found]) -> Figure:
    """The area under precision against recall, at every recall; images drawn again for the interval."""
    scores, right, owner, wanted = _joined(images)
    order = np.argsort(-scores, kind="stable")
    right, owner = right[order], owner[order]

    def of(weights: Weights) -> float:
        count = weights[owner]
        hits, all_of = np.cumsum(right * count), np.cumsum(count)
        precision = hits / np.maximum(all_of, 1)
        best = np.maximum.accumulate(precision[::-1])[::-1]  # the best at this recall or a higher one
        return float((best * right * count).sum() / max(1, (wanted * weights).sum()))

    return _drawn(of, len(images)) if wanted.sum() else Figure(None, 0, 0, len(images))


def mean(values: Sequence[float]) -> Figure:
    """Of one value an image."""
    each = np.array(values, dtype=np.float64)
    if not len(each):
        return Figure(None, 0, 0, 0)
    return _drawn(lambda weights: float((each * weights).sum() / weights.sum()), len(each))


def _drawn(of: Callable[[Weights], float], n: int) -> Figure:
    chance = np.random.default_rng(1)
    drawn = [of(np.bincount(chance.integers(0, n, n), minlength=n)) for _ in range(DRAWS)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Figure(of(np.ones(n, dtype=np.int64)), float(low), float(high), n)


def _joined(images: Sequence[Found]) -> tuple[Floats, NDArray[np.bool_], Weights, Weights]:
    owner = np.repeat(np.arange(len(images)), [len(one.scores) for one in images])
    scores = np.concatenate([one.scores for one in images])
    right = np.concatenate([one.right for one in images]).astype(np.bool_)
    return scores, right, owner, np.array([one.wanted for one in images], dtype=np.int64)


def _within(box: Floats, spared: Floats) -> bool:
    if not len(spared):
        return False
    area = max((box[2] - box[0]) * (box[3] - box[1]), 1e-9)
    return bool((_shared(box[None], spared) / area).max() >= OVERLAP)


def _overlaps(boxes: Floats, others: Floats) -> Floats:
    shared = _shared(boxes, others)
    return np.asarray(shared / np.maximum(_areas(boxes)[:, None] + _areas(others)[None] - shared, 1e-9))


def _shared(boxes: Floats, others: Floats) -> Floats:
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:4], others[None, :, 2:4])
    return np.asarray(np.prod(np.maximum(high - low, 0), axis=2), dtype=np.float64)


def _areas(boxes: Floats) -> Floats:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), dtype=np.float64)
