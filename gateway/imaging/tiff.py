"""TIFF directories, read without a codec: which pages there are, and whether they hold what a sensor saw.

Classic TIFF (Adobe, TIFF 6.0) and BigTIFF, both byte orders. Nothing beyond the bytes given is looked at, a
directory is read once however often it is pointed to, and of one tag no more values than _MOST_VALUES.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from gateway.imaging.containers import MalformedContainer

SUBFILE, WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
STRIPS, SAMPLES, ROWS, STRIP_BYTES, PLANAR, PREDICTOR = 273, 277, 278, 279, 284, 317
SUB_DIRECTORIES, DNG_VERSION = 330, 50706
_PIECES: Final = (STRIPS, STRIP_BYTES, 324, 325)  # where strips and tiles lie, and how long they are

REDUCED, MASK = 1, 4
"""Bits of SUBFILE: a smaller picture of another directory's, and a mask for one."""

WHITE_IS_ZERO: Final = 0

# Of one sample a pixel behind a colour filter, and of such samples made into planes. TIFF/EP, DNG 1.6.
_SENSOR_PHOTOMETRICS: Final = frozenset({32803, 34892})
# Sony, Nikon, Samsung, Kodak and Pentax; of no use but for their sensors.
_SENSOR_COMPRESSIONS: Final = frozenset({32767, 32769, 32770, 34713, 65000, 65535})

_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BIG_SIZES: Final = _SIZES | {16: 8, 17: 8, 18: 8}
_WHOLE_NUMBERS: Final = frozenset({1, 3, 4, 13, 16, 18})
_MOST_DIRECTORIES: Final = 65_536  # smaller pictures and masks included
_MOST_ENTRIES: Final = 4096  # of one directory; the standard knows a few hundred tags
_MOST_VALUES: Final = 64

ByteOrder = Literal["little", "big"]


class Entry(NamedTuple):
    """One tag's type, how many values it has, and where in the file they lie."""

    kind: int
    values: int
    offset: int
    end: int


class Directory(NamedTuple):
    """One page's tags. offset, end: where the directory lies. numbers: of each tag of whole numbers.

    Of entries with one tag the first rules. listed: how many entries there are. pieces: strips or tiles, as
    many as any entry says there are.
    """

    offset: int
    end: int
    entries: dict[int, Entry]
    numbers: dict[int, tuple[int, ...]]
    listed: int
    pieces: int

    def number(self, tag: int, default: int = 0) -> int:
        values = self.numbers.get(tag, ())
        return values[0] if values else default


class _Layout(NamedTuple):
    """What differs between the two orders and the two sizes of TIFF."""

    order: ByteOrder
    word: int  # bytes of an offset
    first: int  # where the offset of the first directory stands
    sizes: dict[int, int]

    def read(self, data: bytes, at: int, size: int) -> int:
        if at + size > len(data):
            raise MalformedContainer(f"a directory runs beyond the end at byte {at}")
        return int.from_bytes(data[at : at + size], self.order)


def pages(data: bytes) -> Iterator[Directory]:
    """The directories of the main chain, in order. Raises MalformedContainer where the first is broken.

    A chain that leads back, or to nowhere, ends there: that is how readers take it.
    """
    layout = _layout(data)
    at, seen = layout.read(data, layout.first, layout.word), set[int]()
    while at and at not in seen:
        seen.add(at)
        if len(seen) > _MOST_DIRECTORIES:
            raise MalformedContainer("a chain of directories without end")
        try:
            directory, at = _directory(data, at, layout)
        except MalformedContainer:
            if len(seen) == 1:
                raise
            return
        yield directory


def full_pages(data: bytes) -> Iterator[tuple[int, Directory]]:
    """The pages proper, each with its place in the chain: no smaller pictures of them, and no masks.

    The first is one, whatever it calls itself: it is what readers show.
    """
    for place, page in enumerate(pages(data)):
        if place == 0 or not page.number(SUBFILE) & (REDUCED | MASK):
            yield place, page


def directories(data: bytes) -> Iterator[Directory]:
    """All that are read here: those of the chain, and those below the first. Raises as `pages` does."""
    for place, page in enumerate(pages(data)):
        yield page
        if place == 0:
            yield from _subordinate(data, page)


def is_raw(data: bytes) -> bool:
    """Whether a camera wrote this TIFF with what its sensor saw: DNG, NEF, ARW, PEF, SRW and others."""
    first = next(pages(data), None)
    if first is None:
        return False
    small_above_large = first.number(SUBFILE) & REDUCED and SUB_DIRECTORIES in first.entries
    if DNG_VERSION in first.entries or small_above_large:
        return True
    return any(
        each.number(PHOTOMETRIC, -1) in _SENSOR_PHOTOMETRICS
        or each.number(COMPRESSION) in _SENSOR_COMPRESSIONS
        for each in (first, *_subordinate(data, first))
    )


def _subordinate(data: bytes, directory: Directory) -> Iterator[Directory]:
    layout = _layout(data)
    for at in directory.numbers.get(SUB_DIRECTORIES, ()):
        try:
            yield _directory(data, at, layout)[0]
        except MalformedContainer:
            continue


def _layout(data: bytes) -> _Layout:
    match data[:4]:
        case b"II*\x00":
            return _Layout("little", 4, 4, _SIZES)
        case b"MM\x00*":
            return _Layout("big", 4, 4, _SIZES)
        case b"II+\x00":
            return _Layout("little", 8, 8, _BIG_SIZES)
        case b"MM\x00+":
            return _Layout("big", 8, 8, _BIG_SIZES)
        case _:
            raise MalformedContainer("no TIFF header")


def _directory(data: bytes, at: int, layout: _Layout) -> tuple[Directory, int]:
    """The directory at this byte, and where the next one lies; 0 without a next one."""
    word, wide = layout.word, 2 if layout.word == 4 else 8
    count = layout.read(data, at, wide)
    end = at + wide + count * (4 + 2 * word) + word
    if count > _MOST_ENTRIES or end > len(data):
        raise MalformedContainer(f"a directory of {count} entries at byte {at}")
    entries: dict[int, Entry] = {}
    numbers: dict[int, tuple[int, ...]] = {}
    pieces = 0
    for place in range(at + wide, end - word, 4 + 2 * word):
        tag, entry = _entry(data, place, layout)
        pieces = max(pieces, entry.values if tag in _PIECES else 0)
        if tag in entries:
            continue
        entries[tag] = entry
        if entry.kind in _WHOLE_NUMBERS and entry.end <= len(data):
            size = layout.sizes[entry.kind]
            most = min(entry.values, _MOST_VALUES)
            numbers[tag] = tuple(layout.read(data, entry.offset + size * n, size) for n in range(most))
    return Directory(at, end, entries, numbers, count, pieces), layout.read(data, end - word, word)


def _entry(data: bytes, at: int, layout: _Layout) -> tuple[int, Entry]:
    tag, kind = layout.read(data, at, 2), layout.read(data, at + 2, 2)
    count = layout.read(data, at + 4, layout.word)
    length = count * layout.sizes.get(kind, 1)
    value = at + 4 + layout.word  # short values stand in the entry itself
    offset = value if length <= layout.word else layout.read(data, value, layout.word)
    return tag, Entry(kind, count, offset, offset + length)
