"""What a detector is, and the set of them that a policy asked for.

Scores are normalised: 0.5 is the operating point of whatever saw the thing, and what is doubtful is
reported down to FLOOR, so that a policy can send it to a person.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.detection.boxes import Crowded
from gateway.detection.fuse import everything, fuse
from gateway.detection.models import ModelStore
from gateway.detection.passes import Pixels
from gateway.detection.runtime import Precision, rest
from policies.identifiers import ReadLine, judge
from policies.model import TOO_MANY, Detection, Effort, Kind, Region, Size


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
    effort: Effort = Effort.THOROUGH


Factory = Callable[[Setting], Detector]


class DetectorSet:
    """Detectors that run together on an image, and what they were made of.

    absent: the optional detectors that cannot run here, each with the reason.
    digests: model name -> SHA-256 of the file, of every model in use.
    reader: reads the lines of text that were found, where a policy wants to know what they say.
    turn: held while they look. Who has something else to do about waiting may take it before; sets that share
    their networks may share it.
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
        self.turn = threading.RLock()

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
        Where a detector sees more than it can tell apart, the whole image is one detection of its kinds.
        """
        wanted, size = frozenset(kinds), Size(width=pixels.shape[1], height=pixels.shape[0])
        # One array for all, which none can change: what one has found in it holds for the next. See `text`.
        pixels = pixels.view()
        pixels.flags.writeable = False
        looks = {} if looks is None else looks
        with self.turn:
            asked = [detector for detector in self.detectors if detector.kinds & wanted]
            for detector in asked:
                if detector.name not in looks:
                    looks[detector.name] = _seen(detector, pixels, size)
                    rest()
        seen = (detection for detector in asked for detection in looks[detector.name])
        found = fuse([detection for detection in seen if detection.kind in wanted], size)
        return found if self.reader is None else self._read(self.reader, pixels, found, known)

    @staticmethod
    def _read(
        reader: LineReader, pixels: Pixels, found: Sequence[Detection], known: frozenset[str]
    ) -> tuple[Detection, ...]:
        """The detections, lines of text with what each was read as. What they say ends here.

        Lines too many to be told apart are none to be read: unread, they are hidden.
        """
        lines = reader.read(pixels, [one.region for one in found if _is_line(one)])
        readings = iter(judge(lines, known))
        return tuple(replace(one, reading=next(readings)) if _is_line(one) else one for one in found)


def _is_line(detection: Detection) -> bool:
    return detection.kind is Kind.TEXT and TOO_MANY not in detection.source.split("+")


def _seen(detector: Detector, pixels: Pixels, size: Size) -> list[Detection]:
    try:
        return detector.detect(pixels)
    except Crowded:
        return [everything(kind, size) for kind in sorted(detector.kinds)]
