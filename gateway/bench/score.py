"""The score of one image: each labelled box judged, and how much else was changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gateway.bench.annotations import LabelledImage
from gateway.bench.change import Bar, Judgement, Mask, changed_mask, judge, window
from gateway.bench.pixels import NotComparable, Pixels, load_pair
from policies.model import Kind

SPARED = 1.5
"""Times the side of a labelled box: margins are no over-redaction."""

NO_OUTPUT = "nothing was written"


@dataclass(frozen=True, slots=True)
class BoxScore:
    """height: of the label, in pixels. changed, detail: see change.Judged; detail None without an output."""

    number: int
    kind: Kind
    height: float
    changed: float
    detail: float | None
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class ImageScore:
    """over: changed pixels outside all labels; outside: the pixels there are, 0 where nothing was compared.

    failure: why nothing could be compared; then every box counts as leaked.
    """

    name: str
    source: str
    boxes: tuple[BoxScore, ...]
    over: int
    outside: int
    failure: str | None = None

    @property
    def leaked(self) -> int:
        return sum(box.judgement is Judgement.LEAKED for box in self.boxes)

    @property
    def uncovered(self) -> int:
        return sum(box.judgement is not Judgement.COVERED for box in self.boxes)

    @property
    def over_share(self) -> float | None:
        return self.over / self.outside if self.outside else None


def score_file(image: LabelledImage, output: Path | None, bars: Mapping[Kind, Bar]) -> ImageScore:
    """bars: of the kinds that are scored. output: what was made of the image, None for nothing."""
    if output is None:
        return failed(image, bars, NO_OUTPUT)
    try:
        before, after = load_pair(image.path, output)
    except NotComparable as exc:
        return failed(image, bars, str(exc))
    return score_pixels(image, before, after, bars)


def score_pixels(image: LabelledImage, before: Pixels, after: Pixels, bars: Mapping[Kind, Bar]) -> ImageScore:
    """before, after: uint8 (height, width, 3), of one shape."""
    changed = changed_mask(before, after)
    outside = outside_labels(image, changed.shape)
    boxes = []
    for box in image.labels(frozenset(bars)):
        assert box.kind is not None  # noqa: S101  (labels() gives boxes of the kinds asked for)
        found = judge(before, after, changed, box, bars[box.kind])
        boxes.append(BoxScore(box.number, box.kind, box.height, found.changed, found.detail, found.judgement))
    over = int(np.count_nonzero(changed & outside))
    return ImageScore(image.name, image.source, tuple(boxes), over, int(np.count_nonzero(outside)))


def outside_labels(image: LabelledImage, shape: tuple[int, ...]) -> Mask:
    """(height, width): True where no label lies near, whatever its kind, scored or not."""
    outside = np.ones((shape[0], shape[1]), dtype=np.bool_)
    for box in image.boxes:
        outside[window(box, shape, SPARED)] = False
    return outside


def failed(image: LabelledImage, bars: Mapping[Kind, Bar], why: str) -> ImageScore:
    """The score of an image of which there is nothing to compare: all of it leaked, for all we know."""
    boxes = tuple(
        BoxScore(box.number, box.kind, box.height, 0.0, None, Judgement.LEAKED)
        for box in image.labels(frozenset(bars))
        if box.kind is not None
    )
    return ImageScore(image.name, image.source, boxes, 0, 0, why)
