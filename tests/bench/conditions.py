"""How detection bears conditions in which faces are hard to find: tables of gateway/detection/DETECTION.md.

    python -m tests.bench.conditions DATA [--every N] [--from HEIGHT]

DATA is read as `privgate bench` reads it; of its images those that label faces are looked at. Of each, copies
are made (`hard_copies`), and fast and thorough look at them, each as its preset's thresholds say. A second
table asks the photos as they are for the faces to which the annotations give an attribute (`attributes` of an
annotation, as WIDER FACE has them: pose, occlusion, blur, illumination). What goes to a person counts as
hidden. Intervals are the bench's.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from gateway.bench.annotations import FILE, LabelledImage, of_kinds, read_data
from gateway.bench.change import LOOSE, Mask, window
from gateway.bench.intervals import share_of_boxes
from gateway.bench.pixels import Pixels, readings
from gateway.bench.score import outside_labels
from gateway.detection.models import ModelStore
from gateway.detection.registry import load_detectors
from gateway.detection.runtime import Precision, fastest_precision
from gateway.settings import models_folder, wanted_precision
from policies.model import Effort, Kind, Size
from policies.plan import make_plan
from policies.policy import load_policy
from tests.bench.hard_copies import CHANGES, copy_of

FACES = frozenset({Kind.FACE})
FAST = load_policy("street").narrowed(kinds=[Kind.FACE], method=None)
POLICIES = {effort: FAST.model_copy(update={"effort": effort}) for effort in (Effort.FAST, Effort.THOROUGH)}
# What WIDER FACE's attributes say, by the value that says it in full.
ATTRIBUTES = {
    "profile, or another uncommon pose": ("pose", 1),
    "partly covered": ("occlusion", 1),
    "mostly covered": ("occlusion", 2),
    "blurred": ("blur", 2),
    "too dark or too bright": ("illumination", 1),
    "none of these": ("", 0),
}


@dataclass
class Tally:
    """Of one condition: (hidden, all) of each image's faces, and the over-redaction of each image.

    counting: the annotations of the faces that count.
    """

    faces: list[tuple[int, int]] = field(default_factory=list)
    over: list[float] = field(default_factory=list)

    def add(self, hidden: Mask, image: LabelledImage, counting: frozenset[int]) -> None:
        boxes = [box for box in image.labels(FACES) if box.number in counting]
        hits = [hidden[window(box, hidden.shape, LOOSE.inner)].mean() >= LOOSE.min_changed for box in boxes]
        self.faces.append((int(sum(hits)), len(hits)))
        outside = outside_labels(image, hidden.shape)
        if pixels := int(np.count_nonzero(outside)):
            self.over.append(int(np.count_nonzero(hidden & outside)) / pixels)

    def cells(self) -> list[str]:
        share = share_of_boxes(self.faces)
        return [f"{share.value or 0:.3f} ({share.low:.3f} to {share.high:.3f})", f"{fmean(self.over):.2%}"]


class Eyes:
    """Fast and thorough detection of faces."""

    def __init__(self, models: ModelStore, precision: Precision) -> None:
        (rule,) = FAST.rules
        self._sets = {
            effort: load_detectors(
                rule.detectors,
                rule.second_opinion,
                models=models,
                threads=1,
                precision=precision,
                effort=effort,
            )
            for effort in POLICIES
        }

    def hidden(self, pixels: Pixels, effort: Effort) -> Mask:
        """(height, width): what the policy would hide."""
        found = self._sets[effort].detect(pixels, FACES)
        changed = np.zeros(pixels.shape[:2], dtype=np.bool_)
        for redaction in make_plan(
            POLICIES[effort], found, Size(pixels.shape[1], pixels.shape[0])
        ).redactions:
            region = redaction.region
            changed[region.y0 : region.y1, region.x0 : region.x1] = True
        return changed


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only each so manieth image")
    parser.add_argument(
        "--from", dest="least", type=float, default=16.0, help="height of the faces that count"
    )
    parser.add_argument("--only", nargs="*", choices=CHANGES, help="these conditions alone")
    options = parser.parse_args()
    precision = Precision(wanted_precision(os.environ) or fastest_precision().value)
    eyes = Eyes(ModelStore(models_folder(os.environ)), precision)
    images = of_kinds(read_data(options.data), FACES)[:: options.every]
    print(f"{len(images)} photos, faces from {options.least:.0f} pixels on, {precision.value}\n")
    _head("condition")
    for name in options.only or CHANGES:
        print(_row(eyes, images, name, options.least), flush=True)
    if not options.only:
        print()
        _head("the labels say")
        for row in _by_attribute(eyes, images, _attributes(options.data), options.least):
            print(row, flush=True)


def _head(first: str) -> None:
    print(f"| {first} | faces | fast: hidden | over-redaction | thorough: hidden | over-redaction |")
    print("|---|---|---|---|---|---|")


def _row(eyes: Eyes, images: Sequence[LabelledImage], change: str, least: float) -> str:
    tallies = {effort: Tally() for effort in POLICIES}
    for number, image in enumerate(images):
        copy, pixels = copy_of(image, readings(image.path)[0], change, number)
        # Which faces count is asked of the photo: in a turned copy a face has another height.
        counting = frozenset(box.number for box in image.labels(FACES) if box.height >= least)
        for effort, tally in tallies.items():
            tally.add(eyes.hidden(pixels, effort), copy, counting)
    return _line(change, tallies)


def _line(words: str, tallies: Mapping[Effort, Tally]) -> str:
    faces = sum(count for _, count in tallies[Effort.FAST].faces)
    return f"| {words} | {faces} | {' | '.join(cell for one in tallies.values() for cell in one.cells())} |"


def _by_attribute(
    eyes: Eyes, images: Sequence[LabelledImage], attributes: Mapping[int, Mapping[str, int]], least: float
) -> Iterator[str]:
    hidden = {
        (image.name, effort): eyes.hidden(readings(image.path)[0], effort)
        for image in images
        for effort in POLICIES
    }
    for words, (name, value) in ATTRIBUTES.items():
        tallies = {effort: Tally() for effort in POLICIES}
        for image in images:
            counting = frozenset(
                box.number
                for box in image.labels(FACES)
                if box.height >= least and _says(attributes.get(box.number), name, value)
            )
            for effort, tally in tallies.items():
                tally.add(hidden[image.name, effort], image, counting)
        yield _line(words, tallies)


def _says(said: Mapping[str, int] | None, name: str, value: int) -> bool:
    """Whether the labels say so; without a name, whether they say that the face is not hard to find."""
    if said is None:
        return False
    return said.get(name) == value if name else not _is_hard(said)


def _is_hard(said: Mapping[str, int]) -> bool:
    return any(said.get(name) == value for name, value in ATTRIBUTES.values() if name)


def _attributes(data: Path) -> dict[int, Mapping[str, int]]:
    """By the annotation's id, of every set that labels faces and has them."""
    found: dict[int, Mapping[str, int]] = {}
    for file in [data / FILE] if (data / FILE).is_file() else sorted(data.glob(f"*/{FILE}")):
        rows: list[dict[str, Any]] = json.loads(file.read_bytes())["annotations"]
        found.update({row["id"]: row["attributes"] for row in rows if row.get("attributes")})
    return found


if __name__ == "__main__":
    main()
