"""What a detector is, and the set of them that a policy asked for.

Scores are normalised: 0.5 is the operating point of whatever saw the thing, and what is doubtful is
reported down to FLOOR, so that a policy can send it to a person.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.detection.fuse import fuse
from gateway.detection.models import ModelStore
from gateway.detection.passes import Pixels
from gateway.detection.runtime import Precision
from policies.identifiers import ReadLine, judge
from policies.model import Detection, Kind, Region


class LineReader(Protocol):
    """Reads lines of text. What it cannot read has a confidence of 0."""

    name: str
    models: tuple[str, ...]

    def read(self, pixels: Pixels, regions: Sequence[Region]) -> list[ReadLine]:
        """One line a region, in their order. `pixels`: uint8 (h, w, 3), RGB, oriented."""
        ...


class Detector(Protocol):
    """Finds things of some kinds in an image."""

    name: str
    kinds: frozenset[Kind]
    models: tuple[str, ...]

    def detect(self, pixels: Pixels) -> list[Detection]:
        """What it sees. `pixels`: uint8 (h, w, 3), RGB, oriented, at least 1x1."""
        ...


@dataclass(frozen=True, slots=True)
class Setting:
    """What every detector is built from. threads: CPU threads of one inference."""

    models: ModelStore
    threads: int
    precision: Precision


Factory = Callable[[Setting], Detector]


class DetectorSet:
    """Detectors that run together on an image, and what they were made of.

    absent: the optional detectors that cannot run here, each with the reason.
    digests: model name -> SHA-256 of the file, of every model in use.
    reader: reads the lines of text that were found, where a policy wants to know what they say.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        *,
        absent: Mapping[str, str],
        digests: Mapping[str, str],
        precision: Precision,
        reader: LineReader | None = None,
    ) -> None:
        self.detectors = tuple(detectors)
        self.reader = reader
        self.absent = dict(absent)
        self.digests = dict(digests)
        self.precision = precision
        self._turn = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(detector.name for detector in self.detectors)

    def detect(
        self,
        pixels: Pixels,
        kinds: Iterable[Kind],
        *,
        looks: dict[str, list[Detection]] | None = None,
        known: frozenset[str] = frozenset(),
    ) -> tuple[Detection, ...]:
        """What the detectors see of these kinds, one detection an object, kind by kind, best first.

        `pixels`: uint8 (h, w, 3), RGB, oriented. Calls from several threads take turns.
        looks: what detectors, by name, saw of these very pixels before; they are not asked again, and what
        others see now is added.
        known: words of the image's header, lower case, for whoever reads lines.
        """
        wanted = frozenset(kinds)
        looks = {} if looks is None else looks
        with self._turn:
            asked = [detector for detector in self.detectors if detector.kinds & wanted]
            for detector in asked:
                if detector.name not in looks:
                    looks[detector.name] = detector.detect(pixels)
        seen = (detection for detector in asked for detection in looks[detector.name])
        found = fuse([detection for detection in seen if detection.kind in wanted])
        return found if self.reader is None else self._read(self.reader, pixels, found, known)

    @staticmethod
    def _read(
        reader: LineReader, pixels: Pixels, found: Sequence[Detection], known: frozenset[str]
    ) -> tuple[Detection, ...]:
        """The detections, lines of text with what each was read as. What they say ends here."""
        lines = reader.read(pixels, [one.region for one in found if one.kind is Kind.TEXT])
        readings = iter(judge(lines, known))
        return tuple(replace(one, reading=next(readings)) if one.kind is Kind.TEXT else one for one in found)
