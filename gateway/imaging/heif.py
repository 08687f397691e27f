"""What a HEIF file (HEIC, AVIF) does to its primary image once that is decoded: crop, turn, mirror.

libheif does that by itself, and makes something of crops that are none. Pillow's AVIF reader neither crops
nor keeps the order of a turn and a mirror. So what the file says is read here, box by box. Sources: ISO/IEC
14496-12 (boxes; `clap` in 12.1.4), ISO/IEC 23008-12 (items; `irot` and `imir` in 6.5.10 and 6.5.12), ISO/IEC
23000-22, MIAF (the crop comes first).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np

from gateway.imaging.containers import MalformedContainer
from gateway.imaging.orientation import Turn, of_turns
from gateway.imaging.refusals import Refused

_FULL: Final = 4  # bytes of version and flags in front of what a full box holds
_MOST_ASSOCIATIONS: Final = 100_000  # of properties with items; a picture of a thousand tiles has 4,000
_MOST_TURNS: Final = 16  # the standard allows one of each kind


class Box(NamedTuple):
    """A box's name, and where in the file its content lies."""

    name: bytes
    start: int
    end: int


class Aperture(NamedTuple):
    """A clean aperture: size, and how far its centre is from the picture's, in pixels."""

    width: Fraction
    height: Fraction
    right: Fraction
    down: Fraction

    def within(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Left, upper, right and lower edge in a picture of this size; a part of a pixel stays outside.

        Raises MalformedContainer for one that is empty or reaches beyond the picture.
        """
        left, across = self.right + (width - self.width) / 2, self.width
        upper, along = self.down + (height - self.height) / 2, self.height
        edges = math.ceil(left), math.ceil(upper), math.floor(left + across), math.floor(upper + along)
        if not (0 <= edges[0] < edges[2] <= width and 0 <= edges[1] < edges[3] <= height):
            raise MalformedContainer("a clean aperture that is not inside the picture")
        return edges


class Transforms(NamedTuple):
    """size: width and height of the decoded image. crop: left, upper, right and lower edge of what is cut out
    of it. orientation: of EXIF's eight, applied to what is left.
    """

    size: tuple[int, int]
    crop: tuple[int, int, int, int] | None
    orientation: int


def transforms(data: bytes) -> Transforms:
    """Of the primary image. Raises MalformedContainer; Refused for too much, or a crop that is not first."""
    size: tuple[int, int] | None = None
    aperture: Aperture | None = None
    turns: list[Turn] = []
    for box in _primary_properties(data):
        match box.name:
            case b"ispe" if size is not None:
                raise MalformedContainer("a primary image of two sizes")
            case b"ispe":
                width = _number(data, box.start + _FULL, box.end, 4)
                size = width, _number(data, box.start + _FULL + 4, box.end, 4)
            case b"irot":
                turns.append(functools.partial(np.rot90, k=_number(data, box.start, box.end, 1) & 3))
            case b"imir":
                across = _number(data, box.start, box.end, 1) & 1
                turns.append(functools.partial(np.flip, axis=1 if across else 0))
            case b"clap" if aperture is None and not turns:
                aperture = _aperture(data, box)
            case b"clap":
                raise Refused("format.crop")
            case _:
                pass
    if size is None or len(turns) > _MOST_TURNS:
        raise MalformedContainer("a primary image of no size, or turned without end")
    return Transforms(size, aperture and aperture.within(*size), of_turns(turns))


def check_entries(data: bytes) -> None:
    """Raises MalformedContainer where an item's kind, or the type of its content, is no UTF-8.

    pi-heif 1.4 does not survive that: it makes texts of both and does not look whether it could.
    """
    entries = _one(_boxes(data, _meta(data)), b"iinf")
    count_size = 2 if data[entries.start : entries.start + 1] == b"\0" else 4
    for box in _boxes(data, Box(b"iinf", entries.start + _FULL + count_size, entries.end)):
        version = _number(data, box.start, box.end, 1)
        kind = box.start + _FULL + (6 if version == 3 else 4)  # behind the item's number and its protection
        name = kind + 4 if version >= 2 else kind
        _, _, told = data[name : box.end].partition(b"\0")
        try:
            (data[kind:name] + told).decode()
        except UnicodeDecodeError:
            raise MalformedContainer(f"an item's entry that is no text at byte {box.start}") from None


def _meta(data: bytes) -> Box:
    """What stands in the file's only `meta` box."""
    meta = _one(_outermost(data), b"meta")
    return Box(b"meta", meta.start + _FULL, meta.end)


def _primary_properties(data: bytes) -> list[Box]:
    """In the order in which the file associates them, which is the order in which they apply."""
    inside = _meta(data)
    primary = _primary(data, _one(_boxes(data, inside), b"pitm"))
    properties = _one(_boxes(data, inside), b"iprp")
    known = list(_boxes(data, _one(_boxes(data, properties), b"ipco")))
    tables = (box for box in _boxes(data, properties) if box.name == b"ipma")
    found = []
    for count, (item, place) in enumerate(row for table in tables for row in _associations(data, table)):
        if count == _MOST_ASSOCIATIONS:
            raise Refused("limit.parts", _MOST_ASSOCIATIONS)
        if item == primary and place:  # 0 stands for none
            if place > len(known):
                raise MalformedContainer(f"a property {place} of {len(known)}")
            found.append(known[place - 1])
    return found


def _outermost(data: bytes) -> Iterator[Box]:
    """The boxes of the file, up to whatever else stands behind them."""
    try:
        yield from _boxes(data, Box(b"", 0, len(data)))
    except MalformedContainer:
        return


def _boxes(data: bytes, holder: Box) -> Iterator[Box]:
    at = holder.start
    while at < holder.end:
        size, head = _number(data, at, holder.end, 4), 8
        if size == 1:
            size, head = _number(data, at + 8, holder.end, 8), 16
        end = at + size if size else holder.end  # 0: up to the end
        if 0 < size < head or end > holder.end:
            raise MalformedContainer(f"a box of {size} bytes at byte {at}")
        yield Box(data[at + 4 : at + 8], at + head, end)
        at = end


def _one(boxes: Iterator[Box], name: bytes) -> Box:
    """The only box of this name. Of two, readers would not all take the same."""
    found = [box for box in boxes if box.name == name]
    if len(found) != 1:
        raise MalformedContainer(f"{len(found)} boxes {name!r} instead of one")
    return found[0]


def _primary(data: bytes, box: Box) -> int:
    wide = data[box.start : box.start + 1] != b"\0"
    return _number(data, box.start + _FULL, box.end, 4 if wide else 2)


def _associations(data: bytes, box: Box) -> Iterator[tuple[int, int]]:
    """(item, place of a property, from 1), in order."""
    head = _number(data, box.start, box.end, _FULL)
    item_size, place_size = (4 if head >> 24 else 2), (2 if head & 1 else 1)
    at = box.start + _FULL + 4
    for _ in range(_number(data, at - 4, box.end, 4)):
        item, count = _number(data, at, box.end, item_size), _number(data, at + item_size, box.end, 1)
        at += item_size + 1
        for _ in range(count):
            yield item, _number(data, at, box.end, place_size) & ((1 << 8 * place_size - 1) - 1)
            at += place_size


def _aperture(data: bytes, box: Box) -> Aperture:
    """Four fractions; sizes and denominators are positive, offsets may be negative."""
    numbers = [_number(data, box.start + 4 * place, box.end, 4) for place in range(8)]
    if 0 in numbers[1::2]:
        raise MalformedContainer("a clean aperture of no size")
    signed = [number - (1 << 32) if number >> 31 else number for number in numbers]
    return Aperture(
        Fraction(numbers[0], numbers[1]),
        Fraction(numbers[2], numbers[3]),
        Fraction(signed[4], numbers[5]),
        Fraction(signed[6], numbers[7]),
    )


def _number(data: bytes, at: int, end: int, size: int) -> int:
    if at + size > end:
        raise MalformedContainer(f"a box ends within a number at byte {at}")
    return int.from_bytes(data[at : at + size], "big")
