"""The detectors look at an image, frame by frame, and say what of it is to be known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from gateway.detection.over_time import united
from gateway.imaging.image import Pixels
from policies.model import Detection, Size

LookAt = Callable[[Pixels], tuple[Detection, ...]]


def seen_in(frames: Iterable[Pixels], look_at: LookAt) -> tuple[Detection, ...]:
    """What is seen in any of the frames, which are of one size. A frame like the one before is not looked at.

    Of an image of one frame it is what `look_at` says of it.
    """
    looks, size = [], Size(1, 1)
    for frame in _different(frames):
        size = Size(width=frame.shape[1], height=frame.shape[0])
        looks.append(look_at(frame))
    return united(looks, size)


def _different(frames: Iterable[Pixels]) -> Iterator[Pixels]:
    before: Pixels | None = None
    for frame in frames:
        if before is None or not np.array_equal(before, frame):
            yield frame
        before = frame
