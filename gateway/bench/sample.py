"""Which images a run looks at. Decided by the SHA-256 of an image's name: the same on every machine, whatever
the order of the files, and whatever else lies beside them.

Thresholds are chosen on one half of the data and reported on the other, so that a figure never flatters the
images it was made on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import StrEnum

from gateway.bench.annotations import LabelledImage


class Half(StrEnum):
    """CHOOSE: where thresholds may be chosen. REPORT: where their effect is measured. ALL: both."""

    CHOOSE = "choose"
    REPORT = "report"
    ALL = "all"


def half_of(name: str) -> Half:
    """The half that the image of this name belongs to; never ALL."""
    return Half.REPORT if _digest(name)[-1] % 2 else Half.CHOOSE


def sampled(images: Iterable[LabelledImage], half: Half, limit: int | None) -> list[LabelledImage]:
    """The images of the half, `limit` of them at most, in their own order.

    A smaller sample is part of a larger one: what a short run looked at, a longer one looks at again.
    """
    inside = [image for image in images if half is Half.ALL or half_of(image.name) is half]
    if limit is None or limit >= len(inside):
        return inside
    drawn = {image.name for image in sorted(inside, key=lambda image: _digest(image.name))[:limit]}
    return [image for image in inside if image.name in drawn]


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
