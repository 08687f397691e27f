"""Labels out: COCO JSON and YOLO, a piece at a time, so that a dataset of any size needs bounded memory.

Images are named by their asset's id. Whoever knows the originals' names joins them there; we do not tell.
Of an image of several frames, or pages, each is an image of its own: LABELS.md has what it is called.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import defaultdict
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
    """An image's newest labels. name: the asset's id. frames: how many it has, all of one size."""

    name: str
    size: Size
    labels: tuple[Label, ...]
    frames: int = 1


Images = Callable[[], Iterable[LabelledImage]]
"""Begins anew with each call, and gives the same images every time."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What the formats call an image: one, or one frame of several. frame: None where there is but one."""

    name: str
    asset: str
    size: Size
    labels: tuple[Label, ...]
    frame: int | None = None


def pictures(image: LabelledImage) -> Iterator[Picture]:
    """An image frame by frame, also those on which nothing is labelled."""
    if image.frames == 1:
        yield Picture(image.name, image.name, image.size, image.labels)
        return
    on: dict[int, list[Label]] = defaultdict(list)
    for label in image.labels:
        on[label.frame].append(label)
    for frame in range(image.frames):
        name = f"{image.name}_{frame:06}"
        yield Picture(name, image.name, image.size, tuple(on.get(frame, ())), frame)


def coco(categories: Sequence[Category], images: Images, *, left_out: int = 0) -> Iterator[bytes]:
    """One COCO document. Ids of images and annotations count from 1 in the order of `images`.

    left_out: labelled images that are not among them; told in `info`, where there are any.
    """
    told: dict[str, object] = {"info": {"left_out": left_out}} if left_out else {}
    head = json.dumps(told | {"categories": [_category(category) for category in categories]})
    return _bundled(_coco(head, images))


def _coco(head: str, images: Images) -> Iterator[str]:
    yield f'{head[:-1]}, "images": ['
    for number, picture in enumerate(_pictures(images), 1):
        width, height = picture.size.width, picture.size.height
        found = {"id": number, "file_name": picture.name, "width": width, "height": height}
        yield (",\n" if number > 1 else "\n") + json.dumps(found | _frame(picture))
    yield '], "annotations": ['
    count = 0
    for number, picture in enumerate(_pictures(images), 1):
        for label in picture.labels:
            count += 1
            found = to_annotation(label) | {"id": count, "image_id": number}
            yield (",\n" if count > 1 else "\n") + json.dumps(found)
    yield "]}\n"


def _pictures(images: Images) -> Iterator[Picture]:
    return (picture for image in images() for picture in pictures(image))


def _frame(picture: Picture) -> dict[str, object]:
    """By what the frames of one image are known to belong together, and in which order."""
    return {} if picture.frame is None else {"asset": picture.asset, "frame": picture.frame}


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


def yolo(categories: Sequence[Category], images: Images, *, left_out: int = 0) -> Iterator[bytes]:
    """A ZIP: data.yaml and labels/ASSET.txt, or one a frame. Classes count from 0, as `categories` lie.

    left_out: as of `coco`; told in a comment of data.yaml.
    """
    out = _Outlet()
    classes = {category.number: index for index, category in enumerate(categories)}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        _put(archive, "data.yaml", data_yaml(categories, left_out=left_out))
        for picture in _pictures(images):
            _put(archive, f"labels/{picture.name}.txt", yolo_lines(picture, classes))
            if out.waiting >= PIECE_BYTES:
                yield out.taken()
    yield out.taken()


def data_yaml(categories: Sequence[Category], *, left_out: int = 0) -> str:
    # JSON strings are YAML strings, whatever they hold.
    names = "".join(f"  {index}: {json.dumps(category.name)}\n" for index, category in enumerate(categories))
    told = f"# left_out: {left_out} (labelled images that are not released now)\n" if left_out else ""
    return f"{YOLO_NOTE}{told}path: .\ntrain: images\nval: images\nnames:\n{names}"


def yolo_lines(image: Picture, classes: dict[int, int]) -> str:
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
