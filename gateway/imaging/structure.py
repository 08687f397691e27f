"""Does an encoded file hold anything but an image? Walked byte by byte against a list of what may be there.

A list of what is allowed, not of what is forbidden: a marker nobody thought of fails.
"""

from __future__ import annotations

from typing import Final, assert_never

from gateway.errors import OutputCheckFailed
from gateway.imaging import animated_webp, page_tiff
from gateway.imaging.containers import (
    APP0,
    DHT,
    DQT,
    DRI,
    EOI,
    FRAME_MARKERS,
    SOI,
    SOS,
    MalformedContainer,
    Segment,
    jpeg_segments,
    png_chunks,
    webp_chunks,
)
from gateway.imaging.image import ImageFormat

_JPEG_ALLOWED: Final = FRAME_MARKERS | {SOI, APP0, DQT, DHT, DRI, SOS, EOI}
_PNG_ALLOWED: Final = frozenset({b"IHDR", b"IDAT", b"IEND"})
_WEBP_ALLOWED: Final = (b"VP8 ", b"VP8L")

# JFIF 1.x without a thumbnail: identifier, version, unit, two densities, 0 x 0 pixels. ITU-T T.871, 10.1.
_JFIF_LENGTH: Final = 14
_JFIF_NAME: Final = b"JFIF\x00"
_NO_THUMBNAIL: Final = b"\x00\x00"


def check_structure(data: bytes, image_format: ImageFormat) -> None:
    """Returns None, or raises OutputCheckFailed with the code check.metadata."""
    try:
        match image_format:
            case ImageFormat.JPEG:
                _check_jpeg(data)
            case ImageFormat.PNG:
                _check_png(data)
            case ImageFormat.WEBP:
                _check_webp(data)
            case ImageFormat.TIFF:
                page_tiff.check(data)
            case ImageFormat.HEIC | ImageFormat.AVIF | ImageFormat.GIF | ImageFormat.BMP:
                raise MalformedContainer("this format is never written")
            case _:
                assert_never(image_format)
    except MalformedContainer as exc:
        raise OutputCheckFailed(f"the copy is no plain {image_format}: {exc}", code="check.metadata") from exc


def is_lossless(data: bytes, image_format: ImageFormat) -> bool:
    """Whether the file holds its pixels exactly. Raises MalformedContainer for a WebP that is none."""
    if image_format is ImageFormat.WEBP:
        return b"VP8 " not in [
            chunk.name for chunk in webp_chunks(data)
        ]  # in animations of ours there is none
    return image_format in (ImageFormat.PNG, ImageFormat.TIFF)


def _check_jpeg(data: bytes) -> None:
    segments = list(jpeg_segments(data))
    frames = 0
    for segment in segments:
        if segment.marker not in _JPEG_ALLOWED:
            raise MalformedContainer(f"a marker {segment.marker:02X} at byte {segment.offset}")
        if segment.marker == APP0 and not _is_plain_jfif(segment):
            raise MalformedContainer("an application segment that is not a plain JFIF header")
        frames += segment.marker in FRAME_MARKERS
    if frames != 1:
        raise MalformedContainer(f"{frames} frames")
    _ends_with_file(segments[-1].offset + 2, data)


def _is_plain_jfif(segment: Segment) -> bool:
    payload = segment.payload
    return (
        segment.offset == 2
        and len(payload) == _JFIF_LENGTH
        and payload.startswith(_JFIF_NAME)
        and payload.endswith(_NO_THUMBNAIL)
    )


def _check_png(data: bytes) -> None:
    chunks = list(png_chunks(data))
    for chunk in chunks:
        if chunk.name not in _PNG_ALLOWED:
            raise MalformedContainer(f"a chunk {chunk.name!r} at byte {chunk.offset}")
    if chunks[0].name != b"IHDR" or len(chunks[-1].payload) != 0:
        raise MalformedContainer("no header first or something in the end chunk")
    _ends_with_file(chunks[-1].end, data)


def _check_webp(data: bytes) -> None:
    names = [chunk.name for chunk in webp_chunks(data)]
    if b"ANIM" in names:
        animated_webp.check(data)
        return
    if len(names) != 1 or names[0] not in _WEBP_ALLOWED:
        raise MalformedContainer(f"chunks {names!r} instead of one image")
    _ends_with_file(int.from_bytes(data[4:8], "little") + 8, data)


def _ends_with_file(end: int, data: bytes) -> None:
    if end != len(data):
        raise MalformedContainer(f"{len(data) - end} bytes after the end of the image")
