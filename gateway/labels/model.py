"""The words of labelling. Coordinates are pixels of the oriented original, which its copy shares: floats,
origin top-left, x to the right, y down, the image from 0 to its width and height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

Polygon = tuple[float, ...]
"""x0, y0, x1, y1, …: at least three corners, closed without repeating the first (COCO's form)."""


class LabelFormat(StrEnum):
    """What labels are exported as."""

    COCO = "coco"
    YOLO = "yolo"


class TaskState(StrEnum):
    """OPEN: to be claimed. CLAIMED: somebody's lease lasts. SUBMITTED: labels are there."""

    OPEN = "open"
    CLAIMED = "claimed"
    SUBMITTED = "submitted"


def task_state(*, lease_until: datetime | None, submissions: int, now: datetime) -> TaskState:
    """A lease ends by itself: nothing has to run for a task to be given back."""
    if lease_until is not None and lease_until > now:
        return TaskState.CLAIMED
    return TaskState.SUBMITTED if submissions else TaskState.OPEN


class Trait(StrEnum):
    """What an annotator may say of an object beside its class; the words are Pascal VOC's."""

    TRUNCATED = "truncated"
    """Cut off by the edge of the image."""
    OCCLUDED = "occluded"
    """Partly covered by something else."""


class Visibility(IntEnum):
    """COCO's v of a keypoint."""

    ABSENT = 0
    """Not placed."""
    COVERED = 1
    """Placed, but something is in front of it."""
    SHOWN = 2


@dataclass(frozen=True, slots=True)
class Category:
    """A class of a dataset's label set. number: its COCO id. parent: COCO's supercategory.

    landmarks: the names of the points that may be placed on such an object, in their order.
    """

    number: int
    name: str
    parent: str | None = None
    landmarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Landmark:
    """A point, or with Visibility.ABSENT none: x and y are 0 then."""

    x: float
    y: float
    visibility: Visibility = Visibility.SHOWN

    @property
    def placed(self) -> bool:
        return self.visibility is not Visibility.ABSENT


@dataclass(frozen=True, slots=True)
class Box:
    """Left, top, width and height; both of the latter greater than 0, but around landmarks alone."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def around(cls, polygons: Sequence[Sequence[float]]) -> Box:
        """The smallest box that holds every corner."""
        xs = [x for polygon in polygons for x in polygon[0::2]]
        ys = [y for polygon in polygons for y in polygon[1::2]]
        return cls(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))

    @classmethod
    def around_points(cls, landmarks: Sequence[Landmark]) -> Box:
        """The smallest box that holds every landmark that is placed, of which there is one or more."""
        return cls.around([[at for point in landmarks if point.placed for at in (point.x, point.y)]])

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Label:
    """One object. number: the annotator's own id, unique in its submission. polygons: empty for a box.

    landmarks: empty, or one for each that the category names. frame: of its image, or page, from 0.
    """

    number: int
    category: int
    box: Box
    polygons: tuple[Polygon, ...] = ()
    landmarks: tuple[Landmark, ...] = ()
    traits: frozenset[Trait] = frozenset()
    frame: int = 0

    @property
    def area(self) -> float:
        """In square pixels: of the polygons where there are any, else of the box."""
        if not self.polygons:
            return self.box.width * self.box.height
        return sum(area_of(polygon) for polygon in self.polygons)


def area_of(polygon: Polygon) -> float:
    """Square pixels, by the shoelace formula."""
    corners = list(zip(polygon[0::2], polygon[1::2], strict=True))
    following = corners[1:] + corners[:1]
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(corners, following, strict=True))) / 2
