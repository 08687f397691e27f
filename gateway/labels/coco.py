"""COCO JSON in: one image's annotations, parsed once, every fault named by its place.

What we keep of an annotation is its id, category, bbox, polygons, keypoints and those of its attributes that
are a Trait. Everything else that tools add (info, licences, file names, other attributes) could hold
anything: it is not kept, and the parser says what it passed over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import InputRefused
from gateway.labels.frames import Frames
from gateway.labels.keypoints import landmarks_of, read_keypoints, to_keypoints
from gateway.labels.model import Box, Category, Label, Landmark, Polygon, Trait, area_of
from gateway.labels.numbers import DIGITS, TOLERANCE, inside, is_id, is_number, names_id
from policies.model import Size

MAX_ANNOTATIONS: Final = 10_000
MAX_COORDINATES: Final = 400_000
"""In all polygons of one image together: a submission stays a few megabytes."""

MAX_FAULTS: Final = 50
"""Faults named in one answer; whoever has more has one mistake many times."""

LOOSE: Final = 1.0
"""Pixels by which a bbox may differ from its polygons': many tools round it to whole ones."""

_TOP: Final = {"images", "annotations", "categories"}
_ANNOTATION: Final = {
    *("id", "image_id", "category_id", "bbox", "segmentation", "area", "iscrowd", "frame"),
    *("keypoints", "num_keypoints", "attributes"),
}
_TRAITS: Final = {trait.value for trait in Trait}


@dataclass(frozen=True, slots=True)
class Fault:
    """place: such as "annotations[3].bbox"."""

    place: str
    fault: str


class InvalidLabels(InputRefused):
    """Not labels of this image. faults: what is wrong where, at most MAX_FAULTS of them."""

    code = "labels.invalid"

    def __init__(self, found: Sequence[Fault]) -> None:
        self.faults = [{"place": fault.place, "fault": fault.fault} for fault in found[:MAX_FAULTS]]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        super().__init__(
            f"{found[0].place}: {found[0].fault}{more}",
            advice="mend what `faults` names and submit again; nothing was kept, and the lease goes on",
        )


@dataclass(frozen=True, slots=True)
class Submitted:
    """ignored: the names of members that were passed over, in order."""

    labels: tuple[Label, ...]
    ignored: tuple[str, ...]


def parse_labels(
    document: object, *, size: Size, categories: Sequence[Category], frames: int = 1
) -> Submitted:
    """The labels of one image, which has so many frames. Raises InvalidLabels."""
    return _Reader(size, categories, frames).read(document)


def to_annotation(label: Label) -> dict[str, Any]:
    """The label as COCO says it, without the image's id, and so without its frame."""
    return {
        "id": label.number,
        "category_id": label.category,
        "bbox": [label.box.x, label.box.y, label.box.width, label.box.height],
        "segmentation": [list(polygon) for polygon in label.polygons],
        "area": round(label.area, DIGITS),
        "iscrowd": 0,
    } | _more(label)


def on_its_frame(label: Label) -> dict[str, Any]:
    """The same with the frame that it is on; the first one goes without saying."""
    return to_annotation(label) | ({"frame": label.frame} if label.frame else {})


def _more(label: Label) -> dict[str, Any]:
    """Members that only some labels have."""
    traits = {trait.value: trait in label.traits for trait in Trait} if label.traits else None
    return to_keypoints(label.landmarks) | ({} if traits is None else {"attributes": traits})


def to_text(labels: Sequence[Label]) -> str:
    """For the store: the same labels are the same text."""
    return json.dumps([on_its_frame(label) for label in labels], separators=(",", ":"), sort_keys=True)


def from_text(text: str) -> tuple[Label, ...]:
    """Inverts `to_text`."""
    return tuple(
        Label(
            number=found["id"],
            category=found["category_id"],
            box=Box(*found["bbox"]),
            polygons=tuple(tuple(polygon) for polygon in found["segmentation"]),
            landmarks=landmarks_of(found.get("keypoints", ())),
            traits=frozenset(Trait(name) for name, said in found.get("attributes", {}).items() if said),
            frame=found.get("frame", 0),
        )
        for found in json.loads(text)
    )


class _Reader:
    """Reads one document, collecting faults."""

    def __init__(self, size: Size, categories: Sequence[Category], frames: int) -> None:
        self._size = size
        self._frames = Frames(size, frames, tell=self._fault, pass_over=self._pass_over)
        self._categories = {category.number: category for category in categories}
        self._faults: list[Fault] = []
        self._ignored: set[str] = set()
        self._coordinates = 0

    def read(self, document: object) -> Submitted:
        if not isinstance(document, Mapping):
            raise InvalidLabels([Fault("", "COCO JSON is an object with the member annotations")])
        self._pass_over(document, _TOP, "")
        annotations = document.get("annotations")
        if not isinstance(annotations, list):
            raise InvalidLabels([Fault("annotations", "a list is needed; an empty one says: nothing to see")])
        if len(annotations) > MAX_ANNOTATIONS:
            raise InvalidLabels([Fault("annotations", f"at most {MAX_ANNOTATIONS} in one image")])
        self._frames.take(document.get("images"))
        self._declared(document.get("categories"))
        labels = [self._label(found, f"annotations[{i}]") for i, found in enumerate(annotations)]
        self._check_ids(labels)
        if self._faults:
            raise InvalidLabels(self._faults)
        return Submitted(tuple(label for label in labels if label), tuple(sorted(self._ignored)))

    def _fault(self, place: str, fault: str) -> None:
        self._faults.append(Fault(place, fault))

    def _pass_over(self, found: Mapping[str, object], known: set[str], place: str) -> None:
        # Names only, shortened: what they hold is nobody's business here.
        if len(self._ignored) < MAX_FAULTS:
            self._ignored |= {f"{place}{name}"[:80] for name in found if name not in known}

    def _declared(self, categories: object) -> None:
        """A document may repeat the label set, or part of it; it must not say something else."""
        if categories is None:
            return
        if not isinstance(categories, list):
            self._fault("categories", "a list is needed, or leave it out")
            return
        for index, found in enumerate(categories[:MAX_ANNOTATIONS]):
            known = self._categories.get(found["id"]) if names_id(found, "id") else None
            if known is None:
                self._fault(f"categories[{index}].id", self._not_in_set())
            elif "name" in found and found["name"] != known.name:
                self._fault(f"categories[{index}].name", f"category {known.number} has another name here")

    def _not_in_set(self) -> str:
        known = ", ".join(str(number) for number in sorted(self._categories)[:20])
        return f"not in the dataset's label set ({known or 'which is empty'})"

    def _check_ids(self, labels: Sequence[Label | None]) -> None:
        seen: set[int] = set()
        for index, label in enumerate(labels):
            if label is not None and label.number in seen:
                self._fault(f"annotations[{index}].id", f"{label.number} is used twice")
            elif label is not None:
                seen.add(label.number)

    def _label(self, found: object, place: str) -> Label | None:
        before = len(self._faults)
        if not isinstance(found, Mapping):
            self._fault(place, "an annotation is an object")
            return None
        self._pass_over(found, _ANNOTATION, "annotations[].")
        if not is_id(found.get("id")):
            self._fault(f"{place}.id", "a whole number is needed")
        frame = self._frames.of(found, place)
        if not (names_id(found, "category_id") and found["category_id"] in self._categories):
            self._fault(f"{place}.category_id", self._not_in_set())
        if found.get("iscrowd") not in (None, 0, False):
            self._fault(f"{place}.iscrowd", "crowds are not taken: draw a polygon for each object")
        polygons = self._polygons(found.get("segmentation"), f"{place}.segmentation")
        landmarks = self._landmarks(found, f"{place}.keypoints")
        traits = self._traits(found.get("attributes"), f"{place}.attributes")
        box = self._box(found.get("bbox"), f"{place}.bbox", polygons, landmarks)
        if len(self._faults) > before or box is None:
            return None
        return Label(int(found["id"]), int(found["category_id"]), box, polygons, landmarks, traits, frame)

    def _landmarks(self, found: Mapping[str, object], place: str) -> tuple[Landmark, ...]:
        if found.get("keypoints") is None or not names_id(found, "category_id"):
            return ()
        category = self._categories.get(found["category_id"])  # type: ignore[call-overload]
        if category is None:
            return ()  # told of already
        landmarks, fault = read_keypoints(found["keypoints"], category.landmarks, self._size)
        if fault is not None:
            self._fault(place, fault)
        return landmarks

    def _traits(self, found: object, place: str) -> frozenset[Trait]:
        if found is None:
            return frozenset()
        if not isinstance(found, Mapping):
            self._fault(place, "an object is needed, or leave it out")
            return frozenset()
        self._pass_over(found, _TRAITS, "annotations[].attributes.")
        said = {trait: found.get(trait.value, False) for trait in Trait}
        for trait, value in said.items():
            if not isinstance(value, bool):
                self._fault(f"{place}.{trait.value}", "true or false is needed")
        return frozenset(trait for trait, value in said.items() if value is True)

    def _polygons(self, found: object, place: str) -> tuple[Polygon, ...]:
        if found is None:
            return ()
        if not isinstance(found, list):
            self._fault(place, "a list of polygons is needed; run-length masks are not taken")
            return ()
        polygons = [self._polygon(polygon, f"{place}[{i}]") for i, polygon in enumerate(found)]
        return tuple(polygon for polygon in polygons if polygon)

    def _polygon(self, found: object, place: str) -> Polygon:
        if not isinstance(found, list) or len(found) < 6 or len(found) % 2:
            self._fault(place, "a polygon is a list x, y, x, y, … of three corners or more")
            return ()
        self._coordinates += len(found)
        if self._coordinates > MAX_COORDINATES:
            raise InvalidLabels([Fault(place, f"more than {MAX_COORDINATES // 2} corners in one image")])
        limits = (self._size.width, self._size.height)
        corners = tuple(inside(value, limits[i % 2]) for i, value in enumerate(found))
        known = tuple(value for value in corners if value is not None)
        if len(known) < len(corners):
            self._fault(f"{place}[{corners.index(None)}]", self._outside())
            return ()
        if area_of(known) <= 0:
            self._fault(place, "the corners lie on one line")
            return ()
        return known

    def _box(
        self, found: object, place: str, polygons: Sequence[Polygon], landmarks: Sequence[Landmark]
    ) -> Box | None:
        around = Box.around(polygons) if polygons else None
        points = Box.around_points(landmarks) if landmarks and not polygons else None
        if found is None:
            if around is None and points is None:
                self._fault(place, "bbox, segmentation or keypoints is needed")
            return _rounded(around or points)
        if not isinstance(found, list) or len(found) != 4 or not all(is_number(value) for value in found):
            self._fault(place, "four numbers are needed: left, top, width, height")
            return None
        left, top, width, height = (float(value) for value in found)
        if points and (width <= 0 or height <= 0) and _agree(Box(left, top, width, height), points):
            return _rounded(points)  # landmarks on one line have a box without width or height
        if width <= 0 or height <= 0:
            self._fault(place, "width and height must be greater than 0")
            return None
        x0, x1 = inside(left, self._size.width), inside(left + width, self._size.width)
        y0, y1 = inside(top, self._size.height), inside(top + height, self._size.height)
        if x0 is None or x1 is None or y0 is None or y1 is None:
            self._fault(place, self._outside())
            return None
        if x1 <= x0 or y1 <= y0:
            self._fault(place, f"less than {TOLERANCE} pixels wide or high")
            return None
        box = Box(x0, y0, x1 - x0, y1 - y0)
        if around is not None and not _agree(box, around):
            self._fault(place, "does not enclose the segmentation; leave one of the two out")
        return _rounded(around or box)

    def _outside(self) -> str:
        return f"outside the image of {self._size.width}x{self._size.height} pixels"


def _rounded(box: Box | None) -> Box | None:
    if box is None:
        return None
    return Box(
        round(box.x, DIGITS), round(box.y, DIGITS), round(box.width, DIGITS), round(box.height, DIGITS)
    )


def _agree(one: Box, other: Box) -> bool:
    sides = zip(
        (one.x, one.y, one.right, one.bottom), (other.x, other.y, other.right, other.bottom), strict=True
    )
    return all(abs(mine - theirs) <= LOOSE for mine, theirs in sides)
