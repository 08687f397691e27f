"""Which of a file's words survive in another: printable runs outside the pixels, and markers put in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import numpy as np

from gateway.imaging.containers import (
    DHT,
    DQT,
    FRAME_MARKERS,
    SOS,
    MalformedContainer,
    jpeg_segments,
    png_chunks,
    webp_chunks,
)
from gateway.imaging.encode import encode
from gateway.imaging.image import ImageFormat

LEAST: Final = 8  # characters of a run
_RUN: Final = re.compile(rb"[\x20-\x7e]{%d,}" % LEAST)
_PNG: Final = (b"IDAT", b"fdAT")
_WEBP: Final = (b"VP8 ", b"VP8L")
_JPEG: Final = FRAME_MARKERS | {DQT, DHT}
MARKER: Final = b"<script>PAYLOAD-4111-1111-Jane-Doe</script>"
"""What `seeded` puts behind the end of the image, where programs that embed scripts put it."""


def seeded(data: bytes) -> bytes:
    return data + MARKER


def carried_over(original: bytes, output: bytes, output_format: ImageFormat) -> list[bytes]:
    """The runs of the original outside its pixels that stand in the output.

    Not counted is what any file of the output's format has: names of chunks, standard Huffman tables.
    """
    usual = _usual(output_format)
    found: dict[bytes, None] = {}
    for piece in _outside_pixels(original):
        for run in _RUN.findall(piece):
            if run not in usual and run in output:
                found[run] = None
    return list(found)


def _usual(output_format: ImageFormat) -> bytes:
    """Files of flat pixels, as our own encoder writes them."""
    flat = np.full((64, 64, 3), 128, np.uint8)
    return b"".join(encode(flat, output_format, lossless=lossless).data for lossless in (False, True))


def _outside_pixels(data: bytes) -> Iterator[bytes]:
    """The pieces of a file that are neither compressed pixels nor the tables to decompress them; the whole of
    one that cannot be read.
    """
    end = 0
    with suppress(MalformedContainer):
        for start, behind in _pixels(data):
            yield data[end:start]
            end = behind
    yield data[end:]


def _pixels(data: bytes) -> Iterator[tuple[int, int]]:
    """Where pixels and tables begin and end, in order. Raises MalformedContainer."""
    if data.startswith(b"\x89PNG"):
        yield from ((chunk.offset, chunk.end) for chunk in png_chunks(data) if chunk.name in _PNG)
    elif data.startswith(b"RIFF"):
        yield 0, 12
        yield from ((chunk.offset, chunk.end) for chunk in webp_chunks(data) if chunk.name in _WEBP)
    elif data.startswith(b"\xff\xd8"):
        scan = None
        for segment in jpeg_segments(data):
            if scan is not None:
                yield scan, segment.offset
            start, behind = segment.offset, segment.offset + 4 + len(segment.payload)
            scan = start if segment.marker == SOS else None
            if segment.marker in _JPEG:
                yield start, behind
