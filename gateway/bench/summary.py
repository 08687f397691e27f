"""What a run's scores come to: by kind, by the height of the box, by source. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from gateway.bench.change import Judgement
from gateway.bench.intervals import Mean, Share, mean_of_images, share_of_boxes, share_of_images
from gateway.bench.run import Run, Scored, State, in_state
from gateway.bench.score import BoxScore, ImageScore
from policies.model import Kind

HEIGHTS: tuple[tuple[float, str], ...] = (
    (16, "under 16"),
    (32, "16 to 32"),
    (64, "32 to 64"),
    (128, "64 to 128"),
    (math.inf, "128 and more"),
)
"""Upper bounds, not included, in pixels of the labelled box's height, and what they are called."""

Chosen = Callable[[BoxScore], bool]


@dataclass(frozen=True, slots=True)
class Boxes:
    """covered: share of the labelled boxes covered (recall). hidden: covered or blurred (recall+)."""

    count: int
    covered: Share
    hidden: Share


@dataclass(frozen=True, slots=True)
class KindSummary:
    """One kind: all its boxes, and those of each height; heights without a box are left out."""

    kind: Kind
    all: Boxes
    by_height: dict[str, Boxes]


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in figures.

    perfect, perfect_hidden: the share of the images with boxes on which every box is covered; hidden.
    over: changed pixels outside all labels, as a share, mean over images; over_pooled: over all their pixels.
    released: the share of images that go out without a person. let_go: the boxes on those.
    seconds: an image, in one worker. failed: images with nothing to compare. by_source: only where there are
    several.
    """

    images: int
    failed: int
    kinds: tuple[KindSummary, ...]
    by_source: dict[str, Boxes]
    perfect: Share
    perfect_hidden: Share
    over: Mean
    over_pooled: float | None
    released: Share
    let_go: Boxes
    seconds: Mean
    seconds_median: float | None
    seconds_95: float | None


def summarize(run: Run) -> Summary:
    scores, seconds = run.scores, sorted(image.made.seconds for image in run.images)
    having = [score for score in scores if score.boxes]
    compared = [score for score in scores if score.outside]
    shares = [share for score in compared if (share := score.over_share) is not None]
    outside = sum(score.outside for score in compared)
    released = in_state(run.images, State.RELEASED)
    return Summary(
        images=len(scores),
        failed=sum(score.failure is not None for score in scores),
        kinds=tuple(_of_kind(scores, kind) for kind in sorted(run.bars) if _any(scores, kind)),
        by_source=_by_source(scores),
        perfect=share_of_images(sum(score.uncovered == 0 for score in having), len(having)),
        perfect_hidden=share_of_images(sum(score.leaked == 0 for score in having), len(having)),
        over=mean_of_images(shares),
        over_pooled=sum(score.over for score in compared) / outside if outside else None,
        released=share_of_images(len(released), len(scores)),
        let_go=boxes_of([image.score for image in released]),
        seconds=mean_of_images(seconds),
        seconds_median=median(seconds) if seconds else None,
        seconds_95=seconds[math.ceil(0.95 * len(seconds)) - 1] if seconds else None,
    )


def boxes_of(scores: Iterable[ImageScore], chosen: Chosen = lambda box: True) -> Boxes:
    """The boxes that are chosen, with intervals that know which of them share an image."""
    groups = [[box for box in score.boxes if chosen(box)] for score in scores]
    covered = [(_count(group, {Judgement.COVERED}), len(group)) for group in groups]
    hidden = [(_count(group, {Judgement.COVERED, Judgement.BLURRED}), len(group)) for group in groups]
    return Boxes(sum(map(len, groups)), share_of_boxes(covered), share_of_boxes(hidden))


def height_of(box: BoxScore) -> str:
    """What the box's height is called."""
    return next(name for bound, name in HEIGHTS if box.height < bound)


def misses(images: Iterable[Scored]) -> list[tuple[Scored, BoxScore]]:
    """The boxes that are not covered, the largest first: those a person would see first."""
    found = [
        (image, box)
        for image in images
        for box in image.score.boxes
        if box.judgement is not Judgement.COVERED
    ]
    return sorted(found, key=lambda pair: (-pair[1].height, pair[0].made.name, pair[1].number))


def _of_kind(scores: Sequence[ImageScore], kind: Kind) -> KindSummary:
    by_height = {
        name: boxes_of(scores, lambda box, name=name: box.kind is kind and height_of(box) == name)  # type: ignore[misc]
        for _, name in HEIGHTS
    }
    return KindSummary(
        kind,
        boxes_of(scores, lambda box: box.kind is kind),
        {name: boxes for name, boxes in by_height.items() if boxes.count},
    )


def _by_source(scores: Sequence[ImageScore]) -> dict[str, Boxes]:
    sources = sorted({score.source for score in scores if score.boxes})
    if len(sources) < 2:
        return {}
    return {source: boxes_of(score for score in scores if score.source == source) for source in sources}


def _any(scores: Iterable[ImageScore], kind: Kind) -> bool:
    return any(box.kind is kind for score in scores for box in score.boxes)


def _count(boxes: Iterable[BoxScore], judgements: set[Judgement]) -> int:
    return sum(box.judgement in judgements for box in boxes)
