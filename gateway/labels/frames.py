"""Which frame of its image an annotation is on. Pure.

COCO has no word of its own for frames: data sets of video list each as an image and number it in a member of
that. So an annotation may say `frame` itself, or name an image of the document's list that does. Frames and
pages count from 0; who says nothing means the first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gateway.labels.numbers import is_id
from policies.model import Size

Tell = Callable[[str, str], None]
"""Takes a place of the document and what is wrong there."""

PassOver = Callable[[Mapping[str, object], set[str], str], None]
"""Takes what was found, the members that are known of it, and what comes before a name of another."""

_IMAGE: Final = {"id", "width", "height", "frame"}


class Frames:
    """The frames of one image, of which a document's annotations are. count: how many there are, from 1."""

    def __init__(self, size: Size, count: int, *, tell: Tell, pass_over: PassOver) -> None:
        self._size = size
        self._count = count
        self._tell = tell
        self._pass_over = pass_over
        self._listed: dict[object, int] | None = None

    def take(self, images: object) -> None:
        """The document's list of images, where it has one: each is a frame, and none is there twice."""
        if images is None:
            return
        found = images if isinstance(images, list) else []
        if not 1 <= len(found) <= self._count or not all(isinstance(image, Mapping) for image in found):
            self._tell("images", self._wanted())
            return
        listed: dict[object, int] = {}
        read = [self._read(image, f"images[{i}]", listed) for i, image in enumerate(found)]
        if all(read):
            self._listed = listed

    def of(self, annotation: Mapping[str, object], place: str) -> int:
        """The frame that an annotation is on; where it names none that is there, that is told."""
        own = self._number(annotation.get("frame"), f"{place}.frame")
        if self._listed is None:
            return own or 0
        image = annotation.get("image_id")
        named = self._listed.get(image) if is_id(image) else None
        if named is None:
            one = "the one image" if len(self._listed) == 1 else "an image"
            self._tell(f"{place}.image_id", f"not the id of {one} in images")
            return 0
        if own is not None and own != named:
            self._tell(f"{place}.frame", f"its image_id names frame {named}")
        return named

    def _read(self, image: Mapping[str, object], place: str, listed: dict[object, int]) -> bool:
        """Adds the image to those listed. Whether it could be."""
        self._pass_over(image, _IMAGE, "images[].")
        for side, pixels in (("width", self._size.width), ("height", self._size.height)):
            if side in image and image[side] != pixels:
                self._tell(f"{place}.{side}", f"the copy's {side} is {pixels} pixels")
        frame = self._number(image.get("frame"), f"{place}.frame") or 0
        number = image.get("id")
        if not is_id(number):
            self._tell(f"{place}.id", "a whole number is needed")
        elif number in listed:
            self._tell(f"{place}.id", f"{number} is used twice")
        elif frame in listed.values():
            self._tell(f"{place}.frame", f"frame {frame} is listed twice")
        else:
            listed[number] = frame
            return True
        return False

    def _number(self, found: object, place: str) -> int | None:
        """What was said, or None where nothing was, or nothing that can be."""
        if found is None:
            return None
        if type(found) is int and 0 <= found < self._count:
            return found
        have = "one frame, which is 0" if self._count == 1 else f"frames 0 to {self._count - 1}"
        self._tell(place, f"the image has {have}")
        return None

    def _wanted(self) -> str:
        if self._count == 1:
            return "a task is one image: list just that one, or leave images out"
        return f"a task is one image of {self._count} frames: list each once at most, or leave images out"
