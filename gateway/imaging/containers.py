"""The containers that images travel in: JPEG segments, PNG chunks, RIFF chunks, read without a codec.

Used in front of the codecs (sizes and frames before anything is allocated) and behind our own encoder (is
there anything in the file but pixels?). The readers raise MalformedContainer and never look
beyond the bytes given.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"

SOI, EOI, SOS, DQT, DHT, DRI, APP0 = 0xD8, 0xD9, 0xDA, 0xDB, 0xC4, 0xDD, 0xE0
# Start-of-frame markers: 0xC0 to 0xCF without DHT (C4), JPG (C8) and DAC (CC). ITU-T T.81, table B.1.
FRAME_MARKERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

# The end of entropy-coded data: a marker that is neither a stuffed zero nor a restart marker nor a fill byte.
_END_OF_SCAN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


class MalformedContainer(Exception):
    """The bytes are not laid out as the format says."""


class Segment(NamedTuple):
    """One marker of a JPEG file: its code, the offset of its 0xFF, its payload; SOS includes no scan data."""

    marker: int
    offset: int
    payload: bytes


class Chunk(NamedTuple):
    """One chunk of a PNG or RIFF file: its name, the offset of its first byte, where it ends, its payload."""

    name: bytes
    offset: int
    end: int
    payload: memoryview


def jpeg_segments(data: bytes) -> Iterator[Segment]:
    """The markers of a JPEG file up to EOI, in order; SOI and EOI carry an empty payload."""
    if not data.startswith(b"\xff\xd8"):
        raise MalformedContainer("no start of image")
    yield Segment(SOI, 0, b"")
    at = 2
    while True:
        if len(data) < at + 2 or data[at] != 0xFF:
            raise MalformedContainer(f"no marker at byte {at}")
        marker = data[at + 1]
        if marker == EOI:
            yield Segment(EOI, at, b"")
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < 2 or end > len(data):
            raise MalformedContainer(f"a segment at byte {at} runs beyond the end")
        yield Segment(marker, at, data[at + 4 : end])
        at = _end_of_scan(data, end) if marker == SOS else end


def _end_of_scan(data: bytes, start: int) -> int:
    found = _END_OF_SCAN.search(data, start)
    if found is None:
        raise MalformedContainer("the scan has no end")
    return found.start()


def jpeg_precision(data: bytes) -> int | None:
    """Bits a sample of the first frame header; None where there is none to be read."""
    try:
        for segment in jpeg_segments(data):
            if segment.marker in FRAME_MARKERS and segment.payload:
                return segment.payload[0]
            if segment.marker == SOS:
                return None
    except MalformedContainer:
        return None
    return None


def png_chunks(data: bytes) -> Iterator[Chunk]:
    """The chunks of a PNG file up to IEND, each with its checksum verified."""
    if not data.startswith(PNG_SIGNATURE):
        raise MalformedContainer("no PNG signature")
    view, at = memoryview(data), len(PNG_SIGNATURE)
    while True:
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + 12 + length
        if end > len(data):
            raise MalformedContainer(f"a chunk at byte {at} runs beyond the end")
        name = data[at + 4 : at + 8]
        if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise MalformedContainer(f"the chunk at byte {at} has a wrong checksum")
        yield Chunk(name, at, end, view[at + 8 : end - 4])
        if name == b"IEND":
            return
        at = end


def png_file(width: int, height: int, rows: bytes) -> bytes:
    """A PNG of 8-bit RGB. rows: filtered and deflated. Source: PNG specification, 11.2."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b""))
    return PNG_SIGNATURE + b"".join(_png_chunk(name, payload) for name, payload in chunks)


def _png_chunk(name: bytes, payload: bytes) -> bytes:
    checksum = zlib.crc32(payload, zlib.crc32(name))
    return struct.pack(">I", len(payload)) + name + payload + struct.pack(">I", checksum)


def webp_chunks(data: bytes) -> Iterator[Chunk]:
    """The chunks of a WebP file inside its RIFF size. Source: WebP Container Specification."""
    end_of_riff = int.from_bytes(data[4:8], "little") + 8
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or end_of_riff > len(data):
        raise MalformedContainer("no whole RIFF of the type WEBP")
    view, at = memoryview(data), 12
    while at < end_of_riff:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2  # chunks are padded to even sizes
        if at + 8 > end_of_riff or end > end_of_riff:
            raise MalformedContainer(f"a chunk at byte {at} runs beyond the end")
        yield Chunk(data[at : at + 4], at, end, view[at + 8 : at + 8 + length])
        at = end


class WebPHeader(NamedTuple):
    """Width and height in pixels, whether the pixels are stored without loss, how many frames there are."""

    width: int
    height: int
    lossless: bool
    frames: int


def webp_header(data: bytes) -> WebPHeader:
    """What the chunk headers say. Source: WebP Container Specification, RFC 9649."""
    chunks = list(webp_chunks(data))
    if not chunks:
        raise MalformedContainer("a WebP without any chunk")
    names = [chunk.name for chunk in chunks]
    width, height = _webp_size(chunks[0])
    frames = max(1, names.count(b"ANMF"))
    return WebPHeader(width, height, b"VP8L" in names and b"VP8 " not in names, frames)


def _webp_size(first: Chunk) -> tuple[int, int]:
    body = bytes(first.payload[:10])
    if first.name == b"VP8X" and len(body) == 10:
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if first.name == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if first.name == b"VP8 " and len(body) == 10 and body[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    raise MalformedContainer("the first chunk of the WebP holds no size")


def gif_frames(data: bytes, most: int) -> list[tuple[int, int]]:
    """Of each picture of a GIF how far it reaches, to the right and down, and first the canvas; of no more
    than `most` pictures. Source: GIF89a specification.
    """
    if len(data) < 13:
        return []
    at, reach = 13 + _gif_palette(data[10]), [_gif_reach(data[6:10])]
    while at < len(data) and len(reach) <= most:
        match data[at]:
            case 0x2C if at + 10 < len(data):  # a picture: place, size, flags; then the code size
                reach.append(_gif_reach(data[at + 1 : at + 9]))
                at = _after_blocks(data, at + 11 + _gif_palette(data[at + 9]))
            case 0x21:
                at = _after_blocks(data, at + 2)
            case 0x3B:
                break
            case _:
                at += 1  # readers look on for something they know
    return reach


def _gif_reach(numbers: bytes) -> tuple[int, int]:
    """The sums of every second number: of a place and a size, or of a size alone."""
    values = [int.from_bytes(numbers[at : at + 2], "little") for at in range(0, len(numbers), 2)]
    return sum(values[::2]), sum(values[1::2])


def _gif_palette(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1
