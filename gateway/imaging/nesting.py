"""How many parts a file is made of, how deep they lie in each other, how often its pixels are gone over.

Runs inside the confined decoder process, before any codec: parts cost next to nothing in the file, and the
readers of headers take a few microseconds for each. Damaged files end the count, no more: the codec says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.imaging import tiff
from gateway.imaging.containers import EOI, FRAME_MARKERS, SOS, MalformedContainer, jpeg_segments
from gateway.imaging.image import ImageFormat, Limits
from gateway.imaging.refusals import Refused

MAX_SCANS: Final = 64
"""Of a JPEG, where ten are usual. Each scan, empty ones too, goes over every block of the image: 500 of them
are the well-known way to make a small file take minutes.
"""

MAX_DIRECTORIES: Final = 5_000
"""Of a TIFF, smaller pictures and masks too: ten for each of 500 pages. Pillow compares each with all before.
"""

MAX_ENTRIES: Final = 100_000
"""Of all directories of a TIFF: twenty each."""

MAX_PIECES: Final = 400_000
"""Strips and tiles of all pages of a TIFF: 100 megapixels in tiles of the smallest size, 16 by 16, and more
strips than the tallest page has, of one row of one channel each. DECODING.md says what they cost.
"""

_SMALL: Final = 4_096
"""Bytes of a PNG's IDAT or fdAT chunk below which it counts: encoders write 8 KB and more, and as many as
they need.
"""

_RST: Final = range(0xD0, 0xD8)
_TEM: Final = 0x01  # with RSTn, the markers that stand alone: ITU-T T.81, table B.1

# Boxes of ISO/IEC 14496-12 and 23008-12 that hold boxes, and the bytes in front of those.
_CONTAINERS: Final = {
    b"meta": 4, b"iprp": 0, b"ipco": 0, b"iinf": 6, b"iref": 4, b"grpl": 0, b"dinf": 0, b"moov": 0,
    b"trak": 0, b"mdia": 0, b"minf": 0, b"stbl": 0, b"udta": 0, b"edts": 0,
    b"ipro": 6, b"sinf": 0, b"schi": 0,
}  # fmt: skip

# RIFF chunks that hold chunks, and the bytes in front of those. Source: WebP Container Specification.
_HOLDERS: Final = {b"ANMF": 16, b"LIST": 4, b"RIFF": 4}


def check_nesting(data: bytes, image_format: ImageFormat, limits: Limits) -> None:
    """Raises Refused: limit.parts, limit.nesting or limit.scans."""
    for count, depth in enumerate(_parts(data, image_format), 1):
        if depth > limits.max_depth:
            raise Refused("limit.nesting", limits.max_depth)
        if count > limits.max_parts:
            raise Refused("limit.parts", limits.max_parts)
    if image_format is ImageFormat.JPEG and _scans(data) > MAX_SCANS:
        raise Refused("limit.scans", MAX_SCANS)
    if image_format is ImageFormat.TIFF:
        _check_tiff(data)


def _check_tiff(data: bytes) -> None:
    """Directory by directory: no more of them are read than may be."""
    entries = pieces = 0
    try:
        for count, directory in enumerate(tiff.directories(data), 1):
            entries += directory.listed
            pieces += directory.pieces
            for number, most in ((count, MAX_DIRECTORIES), (entries, MAX_ENTRIES), (pieces, MAX_PIECES)):
                if number > most:
                    raise Refused("limit.parts", most)
    except MalformedContainer:
        return


def _parts(data: bytes, image_format: ImageFormat) -> Iterator[int]:
    """The depth of each part, from 1."""
    match image_format:
        case ImageFormat.JPEG:
            return _jpeg(data)
        case ImageFormat.PNG:
            return _png(data)
        case ImageFormat.WEBP:
            return _riff(data)
        case ImageFormat.HEIC | ImageFormat.AVIF:
            return _boxes(data)
        case ImageFormat.GIF:
            return _gif(data)
        case _:  # TIFF: see _check_tiff; a BMP is one part
            return iter(())


def _jpeg(data: bytes) -> Iterator[int]:
    """The markers up to the first scan; fill bytes, which Pillow takes one by one, are markers here."""
    at = 2
    while at + 2 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in (SOS, EOI):
            return
        yield 1
        if marker == 0xFF:
            at += 1
        elif marker in (0, _TEM) or marker in _RST:
            at += 2
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))


def _scans(data: bytes) -> int:
    """How many scans the decoder will go through; 1 where a first scan with every colour ends the image."""
    scans, frame = 0, b""
    try:
        for segment in jpeg_segments(data):
            if segment.marker in FRAME_MARKERS and not frame:
                frame = bytes([segment.marker]) + segment.payload
            elif segment.marker == SOS:
                scans += 1
                if scans > MAX_SCANS or (scans == 1 and _is_whole(frame, segment.payload)):
                    break
    except MalformedContainer:
        return scans
    return scans


def _is_whole(frame: bytes, scan: bytes) -> bool:
    """Whether a sequential image ends with this scan: it has all components of the frame."""
    return frame[:1] in (b"\xc0", b"\xc1") and frame[6:7] == scan[:1]


def _png(data: bytes) -> Iterator[int]:
    at = 8
    while at + 8 <= len(data):
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if length < _SMALL or name not in (b"IDAT", b"fdAT"):
            yield 1
        at += 12 + length


def _riff(data: bytes) -> Iterator[int]:
    open_chunks = [(12, len(data))]  # (where the next chunk begins, where its holder ends)
    while open_chunks:
        at, end = open_chunks.pop()
        if at + 8 > end:
            continue
        yield len(open_chunks) + 1
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        behind = at + 8 + length + length % 2
        open_chunks.append((behind, end))
        if (skipped := _HOLDERS.get(data[at : at + 4])) is not None:
            open_chunks.append((at + 8 + skipped, min(behind, end)))


def _boxes(data: bytes) -> Iterator[int]:
    open_boxes = [(0, len(data))]
    while open_boxes:
        at, end = open_boxes.pop()
        if at + 8 > end:
            continue
        yield len(open_boxes) + 1
        size, header, name = int.from_bytes(data[at : at + 4], "big"), 8, data[at + 4 : at + 8]
        if size == 1:  # a length of eight bytes follows
            size, header = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        behind = at + max(size, header) if size else end  # 0: to the end
        open_boxes.append((behind, end))
        if (skipped := _CONTAINERS.get(name)) is not None:
            inside = at + header + skipped
            if name == b"iinf" and data[at + header : at + header + 1] != b"\0":
                inside += 2  # from version 1 on, the count has four bytes
            open_boxes.append((inside, min(behind, end)))


def _gif(data: bytes) -> Iterator[int]:
    """The blocks: images, extensions; not the sub-blocks that their data is cut into."""
    at = 13 + _table(data, 10)
    while at < len(data):
        yield 1
        match data[at]:
            case 0x21:
                at = _behind_sub_blocks(data, at + 2)
            case 0x2C:
                at = _behind_sub_blocks(data, at + 11 + _table(data, at + 9))
            case 0x3B:
                return
            case _:  # Pillow looks for the next block byte by byte
                at += 1


def _table(data: bytes, at: int) -> int:
    """Bytes of the colour table that the flags at this place announce. Source: GIF89a, 18 and 20."""
    flags = data[at] if at < len(data) else 0
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _behind_sub_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += data[at] + 1
    return at + 1
