"""What each ingredient of detection buys and costs: the tables of gateway/detection/DETECTION.md.

    python -m tests.bench.ingredients DATA

DATA is read as `privgate bench` reads it; the images that label faces and those that label plates are looked
at in turn. Every look is taken once; then each line of a table leaves one ingredient out, or puts one in, all
operating points as they are. Recall and over-redaction are reckoned from regions, as the bench's sweep does;
milliseconds are CPU time of this process, which other load hardly touches.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

import numpy as np

from gateway.bench.annotations import LabelledBox, LabelledImage, of_kinds, read_data
from gateway.bench.change import LOOSE, WHOLE, Bar, Mask, window
from gateway.bench.pixels import Pixels, readings
from gateway.bench.score import outside_labels
from gateway.detection.boxes import Boxes, stacked, suppressed
from gateway.detection.detector import Setting
from gateway.detection.faces import CenterFace
from gateway.detection.fuse import fuse
from gateway.detection.mediapipe_faces import MediaPipeFaces
from gateway.detection.models import ModelStore
from gateway.detection.plate_text import PlateLikeText, paired
from gateway.detection.plates import PackagedPlates
from gateway.detection.runtime import Precision, fastest_precision
from gateway.settings import models_folder, wanted_precision
from policies.model import Detection, Effort, Kind, Size
from policies.plan import make_plan
from policies.policy import Policy, load_policy

FAST = load_policy("street")
THOROUGH = FAST.model_copy(update={"effort": Effort.THOROUGH})
HEIGHTS = (16.0, 32.0, 64.0, 128.0)
OVERLAP = 0.4


@dataclass
class Taken:
    """What every look at one image saw, and the CPU seconds it took, by the look's name."""

    image: LabelledImage
    pixels: Pixels
    outside: Mask
    boxes: dict[str, Boxes] = field(default_factory=dict)
    found: dict[str, list[Detection]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def take(self, prefix: str, looks: Iterator[tuple[str, Boxes]]) -> None:
        while True:
            start = time.process_time()
            look = next(looks, None)
            if look is None:
                return
            name = f"{prefix}{look[0]}"
            self.boxes[name], self.seconds[name] = look[1], time.process_time() - start


@dataclass(frozen=True)
class Line:
    """A line of a table: its words, which looks it uses, and what it makes of them."""

    words: str
    uses: frozenset[str]
    detect: Callable[[Taken], list[Detection]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only each so manieth image")
    options = parser.parse_args()
    precision = Precision(wanted_precision(os.environ) or fastest_precision().value)
    bench = Bench(ModelStore(models_folder(os.environ)), precision)
    images = read_data(options.data)
    for kind, measure in ((Kind.FACE, bench.faces), (Kind.LICENSE_PLATE, bench.plates)):
        if not any(image.labels(frozenset({kind})) for image in images):
            continue
        labelled = of_kinds(images, frozenset({kind}))[:: options.every]
        print(f"\n{kind.value}: {len(labelled)} images, {precision.value}\n")
        for row in measure(labelled):
            print(row, flush=True)


class Bench:
    """The detectors, fast and thorough ones."""

    def __init__(self, models: ModelStore, precision: Precision) -> None:
        fast, thorough = (
            Setting(models=models, threads=1, precision=precision, effort=effort)
            for effort in (Effort.FAST, Effort.THOROUGH)
        )
        self._faces, self._faces_thorough = CenterFace(fast), CenterFace(thorough)
        self._mediapipe = MediaPipeFaces(fast)
        self._plates = PackagedPlates(fast)
        self._text, self._text_thorough = PlateLikeText(fast), PlateLikeText(thorough)

    def faces(self, images: Sequence[LabelledImage]) -> Iterator[str]:
        taken = []
        for image in images:
            one = _taken(image)
            one.take("", self._faces_thorough.looks(one.pixels))
            start = time.process_time()
            one.found["mediapipe"] = self._mediapipe.detect(one.pixels)
            one.seconds["mediapipe"] = time.process_time() - start
            taken.append(one)
        fast = frozenset({"native", "close", "halved", "small", "mediapipe"})
        turned = {name for one in taken for name in one.boxes if name.startswith("turned")}
        thorough = fast | {"mirrored"} | turned
        yield from _table(taken, FAST, LOOSE, [
            self._face_line("fast", fast),
            self._face_line("fast, the best look counts alone", fast, agreeing=False),
            *(self._face_line(f"fast without {gone}", fast - {gone}) for gone in sorted(fast - {"native"})),
        ])  # fmt: skip
        yield from _table(taken, THOROUGH, LOOSE, [
            self._face_line("thorough", thorough, thorough=True),
            *(
                self._face_line(f"thorough without {words}", thorough - gone, thorough=True)
                for words, gone in (
                    ("mirrored", {"mirrored"}),
                    ("close", {"close"}),
                    ("mediapipe", {"mediapipe"}),
                    ("turned", turned),
                )
            ),
        ])  # fmt: skip

    def plates(self, images: Sequence[LabelledImage]) -> Iterator[str]:
        taken = []
        for image in images:
            one = _taken(image)
            start = time.process_time()
            one.found["clp"] = self._plates.detect(one.pixels)
            one.seconds["clp"] = time.process_time() - start
            one.take("", self._text_thorough.looks(one.pixels))
            taken.append(one)
        for bar in (LOOSE, WHOLE):
            yield f"at least {bar.min_changed:.0%} of the inner {bar.inner:.0%}:\n"
            yield from _table(taken, FAST, bar, [
                self._plate_line("fast", {"clp", "text 1280"}),
                self._plate_line("fast without pairs of lines", {"clp", "text 1280"}, pairs=False),
                self._plate_line("fast without text", {"clp"}),
                self._plate_line("fast without clp", {"text 1280"}),
            ])  # fmt: skip
            every = {"clp", "text 1280", "text 1920"}
            yield from _table(taken, THOROUGH, bar, [
                self._plate_line("thorough", every, thorough=True),
                self._plate_line("thorough without pairs of lines", every, thorough=True, pairs=False),
                self._plate_line("thorough without text 1920", every - {"text 1920"}, thorough=True),
            ])  # fmt: skip

    def _face_line(
        self, words: str, uses: frozenset[str], *, thorough: bool = False, agreeing: bool = True
    ) -> Line:
        detector = self._faces_thorough if thorough else self._faces

        def detect(one: Taken) -> list[Detection]:
            looks = [one.boxes[name] for name in sorted(uses) if name in one.boxes]
            if not agreeing:
                looks = [suppressed(stacked(looks), OVERLAP)]
            second = one.found["mediapipe"] if "mediapipe" in uses else []
            return detector.joined(looks, one.pixels) + second

        return Line(words, uses, detect)

    def _plate_line(self, words: str, uses: set[str], *, thorough: bool = False, pairs: bool = True) -> Line:
        detector = self._text_thorough if thorough else self._text

        def detect(one: Taken) -> list[Detection]:
            looks = [one.boxes[name] for name in sorted(uses) if name in one.boxes]
            found = (
                detector.joined(looks, [paired(look) for look in looks if pairs], one.pixels) if looks else []
            )
            return found + (one.found["clp"] if "clp" in uses else [])

        return Line(words, frozenset(uses), detect)


def _taken(image: LabelledImage) -> Taken:
    pixels = readings(image.path)[0]
    return Taken(image, pixels, outside_labels(image, pixels.shape[:2]))


def _table(taken: Sequence[Taken], policy: Policy, bar: Bar, lines: Sequence[Line]) -> Iterator[str]:
    """policy: whose thresholds and margins are used; what it sends to a person counts as hidden."""
    heights = [*(f"<{limit:.0f}" for limit in HEIGHTS), f"≥{HEIGHTS[-1]:.0f} px"]
    yield _cells(
        [policy.effort.value, "hidden", *heights, "images without a miss", "over-redaction", "CPU ms"]
    )
    yield "|---" * (len(HEIGHTS) + 6) + "|"
    for line in lines:
        yield _row(line, taken, policy, bar)
    yield ""


def _row(line: Line, taken: Sequence[Taken], policy: Policy, bar: Bar) -> str:
    hits: dict[int, list[bool]] = {index: [] for index in range(len(HEIGHTS) + 1)}
    whole, over = [], []
    for one in taken:
        changed = _hidden(line.detect(one), one, policy)
        labels = one.image.labels(policy.kinds)
        hidden = [
            bool(changed[window(b, changed.shape, bar.inner)].mean() >= bar.min_changed) for b in labels
        ]
        for box, hit in zip(labels, hidden, strict=True):
            hits[_bucket(box)].append(hit)
        whole += [all(hidden)] if hidden else []
        if outside := int(np.count_nonzero(one.outside)):
            over.append(int(np.count_nonzero(changed & one.outside)) / outside)
    shares = [f"{fmean(group):.3f}" if group else "-" for group in hits.values()]
    every = fmean(hit for group in hits.values() for hit in group)
    cost = 1000 * fmean(sum(one.seconds.get(name, 0.0) for name in line.uses) for one in taken)
    return _cells(
        [line.words, f"{every:.4f}", *shares, f"{fmean(whole):.3f}", f"{fmean(over):.2%}", f"{cost:.0f}"]
    )


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _hidden(detections: list[Detection], one: Taken, policy: Policy) -> Mask:
    height, width = one.pixels.shape[:2]
    size = Size(width, height)
    changed = np.zeros((height, width), dtype=np.bool_)
    for redaction in make_plan(policy, fuse(detections, size), size).redactions:
        region = redaction.region
        changed[region.y0 : region.y1, region.x0 : region.x1] = True
    return changed


def _bucket(box: LabelledBox) -> int:
    return next((index for index, limit in enumerate(HEIGHTS) if box.height < limit), len(HEIGHTS))


if __name__ == "__main__":
    main()
