"""95 % intervals, and whether a difference can be chance. Pure.

Which, and why:
- A share of images (perfect, released): images are drawn apart, so Wilson's interval, which holds for small
  numbers and near 0 and 1, where most figures of a good run lie.
- A share of boxes: the boxes of one image are missed together (one is dark, all of it is), so a thousand
  boxes on twenty images say less than a thousand. Wilson's interval for the number of independent boxes that
  would scatter alike: the boxes, over Kish's design effect (1965) for how alike those of one image fare. That
  is estimated from the scatter between images; since few misses show little of it, and none show nothing, it
  is drawn towards what crowds of faces show. No resampling: near 1 a bootstrap of few misses gives intervals
  that are too narrow, and none at all without a miss.
- A mean over images (over-redaction, seconds): percentile bootstrap over images, seeded.
- Two runs on the same images: the exact sign test on those that differ (McNemar's test for pairs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

Z95 = 1.959964
"""The normal distribution's 97.5 % quantile."""

RESAMPLES = 2000

ALIKE = 0.24
"""The correlation within an image that is assumed as far as the data do not show it: measured on 1,709
labelled faces of 150 photos, 83 of them missed; 0.22 to 0.31 for those under 32 px, which make up crowds."""

DRAWN = 5
"""Images with misses that weigh as much as that assumption."""

AT_ONCE = 1 << 20
"""Values drawn at a time: bounds the memory."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, with its 95 % interval. value is None where the whole is empty."""

    part: int
    whole: int
    value: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean with its 95 % interval. value is None without any values."""

    count: int
    value: float | None
    low: float
    high: float


def share_of_images(part: int, whole: int) -> Share:
    """Of independent things."""
    return _wilson(part, whole, float(whole))


def share_of_boxes(clusters: Sequence[tuple[int, int]]) -> Share:
    """Of boxes that come by image. clusters: (part, whole) of each image."""
    filled = [(part, whole) for part, whole in clusters if whole]
    part, whole = sum(p for p, _ in filled), sum(w for _, w in filled)
    return _wilson(part, whole, _effective(filled, part, whole))


def _effective(clusters: Sequence[tuple[int, int]], part: int, whole: int) -> float:
    """How many independent boxes would scatter as these do: between 1 and all of them."""
    if not whole:
        return 0.0
    together = sum(w * w for _, w in clusters) / whole  # how many share the image of a box, itself included
    telling = min(sum(p < w for p, w in clusters), sum(p > 0 for p, _ in clusters))
    seen = _alikeness(clusters, part, whole, together)
    alike = (telling * seen + DRAWN * ALIKE) / (telling + DRAWN)
    return whole / (1 + (together - 1) * alike)


def _alikeness(clusters: Sequence[tuple[int, int]], part: int, whole: int, together: float) -> float:
    """How alike the boxes of one image fare, 0 to 1: from the variance of the share between images."""
    images, share = len(clusters), part / whole
    if images < 2 or part in (0, whole) or together <= 1:
        return 0.0
    scatter = sum((p - share * w) ** 2 for p, w in clusters)
    effect = images / (images - 1) * scatter / whole / (share * (1 - share))
    return min(max((effect - 1) / (together - 1), 0.0), 1.0)


def _wilson(part: int, whole: int, effective: float) -> Share:
    """Wilson's score interval (Wilson, 1927) for `part` of `whole`, as of `effective` independent trials."""
    if whole == 0:
        return Share(0, 0, None, 0.0, 1.0)
    share, square = part / whole, Z95**2
    centre = (share + square / (2 * effective)) / (1 + square / effective)
    half = Z95 / (1 + square / effective)
    half *= sqrt(share * (1 - share) / effective + square / (4 * effective**2))
    return Share(part, whole, share, min(max(centre - half, 0.0), share), max(min(centre + half, 1.0), share))


def mean_of_images(values: Sequence[float], *, seed: int = 1) -> Mean:
    """The mean over images; the same values give the same interval."""
    if not values:
        return Mean(0, None, 0.0, 0.0)
    sample = np.asarray(values, dtype=np.float64)
    chance = np.random.default_rng(seed)
    at_once = max(1, AT_ONCE // len(sample))
    means = [
        sample[chance.integers(0, len(sample), (min(at_once, RESAMPLES - done), len(sample)))].mean(axis=1)
        for done in range(0, RESAMPLES, at_once)
    ]
    low, high = np.quantile(np.concatenate(means), (0.025, 0.975))
    middle = float(sample.mean())
    return Mean(len(sample), middle, min(float(low), middle), max(float(high), middle))


def sign_test(won: int, lost: int) -> float:
    """How likely at least so uneven a split of won + lost is by chance: exact, two-sided."""
    total, fewer = won + lost, min(won, lost)
    ways = tail = 1  # of choosing none
    for chosen in range(fewer):
        ways = ways * (total - chosen) // (chosen + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << total))
