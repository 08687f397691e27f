"""Pictures for journeys: a real photo with a face, a drawn plate, and copies of them that carry a marker."""

from __future__ import annotations

import io
import itertools
import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gateway.cli.demo_picture import drawn_plate

FACE = (176, 48, 288, 208)
"""x0, y0, x1, y1: the astronaut's face in the photo of 512x512, by eye."""

PLATE = (400, 385, 560, 435)
"""x0, y0, x1, y1: the middle of the drawn plate, in the whole drawing of 960x640."""

_numbers = itertools.count(1)


def pixels_of(data: bytes) -> NDArray[np.uint8]:
    """(height, width, 3) RGB."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def jpeg(image: Image.Image, *, quality: int = 92) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


def plate_png() -> bytes:
    """A drawn plate, 320x160. No two calls give the same bytes, so that each is an asset of its own.

    A part of the drawing at half its size: most who send one want an image on its way, and this one takes a
    worker a third of the time and of the memory. Nothing else in it is taken for anything.
    """
    return distinct(_small_plate())


@cache
def _small_plate() -> bytes:
    return png(drawn_plate().crop((160, 240, 800, 560)).resize((320, 160)))


def large_plate_png() -> bytes:
    """The whole drawing, 960x640, where it matters what lies where. No two calls give the same bytes."""
    return distinct(_large_plate())


@cache
def _large_plate() -> bytes:
    return png(drawn_plate())


def distinct(data: bytes) -> bytes:
    """The same picture as bytes that nobody sent before: a dataset takes equal bytes once."""
    return data + b"%d" % next(_numbers)


def three_pages() -> list[Image.Image]:
    """Pages of 320x240, each of one colour, on which there is nothing to hide; other ones with each call."""
    number = next(_numbers)
    return [Image.new("RGB", (320, 240), (200 - 40 * page, 90, number % 256)) for page in range(3)]


def tiff(pages: list[Image.Image]) -> bytes:
    buffer = io.BytesIO()
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    return buffer.getvalue()


def photo_with_plate(image: Image.Image) -> Image.Image:
    """A photo of 512x512 with the drawn plate in its lower left corner: two kinds of things to hide."""
    both = image.copy()
    both.paste(drawn_plate().crop((345, 355, 615, 465)), (0, 402))
    return both


def photo(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def part(pixels: NDArray[np.uint8], box: tuple[int, int, int, int]) -> NDArray[np.int16]:
    """The pixels inside a box, wide enough for differences."""
    x0, y0, x1, y1 = box
    return pixels[y0:y1, x0:x1].astype(np.int16)


def stored_png(pixels: NDArray[np.uint8], chunks: dict[bytes, bytes]) -> bytes:
    """A PNG whose pixels lie in it as they are: no filter, no compression (RFC 1951's stored blocks).

    chunks: ancillary chunks by type, put before the pixels.
    """
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(pixels))
    out = [b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))]
    out += [_chunk(kind, content) for kind, content in chunks.items()]
    out += [_chunk(b"IDAT", zlib.compress(rows, 0)), _chunk(b"IEND", b"")]
    return b"".join(out)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
