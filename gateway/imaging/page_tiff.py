"""Pages to one TIFF without loss, with the tags that describe pixels and none else.

Written here rather than by Pillow, so that every byte of the file is known: `check` accounts for each.
Source: Adobe, TIFF 6.0; strips deflated (compression 8) after the horizontal predictor (section 14).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

import numpy as np

from gateway.imaging import tiff
from gateway.imaging.containers import MalformedContainer, png_file
from gateway.imaging.image import Pixels

_DEFLATE, _RGB, _CHUNKY, _DIFFERENCES = 8, 2, 1, 2
_SUB: Final = 1  # PNG's name for the same differences
_SHORT, _LONG = 3, 4
_STRIP_BYTES: Final = 1 << 18  # of pixels; readers hold one strip at a time
_LEVEL: Final = 1  # as for PNG: the next levels take more time than they save bytes
_HEADER: Final = b"II*\x00"
_TAGS: Final = frozenset(
    {
        *(tiff.WIDTH, tiff.LENGTH, tiff.BITS, tiff.COMPRESSION, tiff.PHOTOMETRIC, tiff.STRIPS),
        *(tiff.SAMPLES, tiff.ROWS, tiff.STRIP_BYTES, tiff.PLANAR, tiff.PREDICTOR),
    }
)

_Interval = tuple[int, int]


def write(pages: Iterable[Pixels]) -> bytes:
    """The file of pages, (height, width, 3) each."""
    data, link = bytearray(_HEADER + bytes(4)), len(_HEADER)
    for page in pages:
        strips = _strips(page)
        offsets = []
        for strip in strips:
            offsets.append(len(data))
            data += strip
        data += bytes(len(data) % 2)  # directories begin on even bytes
        bits = len(data)
        data += struct.pack("<3H", 8, 8, 8)
        where = _array(data, offsets)
        lengths = _array(data, [len(strip) for strip in strips])
        data[link : link + 4] = struct.pack("<I", len(data))
        data += _directory(page, len(strips), bits, where, lengths)
        link = len(data) - 4
    return bytes(data)


def page_png(data: bytes, number: int) -> bytes:
    """A page of a file that `write` made, as a PNG, counted from 0; no pixel is calculated for it.

    The horizontal predictor of 8-bit RGB is PNG's filter 1, Sub (PNG specification, 9.2): of a row only the
    byte that names it is new. Raises MalformedContainer for other files, and where there is no such page.
    """
    if not 0 <= number < check(data):
        raise MalformedContainer(f"no page {number}")
    page = next(islice(tiff.pages(data), number, None))
    width, height, rows = (page.number(tag) for tag in (tiff.WIDTH, tiff.LENGTH, tiff.ROWS))
    packer, packed = zlib.compressobj(_LEVEL), bytearray()
    for top, strip in zip(range(0, height, rows), _packed_strips(data, page), strict=True):
        packed += packer.compress(_filtered(strip, (min(rows, height - top), 3 * width)))
    return png_file(width, height, bytes(packed + packer.flush()))


def _packed_strips(data: bytes, page: tiff.Directory) -> Iterator[bytes]:
    offsets, lengths = (_values(data, page.entries[tag]) for tag in (tiff.STRIPS, tiff.STRIP_BYTES))
    return (data[at : at + size] for at, size in zip(offsets, lengths, strict=True))


def _filtered(strip: bytes, shape: tuple[int, int]) -> bytes:
    """The rows of a strip as PNG has them. shape: rows, and bytes of each."""
    rows = np.full((shape[0], shape[1] + 1), _SUB, dtype=np.uint8)
    rows[:, 1:] = np.frombuffer(zlib.decompress(strip), np.uint8).reshape(shape)
    return rows.tobytes()


def check(data: bytes) -> int:
    """How many pages the file has. Raises MalformedContainer where it holds anything but such pages."""
    taken: list[_Interval] = [(0, 8)]
    count = 0
    for page in tiff.pages(data):
        count += 1
        if page.entries.keys() != _TAGS:
            raise MalformedContainer(f"tags {sorted(page.entries.keys() ^ _TAGS)} too many or too few")
        taken.append((page.offset, page.end))
        taken += [(one.offset, one.end) for one in page.entries.values() if not _within(one, page)]
        offsets, lengths = (_values(data, page.entries[tag]) for tag in (tiff.STRIPS, tiff.STRIP_BYTES))
        taken += [(at, at + size) for at, size in zip(offsets, lengths, strict=True)]
    _check_all_taken(sorted(taken), data)
    return count


def _strips(page: Pixels) -> list[bytes]:
    rows = _rows(page)
    return [_packed(page[top : top + rows]) for top in range(0, page.shape[0], rows)]


def _rows(page: Pixels) -> int:
    return max(1, _STRIP_BYTES // (int(page.shape[1]) * 3))


def _packed(strip: Pixels) -> bytes:
    differences = strip.copy()
    differences[:, 1:] -= strip[:, :-1]  # modulo 256, as the predictor has it
    return zlib.compress(differences.tobytes(), _LEVEL)


def _array(data: bytearray, values: list[int]) -> int:
    """Where the values stand; a single one stands in the directory itself."""
    if len(values) == 1:
        return values[0]
    at = len(data)
    data += struct.pack(f"<{len(values)}I", *values)
    return at


def _directory(page: Pixels, strips: int, bits: int, offsets: int, lengths: int) -> bytes:
    entries = (
        (tiff.WIDTH, _LONG, 1, page.shape[1]),
        (tiff.LENGTH, _LONG, 1, page.shape[0]),
        (tiff.BITS, _SHORT, 3, bits),
        (tiff.COMPRESSION, _SHORT, 1, _DEFLATE),
        (tiff.PHOTOMETRIC, _SHORT, 1, _RGB),
        (tiff.STRIPS, _LONG, strips, offsets),
        (tiff.SAMPLES, _SHORT, 1, 3),
        (tiff.ROWS, _LONG, 1, _rows(page)),
        (tiff.STRIP_BYTES, _LONG, strips, lengths),
        (tiff.PLANAR, _SHORT, 1, _CHUNKY),
        (tiff.PREDICTOR, _SHORT, 1, _DIFFERENCES),
    )
    return (
        struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *one) for one in entries) + bytes(4)
    )


def _within(entry: tiff.Entry, page: tiff.Directory) -> bool:
    return page.offset <= entry.offset and entry.end <= page.end


def _values(data: bytes, entry: tiff.Entry) -> list[int]:
    if entry.kind != _LONG or entry.end > len(data):
        raise MalformedContainer("strips that lie nowhere")
    return [int(one) for one in np.frombuffer(data, "<u4", entry.values, entry.offset)]


def _check_all_taken(taken: list[_Interval], data: bytes) -> None:
    """Each byte belongs to one thing, but for a zero that makes a directory begin on an even one."""
    at = 0
    for start, end in taken:
        if start != at and not (start == at + 1 and data[at] == 0):
            raise MalformedContainer(f"bytes of nothing, or of two things, at {at}")
        at = end
    if at != len(data):
        raise MalformedContainer(f"{len(data) - at} bytes after the end of the image")
