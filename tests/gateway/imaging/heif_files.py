"""HEIF files, HEIC and AVIF, written box by box around images that an encoder made: what no encoder writes.

Sources: ISO/IEC 14496-12 (boxes), ISO/IEC 23008-12 (items and their properties).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from PIL import Image

from tests.gateway.imaging.heif_pictures import PICTURES
from tests.gateway.imaging.samples import DATA, save

ALPHA: Final = "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"
ALPHA_OF_HEVC: Final = "urn:mpeg:hevc:2015:auxid:1"
DEPTH: Final = "urn:mpeg:hevc:2015:auxid:2"
GAIN_MAP: Final = "urn:com:apple:photo:2020:aux:hdrgainmap"

BRANDS: Final[Mapping[str, bytes]] = {"heic": b"heic", "avif": b"avif"}


@dataclass(frozen=True, slots=True)
class Property:
    """A property's box, and whether no reader may do without it."""

    box: bytes
    essential: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """kind: four letters. told: what its entry says behind its name, of texts and addresses."""

    kind: bytes
    data: bytes
    properties: tuple[Property, ...] = ()
    name: bytes = b""
    hidden: bool = False
    told: bytes = b""

    def having(self, *more: Property) -> Item:
        return replace(self, properties=(*self.properties, *more))


@dataclass(frozen=True, slots=True)
class Reference:
    """From one item to others, by their places from 1."""

    kind: bytes
    origin: int
    targets: tuple[int, ...]


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def full(name: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(name, struct.pack(">I", version << 24 | flags), *parts)


def turn(quarters: int) -> Property:
    """Anticlockwise."""
    return Property(box(b"irot", bytes([quarters])), essential=True)


def mirror(axis: int) -> Property:
    """0: top and bottom change places. 1: left and right do."""
    return Property(box(b"imir", bytes([axis])), essential=True)


def aperture(*numbers: int) -> Property:
    """Width, height, how far right and how far down the centre is: numerators and denominators."""
    return Property(box(b"clap", *(struct.pack(">i", number) for number in numbers)), essential=True)


def auxiliary(urn: str) -> Property:
    return Property(full(b"auxC", urn.encode() + b"\0"), essential=True)


def description(*texts: str) -> Property:
    """Language, name, description, tags."""
    return Property(full(b"udes", *(text.encode() + b"\0" for text in texts)))


@cache
def coded(kind: str, picture: str) -> Item:
    """One of PICTURES as the encoder's file has it: its bytes, and what is needed to decode them."""
    if kind == "heic":
        return _first_item((DATA / f"{picture}.heic").read_bytes())
    options = {"quality": 90, "subsampling": "4:0:0" if picture == "halves" else "4:4:4", "speed": 10}
    return _first_item(save(Image.fromarray(PICTURES[picture]()), "AVIF", **options))


def exif_item(block: bytes) -> Item:
    """block: with EXIF's own six bytes in front."""
    return Item(b"Exif", struct.pack(">I", 6) + block)


def xmp_item(text: bytes) -> Item:
    return Item(b"mime", text, told=b"application/rdf+xml\0")


def heif(
    kind: str,
    *items: Item,
    primary: int = 1,
    references: Sequence[Reference] = (),
    in_meta: bytes = b"",
    behind: bytes = b"",
    gap: bytes = b"",
) -> bytes:
    """A file of items, numbered from 1.

    in_meta: boxes behind those that every file has. gap: bytes that belong to no item, among those that do.
    behind: bytes behind the last box.
    """
    head = box(b"ftyp", BRANDS[kind], bytes(4), b"mif1", b"miaf", BRANDS[kind])
    size = len(_meta(items, primary, references, in_meta, 0))
    meta = _meta(items, primary, references, in_meta, len(head) + size + 8 + len(gap))
    return head + meta + box(b"mdat", gap, *(item.data for item in items)) + behind


def _meta(
    items: Sequence[Item], primary: int, references: Sequence[Reference], more: bytes, start: int
) -> bytes:
    handler = full(b"hdlr", bytes(4), b"pict", bytes(13))
    parts = [handler, full(b"pitm", struct.pack(">H", primary)), _places(items, start), _entries(items)]
    if references:
        parts.append(full(b"iref", *map(_reference, references)))
    return full(b"meta", *parts, _properties(items), more)


def _places(items: Sequence[Item], start: int) -> bytes:
    rows = []
    for number, item in enumerate(items, 1):
        rows.append(struct.pack(">HHHII", number, 0, 1, start, len(item.data)))
        start += len(item.data)
    return full(b"iloc", b"\x44\x00", struct.pack(">H", len(items)), *rows)


def _entries(items: Sequence[Item]) -> bytes:
    rows = [
        full(
            b"infe",
            struct.pack(">HH", number, 0) + item.kind + item.name + b"\0" + item.told,
            version=2,
            flags=int(item.hidden),
        )
        for number, item in enumerate(items, 1)
    ]
    return full(b"iinf", struct.pack(">H", len(items)), *rows)


def _reference(each: Reference) -> bytes:
    numbers = (each.origin, len(each.targets), *each.targets)
    return box(each.kind, *(struct.pack(">H", number) for number in numbers))


def _properties(items: Sequence[Item]) -> bytes:
    known: list[bytes] = []
    rows = []
    for number, item in enumerate(items, 1):
        places = []
        for each in item.properties:
            if each.box not in known:
                known.append(each.box)
            places.append(known.index(each.box) + 1 | each.essential << 7)
        rows.append(struct.pack(">HB", number, len(places)) + bytes(places))
    return box(b"iprp", box(b"ipco", *known), full(b"ipma", struct.pack(">I", len(rows)), *rows))


# -- what an encoder wrote


def inside(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, and where the content begins and ends, of the boxes that lie one after the other here."""
    while start < end:
        size = int.from_bytes(data[start : start + 4], "big")
        yield data[start + 4 : start + 8], start + 8, start + size
        start += size


def _found(data: bytes, start: int, end: int, *path: bytes) -> tuple[int, int]:
    for name in path:
        start, end = next((a, b) for each, a, b in inside(data, start, end) if each == name)
        start += 4 if name == b"meta" else 0
    return start, end


def _first_item(data: bytes) -> Item:
    """The first item of a file of two-byte numbers and short properties, as libheif and libavif write it."""
    meta = _found(data, 0, len(data), b"meta")
    entry, _ = _found(data, *meta, b"iinf")
    kind = data[entry + 6 + 16 : entry + 6 + 20]
    boxes = [data[start - 8 : end] for _, start, end in inside(data, *_found(data, *meta, b"iprp", b"ipco"))]
    row, _ = _found(data, *meta, b"iprp", b"ipma")
    places = data[row + 11 : row + 11 + data[row + 10]]
    properties = tuple(Property(boxes[(place & 127) - 1], bool(place & 128)) for place in places)
    start, length = _extent(data, *_found(data, *meta, b"iloc"))
    return Item(kind, data[start : start + length], properties)


def _extent(data: bytes, at: int, _: int) -> tuple[int, int]:
    version, bases = data[at], data[at + 5] >> 4
    row = at + 8 + 2 + (2 if version else 0) + 2
    base = int.from_bytes(data[row : row + bases], "big")
    start, length = struct.unpack(">II", data[row + bases + 2 : row + bases + 10])
    return base + start, length
