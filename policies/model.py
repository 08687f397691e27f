"""The words the whole house speaks: kinds, regions, detections, redactions, plans.

Regions are half-open pixel rectangles, origin top-left, in the image as a person sees it (after EXIF
orientation). Rounding always errs toward hiding more. Outlines within them stand in `policies.shapes`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from policies.errors import InvalidRegion
from policies.shapes import Outline, Polygon, Span, parse_outline, parse_points, spans_within


class Kind(StrEnum):
    """What a detection shows."""

    FACE = "face"
    LICENSE_PLATE = "license_plate"
    TEXT = "text"
    CODE = "code"


TOO_MANY: Final = "too-many"
"""The source of a detection that is the whole image: there is more of its kind than can be told apart."""

ALWAYS_FILLED: Final = frozenset({Kind.TEXT, Kind.CODE})
"""Whatever a policy says: their alphabet is small, so any rest could be guessed."""


class Effort(StrEnum):
    """How hard is looked. THOROUGH looks at everything more often, and takes longer for each image."""

    FAST = "fast"
    THOROUGH = "thorough"


class Reading(StrEnum):
    """What a line of text was read as: why it is hidden where a policy hides identifiers only.

    HARMLESS alone is shown then. What was not read at all has no reading, and is hidden.
    """

    DATE = "date"
    NAME = "name"
    NUMBER = "number"
    PLATE = "plate"
    ADDRESS = "address"
    CONTACT = "contact"
    """An e-mail address, or an address on the web."""
    UNSURE = "unsure"
    HARMLESS = "harmless"


class RedactionMethod(StrEnum):
    """How a region is hidden. FILL depends on nothing beneath it; the others carry a bounded rest."""

    FILL = "fill"
    BLUR = "blur"
    MOSAIC = "mosaic"


class Verdict(StrEnum):
    """What may happen to the sanitized copy: straight on, or to a person first."""

    RELEASE = "release"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of an image in pixels, both at least 1."""

    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise InvalidRegion(f"an image of {self.width}x{self.height} pixels does not exist")

    @property
    def pixels(self) -> int:
        return self.width * self.height


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """The half-open rectangle [x0, x1) x [y0, y1), in whole pixels; never empty, never negative."""

    x0: int
    y0: int
    x1: int
    y1: int

    def __post_init__(self) -> None:
        if not (0 <= self.x0 < self.x1 and 0 <= self.y0 < self.y1):
            raise InvalidRegion(f"[{self.x0}, {self.x1}) x [{self.y0}, {self.y1}) holds no pixel of an image")

    @classmethod
    def parse(cls, payload: Mapping[str, object]) -> Region:
        """From {"x0": …, "y0": …, "x1": …, "y1": …}. Raises InvalidRegion for anything else."""
        values = [payload.get(name) for name in ("x0", "y0", "x1", "y1")]
        if len(payload) != 4 or any(type(value) is not int for value in values):
            raise InvalidRegion(f"a region is four whole numbers x0, y0, x1, y1, not {dict(payload)!r}")
        x0, y0, x1, y1 = (int(str(value)) for value in values)
        return cls(x0, y0, x1, y1)

    @classmethod
    def covering(cls, x0: float, y0: float, x1: float, y1: float, size: Size) -> Region | None:
        """The smallest region of the image that covers the box, or None where the box lies outside it."""
        if not all(map(math.isfinite, (x0, y0, x1, y1))):
            raise InvalidRegion(f"a box with a corner that is no number: {(x0, y0, x1, y1)}")
        left, top = max(math.floor(x0), 0), max(math.floor(y0), 0)
        right, bottom = min(math.ceil(x1), size.width), min(math.ceil(y1), size.height)
        return cls(left, top, right, bottom) if left < right and top < bottom else None

    @property
    def width(self) -> int:
        return self.x1 - self.x0

    @property
    def height(self) -> int:
        return self.y1 - self.y0

    @property
    def area(self) -> int:
        return self.width * self.height

    def to_dict(self) -> dict[str, int]:
        return {"x0": self.x0, "y0": self.y0, "x1": self.x1, "y1": self.y1}

    def grown(self, fraction: float, size: Size) -> Region:
        """This region with `fraction` of its width added left and right, of its height above and below."""
        if fraction < 0:
            raise InvalidRegion(f"a margin of {fraction} would uncover pixels")
        dx, dy = math.ceil(self.width * fraction), math.ceil(self.height * fraction)
        return Region(
            max(self.x0 - dx, 0),
            max(self.y0 - dy, 0),
            min(self.x1 + dx, max(size.width, self.x1)),
            min(self.y1 + dy, max(size.height, self.y1)),
        )

    def aligned(self, block: int, size: Size) -> Region:
        """This region grown outwards to multiples of `block` pixels, or to the image's edge."""
        return Region(
            self.x0 // block * block,
            self.y0 // block * block,
            min(-(-self.x1 // block) * block, max(size.width, self.x1)),
            min(-(-self.y1 // block) * block, max(size.height, self.y1)),
        )

    def within(self, size: Size) -> bool:
        return self.x1 <= size.width and self.y1 <= size.height

    def contains(self, other: Region) -> bool:
        return self.x0 <= other.x0 and self.y0 <= other.y0 and self.x1 >= other.x1 and self.y1 >= other.y1

    def united(self, other: Region) -> Region:
        """The smallest region that contains both."""
        return Region(
            min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1)
        )

    def overlap(self, other: Region) -> int:
        """The number of pixels that lie in both."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(width, 0) * max(height, 0)

    def iou(self, other: Region) -> float:
        """Intersection over union, 0 to 1."""
        both = self.overlap(other)
        return both / (self.area + other.area - both)


@dataclass(frozen=True, slots=True)
class Detection:
    """Something a detector saw.

    score: 0 to 1, normalised so that 0.5 is the published operating point of whatever detector saw it:
    one threshold in a policy then means the same for all of them.
    source: the detectors that saw it, joined by "+": "centerface", "centerface+mediapipe".
    reading: of a line of text, what it was read as; None where nobody read it. Never the text itself.
    polygon: of what the detector sees tilted, the outline, without a margin; None means all of the region. It
    may reach beyond the image, where the region is cut.
    extent: around all boxes that it stands for, where one reaches out of the region; None otherwise. One may
    be another object's: what is hidden is the region, but a place that is kept visible must hold them all.
    """

    kind: Kind
    region: Region
    score: float
    source: str
    reading: Reading | None = None
    polygon: Polygon | None = None
    extent: Region | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.score <= 1.0:
            raise ValueError(f"{self.source}: a score lies between 0 and 1, not at {self.score}")

    @property
    def reach(self) -> Region:
        """The smallest region that holds every box that was taken for this one."""
        return self.region if self.extent is None else self.region.united(self.extent)

    def reaching(self, others: Iterable[Region]) -> Detection:
        """This one, having stood for those boxes too."""
        reach = self.reach
        for other in others:
            reach = reach.united(other)
        return replace(self, extent=None if reach == self.region else reach)

    def to_dict(self) -> dict[str, Any]:
        """As reports keep it. The reading, the polygon and the extent are there only where there is one."""
        told: dict[str, Any] = {
            "kind": self.kind.value,
            "region": self.region.to_dict(),
            "score": round(self.score, 4),
            "source": self.source,
        }
        if self.reading is not None:
            told["reading"] = self.reading.value
        if self.extent is not None:
            told["extent"] = self.extent.to_dict()
        return told if self.polygon is None else {**told, **self.polygon.to_dict()}

    @classmethod
    def parse(cls, stored: Mapping[str, Any]) -> Detection:
        """From what a report kept. Raises KeyError, ValueError or InvalidRegion for anything else."""
        reading, corners, extent = stored.get("reading"), stored.get("polygon"), stored.get("extent")
        return cls(
            Kind(stored["kind"]),
            Region.parse(stored["region"]),
            stored["score"],
            stored["source"],
            None if reading is None else Reading(reading),
            None if corners is None else Polygon(parse_points(corners)),
            None if extent is None else Region.parse(extent),
        )


@dataclass(frozen=True, slots=True)
class Redaction:
    """One place to hide, and how. The region is final: grown, inside the image.

    outline: what of the region is hidden, every pixel that the outline touches; None hides all of it.
    Raises InvalidRegion for an outline that touches no pixel of the region.
    """

    region: Region
    kind: Kind
    method: RedactionMethod
    outline: Outline | None = None

    def __post_init__(self) -> None:
        if self.outline is not None and not any(left < right for left, right in self.spans):
            raise InvalidRegion("an outline that touches no pixel of its region hides nothing")

    @property
    def spans(self) -> tuple[Span, ...]:
        """The hidden pixels [left, right) of each row of the region, in pixels of the image."""
        region = self.region
        if self.outline is None:
            return ((region.x0, region.x1),) * region.height
        return spans_within(self.outline, region.x0, region.y0, region.x1, region.y1)

    @property
    def pixels(self) -> int:
        """How many pixels are hidden."""
        if self.outline is None:
            return self.region.area
        return sum(right - left for left, right in self.spans)

    @property
    def order(self) -> tuple[int, int, Region, Kind, RedactionMethod, str]:
        """Sorts redactions as they are read: line by line, and never left to chance."""
        region = self.region
        outline = "" if self.outline is None else repr(self.outline)
        return region.y0, region.x0, region, self.kind, self.method, outline

    def covers(self, region: Region) -> bool:
        """Whether every pixel of the region is hidden."""
        if self.outline is None or not self.region.contains(region):
            return self.region.contains(region)
        rows = self.spans[region.y0 - self.region.y0 : region.y1 - self.region.y0]
        return all(left <= region.x0 and region.x1 <= right for left, right in rows)

    def to_dict(self) -> dict[str, Any]:
        """As reports keep it. The outline is there only where there is one."""
        told: dict[str, Any] = {
            "kind": self.kind.value,
            "region": self.region.to_dict(),
            "method": self.method.value,
        }
        return told if self.outline is None else {**told, "outline": self.outline.to_dict()}

    @classmethod
    def parse(cls, stored: Mapping[str, Any]) -> Redaction:
        """From what a report kept. Raises KeyError, ValueError or InvalidRegion for anything else."""
        region, kind = Region.parse(stored["region"]), Kind(stored["kind"])
        outline = stored.get("outline")
        return cls(
            region,
            kind,
            RedactionMethod(stored["method"]),
            None if outline is None else parse_outline(outline),
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be done to one image: the redactions in order, and whether a person must look first.

    reasons: machine-readable codes, empty when the verdict is RELEASE.
    kept: detections that would be hidden, did they not lie in a zone that the policy keeps visible.
    """

    redactions: tuple[Redaction, ...]
    verdict: Verdict
    reasons: tuple[str, ...]
    kept: tuple[Detection, ...] = ()
