"""Pictures and files made on the spot for the tests of this room."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from gateway.imaging.image import Pixels
from policies.model import Kind, Plan, Redaction, RedactionMethod, Region, Verdict

DATA = Path(__file__).parent / "data"

QUADRANTS = ((220, 30, 30), (30, 200, 30), (30, 30, 220), (200, 200, 200))


def quadrants(width: int = 32, height: int = 16) -> Pixels:
    """Red, green / blue, light grey: every orientation of it looks different."""
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    half_height, half_width = height // 2, width // 2
    pixels[:half_height, :half_width], pixels[:half_height, half_width:] = QUADRANTS[0], QUADRANTS[1]
    pixels[half_height:, :half_width], pixels[half_height:, half_width:] = QUADRANTS[2], QUADRANTS[3]
    return pixels


def noise(width: int, height: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def scene(width: int = 320, height: int = 240, seed: int = 0) -> Pixels:
    """Something like a photo: gradients, edges, mild noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width].astype(np.float64)
    channels = [
        128 + 90 * np.sin(x / (20 + 9 * channel) + seed) * np.cos(y / (30 - 5 * channel))
        for channel in range(3)
    ]
    picture = np.stack(channels, axis=-1) + random.normal(0, 4, (height, width, 3))
    picture[height // 3 : height // 2, width // 3 : width // 2] = (240, 20, 60)
    return np.clip(picture, 0, 255).astype(np.uint8)


def save(image: Image.Image, name: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format=name, **options)
    return file.getvalue()


def png_chunk(name: bytes, payload: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + payload))
    return struct.pack(">I", len(payload)) + name + payload + checksum


def raw_png(
    width: int,
    height: int,
    depth: int,
    colour_type: int,
    rows: bytes,
    *,
    before: bytes = b"",
    after: bytes = b"",
) -> bytes:
    """A PNG file from its filtered rows, with whole chunks put before and after the image data."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + before + png_chunk(b"IDAT", zlib.compress(rows)) + after
    return b"\x89PNG\r\n\x1a\n" + chunks + png_chunk(b"IEND", b"")


def redaction(
    x0: int,
    y0: int,
    x1: int,
    y1: int,
    kind: Kind = Kind.FACE,
    method: RedactionMethod = RedactionMethod.FILL,
) -> Redaction:
    return Redaction(Region(x0, y0, x1, y1), kind, method)


def plan(*redactions: Redaction) -> Plan:
    return Plan(redactions, Verdict.RELEASE, ())
