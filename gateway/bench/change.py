"""What changed between two pictures, and whether that hides what a labelled box holds.

A pixel counts as changed when, in some channel, it left the range of its old 3x3 neighbourhood by more than
LEVELS, or its own old value by more than LEVELS and a quarter of that range: neither an encoder's noise along
edges nor a light blur counts, covering does. A strong blur moves smooth skin by little; so for what was not
covered it is asked how much of the detail is left by which a person is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gateway.bench.annotations import LabelledBox
from gateway.bench.pixels import Pixels
from policies.model import Kind

LEVELS = 8
"""Of 256: what an encoder of good quality stays below."""

DETAIL_SIDE = 24
"""Pixels: detail is compared at this size at most, where it identifies, and not in the grain."""

BLURRED_CHANGED = 0.35
"""Share of changed pixels from which a strong blur can be one at all."""

BLURRED_DETAIL = 0.10
"""Share of the old detail below which a face is taken to be unrecognizable."""

Mask = NDArray[np.bool_]
"""(height, width)."""


class Judgement(StrEnum):
    """COVERED: enough pixels changed. BLURRED: not that, but its detail is gone. LEAKED: neither."""

    COVERED = "covered"
    BLURRED = "blurred"
    LEAKED = "leaked"


@dataclass(frozen=True, slots=True)
class Bar:
    """When a box counts as covered: at least `min_changed` of the pixels of its inner part changed; `inner`
    is the share of each side that is looked at, about the middle. Both above 0, at most 1."""

    inner: float
    min_changed: float

    def __post_init__(self) -> None:
        if not (0 < self.inner <= 1 and 0 < self.min_changed <= 1):
            raise ValueError(f"shares lie above 0 and at most at 1: {self}")


LOOSE = Bar(inner=0.8, min_changed=0.7)
WHOLE = Bar(inner=1.0, min_changed=0.95)

BARS = {Kind.FACE: LOOSE, Kind.LICENSE_PLATE: WHOLE, Kind.TEXT: WHOLE, Kind.CODE: WHOLE}
"""Half a face is nobody's; a third of a plate, or of a line, is still one that can be read."""


@dataclass(frozen=True, slots=True)
class Judged:
    """changed: share of the inner pixels. detail: what is left of it, 1 for all."""

    changed: float
    detail: float
    judgement: Judgement


def changed_mask(before: Pixels, after: Pixels) -> Mask:
    """Which pixels changed. Both of one shape."""
    around = np.ones((3, 3), np.uint8)
    # The morphology's default border leaves out what lies beyond the edge.
    low = cv2.erode(before, around).astype(np.int16)
    high = cv2.dilate(before, around).astype(np.int16)
    new = after.astype(np.int16)
    left_range = np.maximum(low - new, new - high)
    left_itself = np.abs(new - before) - (high - low) // 4
    mask: Mask = (np.maximum(left_range, left_itself) > LEVELS).any(axis=2)
    return mask


def window(box: LabelledBox, shape: tuple[int, ...], scale: float) -> tuple[slice, slice]:
    """Rows and columns of the box scaled about its middle, inside the picture; of one pixel at least."""
    rows = _span(box.y, box.height, shape[0], scale)
    return rows, _span(box.x, box.width, shape[1], scale)


def _span(start: float, length: float, limit: int, scale: float) -> slice:
    middle = start + length / 2
    first = min(max(round(middle - length * scale / 2), 0), limit - 1)
    return slice(first, min(max(round(middle + length * scale / 2), first + 1), limit))


def judge(before: Pixels, after: Pixels, changed: Mask, box: LabelledBox, bar: Bar) -> Judged:
    """Whether what the box labels is hidden. changed: of the two pictures."""
    inside = window(box, changed.shape, bar.inner)
    share = float(changed[inside].mean())
    was = detail(before[inside])
    rest = detail(after[inside]) / was if was > 0 else 1.0
    return Judged(share, rest, _judgement(share, rest, bar))


def _judgement(share: float, rest: float, bar: Bar) -> Judgement:
    if share >= bar.min_changed:
        return Judgement.COVERED
    if share >= BLURRED_CHANGED and rest < BLURRED_DETAIL:
        return Judgement.BLURRED
    return Judgement.LEAKED


def detail(pixels: Pixels) -> float:
    """The variance of the grey Laplacian at DETAIL_SIDE at most; of the grey values where that is under 3."""
    grey = Image.fromarray(pixels.mean(axis=2).astype(np.uint8))
    small = grey.resize((min(grey.width, DETAIL_SIDE), min(grey.height, DETAIL_SIDE)), Image.Resampling.BOX)
    values = np.asarray(small, dtype=np.float64)
    if min(values.shape) < 3:
        return float(values.var())
    around = values[:-2, 1:-1] + values[2:, 1:-1] + values[1:-1, :-2] + values[1:-1, 2:]
    return float((around - 4 * values[1:-1, 1:-1]).var())
