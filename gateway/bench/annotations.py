"""Labelled data in COCO form: which images there are, and where on them lies what must be hidden.

    DATA/annotations.json            one set, its images beside it
    DATA/<set>/annotations.json      several sets
    DATA.json                        one set, its images beside the file

Boxes are `bbox` = [x, y, width, height] in pixels of the image as a person sees it, EXIF orientation applied.
`ignore` or `iscrowd` 1: the box is not scored, and what is changed there is not held against anybody.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from gateway.bench.errors import InvalidAnnotations
from policies.model import Kind

FILE = "annotations.json"

LEFT_OUT = "-"
"""In a mapping of categories: what is labelled with this one is not scored."""


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """number: the annotation's id. kind: None for a category that is left out. x, y: its left upper corner.
    All in pixels. scored: False for crowds and for what the labels say to ignore."""

    number: int
    kind: Kind | None
    x: float
    y: float
    width: float
    height: float
    scored: bool


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """name: set and file, unique in the data. source: whence the image came, or its set. size: width and
    height as the annotations say them, where they do."""

    name: str
    path: Path
    source: str
    size: tuple[int, int] | None
    boxes: tuple[LabelledBox, ...]

    def labels(self, kinds: frozenset[Kind]) -> tuple[LabelledBox, ...]:
        """The boxes that are scored."""
        return tuple(box for box in self.boxes if box.scored and box.kind in kinds)


def read_data(data: Path, categories: Mapping[str, str] | None = None) -> list[LabelledImage]:
    """All labelled images, in the order of the files. Raises InvalidAnnotations.

    categories: what each category of the data is here, or LEFT_OUT; those named like a kind need no entry.
    """
    names = _checked(categories or {})
    return [image for name, file in _files(data) for image in _Set(name, file, names).images()]


def of_kinds(images: Sequence[LabelledImage], kinds: frozenset[Kind]) -> list[LabelledImage]:
    """The images of those sets that label any of the kinds. Raises InvalidAnnotations when none does.

    An image without a box counts: what is hidden on it is over-redaction. A set that labels none of the kinds
    says nothing about them.
    """
    labelling = {_set_of(image) for image in images if image.labels(kinds)}
    if not labelling:
        there = sorted({box.kind.value for image in images for box in image.boxes if box.kind is not None})
        raise InvalidAnnotations(
            f"the data labels no {' and no '.join(sorted(kinds))}; it labels {', '.join(there) or 'nothing'}"
        )
    return [image for image in images if _set_of(image) in labelling]


def check_present(images: Sequence[LabelledImage]) -> None:
    """Raises InvalidAnnotations when there is no image at all, or some are not where the annotations say."""
    if not images:
        raise InvalidAnnotations("no image is left to look at; choose another half, or a larger --limit")
    if missing := [image.path for image in images if not image.path.is_file()]:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise InvalidAnnotations(
            f"{missing[0]}{more}: named in the annotations and not there; put the images beside {FILE}"
        )


def _set_of(image: LabelledImage) -> str:
    return image.name.split("/", 1)[0]


def _checked(categories: Mapping[str, str]) -> dict[str, Kind | None]:
    known: dict[str, Kind | None] = {kind.value: kind for kind in Kind}
    for name, meaning in categories.items():
        if meaning != LEFT_OUT and meaning not in tuple(Kind):
            raise InvalidAnnotations(f"{meaning} is no kind; the kinds are {', '.join(Kind)}, or {LEFT_OUT}")
        known[name] = None if meaning == LEFT_OUT else Kind(meaning)
    return known


def _files(data: Path) -> list[tuple[str, Path]]:
    """The annotation files with the names of their sets."""
    if data.is_file():
        return [(data.stem, data)]
    if not data.is_dir():
        raise InvalidAnnotations(f"{data}: no such folder or file")
    if (data / FILE).is_file():
        return [(data.resolve().name, data / FILE)]
    found = [(file.parent.name, file) for file in sorted(data.glob(f"*/{FILE}"))]
    if not found:
        raise InvalidAnnotations(f"{data}: neither it nor a folder in it holds {FILE} (COCO)")
    return found


class _Set:
    """One annotation file."""

    def __init__(self, name: str, file: Path, kinds: Mapping[str, Kind | None]) -> None:
        self._name, self._file, self._kinds = name, file, kinds
        try:
            self._document: Any = json.loads(file.read_bytes())
        except (OSError, ValueError) as exc:
            raise InvalidAnnotations(f"{file}: not readable as JSON: {exc}") from exc

    def images(self) -> Iterator[LabelledImage]:
        boxes: dict[Any, list[LabelledBox]] = {image["id"]: [] for image in self._rows("images", "id")}
        categories = {row["id"]: row["name"] for row in self._rows("categories", "id", "name")}
        for place, row in enumerate(self._rows("annotations", "image_id", "category_id", "bbox")):
            if row["image_id"] not in boxes or row["category_id"] not in categories:
                raise self._fault(f"annotations[{place}] names an image or a category that is not listed")
            boxes[row["image_id"]].append(self._box(place, row, categories[row["category_id"]]))
        seen: set[str] = set()
        for row in self._rows("images", "id", "file_name"):
            image = self._image(row, tuple(boxes[row["id"]]))
            if image.name in seen:
                raise self._fault(f"the image {row['file_name']} is listed twice")
            seen.add(image.name)
            yield image

    def _rows(self, member: str, *needed: str) -> list[dict[str, Any]]:
        rows = self._document.get(member) if isinstance(self._document, dict) else None
        if not isinstance(rows, list):
            raise self._fault(f"COCO has a list {member!r}")
        for place, row in enumerate(rows):
            if not isinstance(row, dict) or any(name not in row for name in needed):
                raise self._fault(f"{member}[{place}] needs {', '.join(needed)}")
        return rows

    def _image(self, row: Mapping[str, Any], boxes: tuple[LabelledBox, ...]) -> LabelledImage:
        relative = PurePosixPath(str(row["file_name"]))
        if relative.is_absolute() or ".." in relative.parts:
            raise self._fault(f"the image {relative} lies outside the data's folder")
        folder = self._file.parent
        beside = folder / relative
        width, height = row.get("width"), row.get("height")
        return LabelledImage(
            name=f"{self._name}/{relative}",
            path=beside if beside.is_file() else folder / "images" / relative,
            source=str(row.get("source") or self._name),
            size=(width, height) if isinstance(width, int) and isinstance(height, int) else None,
            boxes=boxes,
        )

    def _box(self, place: int, row: Mapping[str, Any], category: str) -> LabelledBox:
        if category not in self._kinds:
            raise self._fault(
                f"the category {category!r} is no kind; say what it is with --category {category}=KIND "
                f"({', '.join(Kind)}), or leave it out with --category {category}={LEFT_OUT}"
            )
        corners = row["bbox"]
        if not isinstance(corners, list) or len(corners) != 4 or not all(map(_is_number, corners)):
            raise self._fault(f"annotations[{place}].bbox is four numbers: x, y, width, height")
        x, y, width, height = map(float, corners)
        if width < 0 or height < 0:
            raise self._fault(f"annotations[{place}].bbox has a negative width or height")
        number = row.get("id")
        return LabelledBox(
            number if isinstance(number, int) else place,
            self._kinds[category],
            x,
            y,
            width,
            height,
            scored=not (row.get("ignore") or row.get("iscrowd")),
        )

    def _fault(self, text: str) -> InvalidAnnotations:
        return InvalidAnnotations(f"{self._file}: {text}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
