"""Labels out: COCO JSON and YOLO, a piece at a time, so that a dataset of any size needs bounded memory.

Images are named by their asset's id. Whoever knows the originals' names joins them there; we do not tell.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.labels.coco import to_annotation
from gateway.labels.model import Category, Label
from policies.model import Size

PIECE_BYTES = 1 << 16

YOLO_NOTE = (
    "# Boxes only: YOLO's detection format has no polygons, so a polygon is exported as the box around it.\n"
    "# Landmarks are the box around them; where that has no width or no height, the object is left out.\n"
    "# labels/ASSET.txt: class, then centre x, centre y, width, height, as fractions of the image's sides.\n"
    "# An empty file is an image in which nothing was to be seen. The images are not in here.\n"
)


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """An image's newest labels. name: the asset's id."""

    name: str
    size: Size
    labels: tuple[Label, ...]


Images = Callable[[], Iterable[LabelledImage]]
"""Begins anew with each call, and gives the same images every time."""


def coco(categories: Sequence[Category], images: Images) -> Iterator[bytes]:
    """One COCO document. Ids of images and annotations count from 1 in the order of `images`."""
    head = json.dumps({"categories": [_category(category) for category in categories]})
    return _bundled(_coco(head, images))


def _coco(head: str, images: Images) -> Iterator[str]:
    yield f'{head[:-1]}, "images": ['
    for number, image in enumerate(images(), 1):
        width, height = image.size.width, image.size.height
        found = {"id": number, "file_name": image.name, "width": width, "height": height}
        yield (",\n" if number > 1 else "\n") + json.dumps(found)
    yield '], "annotations": ['
    count = 0
    for number, image in enumerate(images(), 1):
        for label in image.labels:
            count += 1
            found = to_annotation(label) | {"id": count, "image_id": number}
            yield (",\n" if count > 1 else "\n") + json.dumps(found)
    yield "]}\n"


def _category(category: Category) -> dict[str, object]:
    parent: dict[str, object] = {} if category.parent is None else {"supercategory": category.parent}
    # COCO's words for landmarks: only categories that have them carry these members.
    points = {"keypoints": list(category.landmarks), "skeleton": []} if category.landmarks else {}
    return {"id": category.number, "name": category.name} | parent | points


def _bundled(pieces: Iterable[str]) -> Iterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece.encode()
        if len(held) >= PIECE_BYTES:
            yield bytes(held)
            held.clear()
    yield bytes(held)


def yolo(categories: Sequence[Category], images: Images) -> Iterator[bytes]:
    """A ZIP: data.yaml and labels/ASSET.txt. Classes count from 0 in the order of `categories`."""
    out = _Outlet()
    classes = {category.number: index for index, category in enumerate(categories)}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _put(archive, "data.yaml", data_yaml(categories))
        for image in images():
            _put(archive, f"labels/{image.name}.txt", yolo_lines(image, classes))
            if out.waiting >= PIECE_BYTES:
                yield out.taken()
    yield out.taken()


def data_yaml(categories: Sequence[Category]) -> str:
    # JSON strings are YAML strings, whatever they hold.
    names = "".join(f"  {index}: {json.dumps(category.name)}\n" for index, category in enumerate(categories))
    return f"{YOLO_NOTE}path: .\ntrain: images\nval: images\nnames:\n{names}"


def yolo_lines(image: LabelledImage, classes: dict[int, int]) -> str:
    """class, centre x, centre y, width, height a line; six digits are a hundredth of a pixel at 10,000."""
    width, height = image.size.width, image.size.height
    return "".join(
        f"{classes[label.category]} {(label.box.x + label.box.width / 2) / width:.6f} "
        f"{(label.box.y + label.box.height / 2) / height:.6f} "
        f"{label.box.width / width:.6f} {label.box.height / height:.6f}\n"
        for label in image.labels
        if label.box.width and label.box.height
    )


def _put(archive: zipfile.ZipFile, name: str, content: str) -> None:
    # ZipInfo's own date, 1980: the same labels are the same bytes.
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    archive.writestr(info, content)


class _Outlet(io.RawIOBase):
    """What zipfile writes to: it cannot seek, and what was taken is gone."""

    def __init__(self) -> None:
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._held += piece
        return len(piece)

    @property
    def waiting(self) -> int:
        return len(self._held)

    def taken(self) -> bytes:
        piece = bytes(self._held)
        self._held.clear()
        return piece
