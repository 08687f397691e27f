"""How much redaction changes images, and what other tasks make of them then.

    python -m tests.bench.utility DATA --hide face [--images 100] [--persons MEDIAPIPE.whl] [--report FILE.md]

DATA: labelled images as for `privgate bench`. What is hidden are the labelled boxes of that kind; of a kind
that DATA does not label, what the product finds. Every copy is written as JPEG, the originals too, so that
JPEG alone is the first line. Boxes hidden: labelled ones, covered or blurred as `privgate bench` judges. AP:
of the product's detectors, against labels; of a kind that DATA does not label, against what is surely found
beside the hidden boxes on the originals.
Persons: intersection over union with the mask of the original.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from gateway.bench.annotations import LabelledImage, read_data
from gateway.bench.change import BARS, changed_mask
from gateway.bench.intervals import share_of_boxes
from gateway.bench.pixels import NotComparable, readings
from gateway.bench.score import score_pixels
from gateway.imaging import redact
from gateway.imaging.image import Pixels
from policies.model import Kind, Redaction, RedactionMethod, Region, Size
from policies.plan import BLOCK
from tests.bench.attacks import methods as ways
from tests.bench.attacks.methods import Method, narrowed, written
from tests.bench.utility.precision import Figure, Floats, Found, average_precision, match, mean
from tests.bench.utility.tasks import SURE, Detectors, Persons, rows

GROW: Final = {Kind.FACE: 0.08, Kind.LICENSE_PLATE: 0.15}
"""Of a side, as in the preset `street`."""
PERSON: Final = 0.05
"""Of an image, from which it is said to show a person."""
SHOWN: Final = 25
"""Images between two looks at the table."""
SURE_OF: Final = {Kind.FACE: 0.7, Kind.LICENSE_PLATE: 0.7, Kind.TEXT: 0.8}
"""From these scores what is found on the original is taken for true where DATA has no labels of it: below lie
crowds and fences, which the product's detectors report for a person to look at.
"""
AP: Final = (Kind.FACE, Kind.LICENSE_PLATE, Kind.TEXT)


@dataclass(slots=True)
class Seen:
    """What was measured of one method so far, an entry an image."""

    changed: list[float] = field(default_factory=list)
    boxes: list[tuple[int, int]] = field(default_factory=list)
    found: dict[Kind, list[Found]] = field(default_factory=lambda: {kind: [] for kind in AP})
    persons: list[float] = field(default_factory=list)

    def line(self, name: str) -> str:
        aps = [average_precision(self.found[kind]) if self.found[kind] else mean([]) for kind in AP]
        of_boxes = share_of_boxes(self.boxes)
        boxes = Figure(of_boxes.value, of_boxes.low, of_boxes.high, of_boxes.whole)
        cells = [mean(self.changed), boxes, *aps, mean(self.persons)]
        return "| " + " | ".join([name, *map(str, cells)]) + " |"


HEAD: Final = (
    "| method | pixels changed | boxes hidden | AP faces | AP plates | AP text | persons, IoU |\n"
    + "| --- " * 7
    + "|"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--hide", type=Kind, default=Kind.FACE, choices=AP)
    parser.add_argument("--images", type=int, default=0, help="a sample of so many; 0: all")
    parser.add_argument("--persons", type=Path, help="a wheel of mediapipe 0.10.21, for persons")
    parser.add_argument("--methods", nargs="+", default=[], help="only these, such as 'Gaussian*' fill")
    parser.add_argument("--tasks", nargs="*", type=Kind, default=AP, help="what is looked for; all, or none")
    parser.add_argument("--report", type=Path, help="a Markdown file to write")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    labelled = read_data(options.data)
    images = _drawn([one for one in labelled if readable(one)], options.images)
    with ExitStack() as stack:
        bench = Bench(
            options.hide,
            labelled_kinds(labelled),
            narrowed(methods_for(options.hide), options.methods),
            options.tasks,
            stack.enter_context(closing(Persons(options.persons))) if options.persons else None,
        )
        for number, image in enumerate(images, 1):
            bench.measure(image)
            if number % SHOWN == 0 or number == len(images):
                told = f"{number} images, {bench.touched} of them with something to hide; {bench.wanted()}"
                print(f"\n{told}\n\n{bench.table()}", flush=True)
    if options.report:
        options.report.write_text(bench.table() + "\n", encoding="utf-8")


def readable(image: LabelledImage) -> bool:
    try:
        return bool(readings(image.path))
    except NotComparable:
        return False


def labelled_kinds(images: Sequence[LabelledImage]) -> frozenset[Kind]:
    return frozenset(kind for kind in AP for image in images if image.labels(frozenset({kind})))


def methods_for(hide: Kind) -> list[Method]:
    """The originals first. Text is always filled by the product."""
    others = [ways.gaussian(6), ways.deface_blur(), ways.deface_mosaic()]
    ours = [ways.fill(), Method("blur", RedactionMethod.BLUR), Method("mosaic", RedactionMethod.MOSAIC)]
    return [ways.original(), *others, *(ours[:1] if hide is Kind.TEXT else ours)]


class Bench:
    """Images go in one by one. labelled: the kinds of which the data has labels; tasks: what is looked for;
    touched: how many images had something to hide.
    """

    def __init__(
        self,
        hide: Kind,
        labelled: frozenset[Kind],
        methods: Sequence[Method],
        tasks: Sequence[Kind],
        persons: Persons | None,
    ) -> None:
        self._hide, self._labelled, self._methods = hide, labelled, methods
        self._tasks, self._persons = tasks, persons
        self._detectors = Detectors()
        self._seen = {method.name: Seen() for method in methods}
        self.touched = 0

    def measure(self, image: LabelledImage) -> None:
        pixels = np.ascontiguousarray(readings(image.path)[0])
        regions = self._regions(image, pixels)
        self.touched += bool(regions)
        truth = {kind: self._truth(kind, image, pixels, regions) for kind in self._tasks}
        mask = self._persons.mask(pixels) if self._persons else None
        for method in self._methods:
            copy, seen = written(hidden(pixels, regions, self._hide, method)), self._seen[method.name]
            seen.changed.append(float(changed_mask(pixels, copy).mean()))
            score = score_pixels(image, pixels, copy, {self._hide: BARS[self._hide]})
            seen.boxes.append((len(score.boxes) - score.leaked, len(score.boxes)))
            for kind in truth:
                if (wanted := truth[kind]) is not None:
                    found = rows(self._detectors.find(kind, copy))
                    seen.found[kind].append(match(found, *wanted))
            if self._persons and mask is not None and mask.mean() >= PERSON:
                now = self._persons.mask(copy)
                seen.persons.append(float((mask & now).sum() / (mask | now).sum()))

    def table(self) -> str:
        return "\n".join([HEAD, *(seen.line(name) for name, seen in self._seen.items())])

    def wanted(self) -> str:
        """How many boxes of each kind there are to find."""
        found = next(iter(self._seen.values())).found
        return "to find: " + ", ".join(
            f"{sum(one.wanted for one in found[kind])} {kind.value}" for kind in AP
        )

    def _regions(self, image: LabelledImage, pixels: Pixels) -> list[Region]:
        """What is hidden: labels, those that are not scored too, or what the product finds."""
        if self._hide in self._labelled:
            return labelled_regions(image, self._hide, pixels)
        seen = self._detectors.find(self._hide, pixels)
        return _aligned([one.region for one in seen if one.score >= SURE], self._hide, pixels)

    def _truth(
        self, kind: Kind, image: LabelledImage, pixels: Pixels, regions: Sequence[Region]
    ) -> tuple[Floats, Floats] | None:
        """The boxes that are to be found, and those that do not count; None where nothing is known."""
        if kind in self._labelled:
            of_kind = [box for box in image.boxes if box.kind is kind]
            sides = [(b.x, b.y, b.x + b.width, b.y + b.height) for b in of_kind]
            scored = np.array([box.scored for box in of_kind], dtype=np.bool_)
            boxes = np.array(sides, dtype=np.float64).reshape(-1, 4)
            return boxes[scored], boxes[~scored]
        if kind is self._hide:
            return None
        found = rows(self._detectors.find(kind, pixels))
        spared = np.array([(r.x0, r.y0, r.x1, r.y1) for r in regions], dtype=np.float64).reshape(-1, 4)
        sure = [line[4] >= SURE_OF[kind] and not touches(line, spared) for line in found]
        wanted = np.array(sure, dtype=np.bool_)
        return found[wanted, :4], np.concatenate([spared, found[~wanted, :4]])


def labelled_regions(image: LabelledImage, kind: Kind, pixels: Pixels) -> list[Region]:
    """What is hidden of an image's labelled boxes of a kind."""
    size = _size(pixels)
    found = [
        Region.covering(box.x, box.y, box.x + box.width, box.y + box.height, size)
        for box in image.boxes
        if box.kind is kind
    ]
    return _aligned([one for one in found if one], kind, pixels)


def _aligned(found: Sequence[Region], kind: Kind, pixels: Pixels) -> list[Region]:
    size = _size(pixels)
    return [one.grown(GROW.get(kind, 0.0), size).aligned(BLOCK, size) for one in found]


def _size(pixels: Pixels) -> Size:
    return Size(pixels.shape[1], pixels.shape[0])


def hidden(pixels: Pixels, regions: Sequence[Region], kind: Kind, method: Method) -> Pixels:
    """The image with every region hidden, before it is written."""
    if method.redaction is not None:
        return redact.apply(pixels, [Redaction(region, kind, method.redaction) for region in regions])
    assert method.change is not None
    shown = pixels.copy()
    for region in regions:
        redact.view(shown, region)[:] = method.change(redact.view(shown, region))
    return shown


def _drawn(images: Sequence[LabelledImage], count: int) -> list[LabelledImage]:
    """So many, always the same ones, in an order drawn by chance: what is shown midway is a sample too."""
    order = np.random.default_rng(1).permutation(len(images))
    return [images[index] for index in order[: count or None]]


def touches(line: Floats, spared: Floats) -> bool:
    """Whether a line, shape (5,), touches any of what is hidden, shape (n, 4)."""
    low, high = np.maximum(line[:2], spared[:, :2]), np.minimum(line[2:4], spared[:, 2:])
    return bool((low < high).all(axis=1).any())


if __name__ == "__main__":
    main()
