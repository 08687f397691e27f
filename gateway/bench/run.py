"""The values of a finished run: what each image came to, and what it cost. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from gateway.bench.annotations import LabelledImage
from gateway.bench.change import Bar
from gateway.bench.score import ImageScore
from policies.model import Detection, Kind, Size


class State(StrEnum):
    """RELEASED: goes out without a person. HELD: a person looks first. REFUSED: nothing was written."""

    RELEASED = "released"
    HELD = "held"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Made:
    """What a run made of one image, before anything is scored.

    name: the labelled image's. output: the file written, None for none. seconds: from reading the input to
    the output on disk. stages, detectors: milliseconds, of the product's own path; see services.usage.Usage.
    worker_peak, decoder_peak: bytes; for another tool its own, and 0. detections: with their scores, where
    they are known.
    """

    name: str
    output: Path | None
    state: State
    reason: str | None
    seconds: float
    stages: Mapping[str, float] = field(default_factory=dict)
    detectors: Mapping[str, float] = field(default_factory=dict)
    worker_peak: int = 0
    decoder_peak: int = 0
    size: Size | None = None
    detections: tuple[Detection, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """One image of a run: what was made of it, and how it scores."""

    made: Made
    score: ImageScore


@dataclass(frozen=True, slots=True)
class Run:
    """A run over a list of images, scored.

    title: what ran. facts: policy, models and the like, for who reads it later. bars: by which the kinds were
    judged. elapsed: seconds on the clock for the `timed` images that were made in this very run, with `jobs`
    of them at a time; starting up is in `started`, seconds too, where it happens once.
    """

    title: str
    facts: Mapping[str, object]
    bars: Mapping[Kind, Bar]
    images: tuple[Scored, ...]
    jobs: int
    elapsed: float
    timed: int
    started: float | None

    @property
    def scores(self) -> list[ImageScore]:
        return [image.score for image in self.images]

    @property
    def seconds_an_image(self) -> float | None:
        """On the clock, all workers together."""
        return self.elapsed / self.timed if self.timed else None

    @property
    def worker_peak(self) -> int:
        return max((image.made.worker_peak for image in self.images), default=0)

    @property
    def decoder_peak(self) -> int:
        return max((image.made.decoder_peak for image in self.images), default=0)


def unlike_labels(images: Sequence[LabelledImage], run: Run) -> int:
    """How many images have another size than their annotations say: upright, as the boxes must be.

    Labels drawn on an image that lies on its side are the usual cause.
    """
    sizes = {one.made.name: one.made.size for one in run.images}
    return sum(
        image.size is not None and image.size != (found.width, found.height)
        for image in images
        if (found := sizes.get(image.name)) is not None
    )


def in_state(images: Sequence[Scored], state: State) -> list[Scored]:
    return [image for image in images if image.made.state is state]
