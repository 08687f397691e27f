"""TIFF files written by hand: what Pillow writes no other way, and what cameras write."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SHORT, LONG, ASCII, UNDEFINED = 3, 4, 2, 7

Values = Sequence[int] | bytes
Order = Literal["<", ">"]
Tags = Mapping[int, tuple[int, Values]]
"""By tag: its type and values."""

TILE = 16  # pixels a side; the standard wants a multiple of 16


def tiff(*pages: tuple[Tags, Sequence[bytes]], order: Order = "<", big: bool = False) -> bytes:
    """A TIFF of pages, each with its tags and its strips or tiles, which it points to with 273 or 324.

    order: "<" or ">" as struct has it. A page whose tags include 322 is tiled.
    """
    word, wide = ("Q", "Q") if big else ("I", "H")
    mark = b"II" if order == "<" else b"MM"
    head = (
        mark + struct.pack(order + "H", 43 if big else 42) + (struct.pack(order + "HH", 8, 0) if big else b"")
    )
    body = bytearray(head + struct.pack(order + word, 0))
    link = len(head)
    for tags, pieces in pages:
        offsets = []
        for piece in pieces:
            offsets.append(len(body))
            body += piece
        tiled = 322 in tags
        entries = dict(tags)
        entries[324 if tiled else 273] = (LONG, offsets)
        entries[325 if tiled else 279] = (LONG, [len(piece) for piece in pieces])
        fields = []
        for tag, (kind, values) in sorted(entries.items()):
            packed = values if isinstance(values, bytes) else _packed(order, kind, values)
            room = struct.calcsize(order + word)
            if len(packed) > room:
                where = struct.pack(order + word, len(body))
                body += packed
            else:
                where = packed.ljust(room, b"\0")
            fields.append(struct.pack(order + "HH" + word, tag, kind, len(values)) + where)
        body += b"\0" * (len(body) % 2)
        body[link : link + struct.calcsize(order + word)] = struct.pack(order + word, len(body))
        body += struct.pack(order + wide, len(fields)) + b"".join(fields)
        link = len(body)
        body += struct.pack(order + word, 0)
    return bytes(body)


def _packed(order: Order, kind: int, values: Sequence[int]) -> bytes:
    return struct.pack(order + {SHORT: "H", LONG: "I", 1: "B", 13: "I"}[kind] * len(values), *values)


def described(
    samples: NDArray[np.unsignedinteger], photometric: int, **more: int
) -> dict[int, tuple[int, Values]]:
    """The tags of an image of shape (height, width) or (height, width, channels)."""
    height, width = int(samples.shape[0]), int(samples.shape[1])
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    tags: dict[int, tuple[int, Values]] = {
        256: (LONG, [width]),
        257: (LONG, [height]),
        258: (SHORT, [samples.itemsize * 8] * channels),
        259: (SHORT, [more.get("compression", 1)]),
        262: (SHORT, [photometric]),
        277: (SHORT, [channels]),
        278: (LONG, [more.get("rows", height)]),
    }
    if channels == 4 and photometric == 2:
        tags[338] = (SHORT, [more.get("alpha", 2)])
    if "orientation" in more:
        tags[274] = (SHORT, [more["orientation"]])
    return tags


def strips(samples: NDArray[np.unsignedinteger], rows: int, order: Order = "<") -> list[bytes]:
    ordered = samples.astype(samples.dtype.newbyteorder(order))
    return [ordered[top : top + rows].tobytes() for top in range(0, len(samples), rows)]


def striped(
    samples: NDArray[np.unsignedinteger], photometric: int, *, order: Order = "<", **more: int
) -> bytes:
    """In strips of seven rows, deflated where compression is 8."""
    pieces = strips(samples, 7, order)
    if more.get("compression") == 8:
        pieces = [zlib.compress(piece) for piece in pieces]
    return tiff((described(samples, photometric, rows=7, **more), pieces), order=order)


def tiled(
    samples: NDArray[np.unsignedinteger], photometric: int, *, order: Order = "<", **more: int
) -> bytes:
    """In tiles of 16 pixels a side, the last of each row and column padded."""
    height, width = int(samples.shape[0]), int(samples.shape[1])
    padding = [(0, -height % TILE), (0, -width % TILE), *[(0, 0)] * (samples.ndim - 2)]
    padded = np.pad(samples, padding, mode="edge").astype(samples.dtype.newbyteorder(order))
    pieces = [
        padded[top : top + TILE, left : left + TILE].tobytes()
        for top in range(0, height, TILE)
        for left in range(0, width, TILE)
    ]
    if more.get("compression") == 8:
        pieces = [zlib.compress(piece) for piece in pieces]
    tags = described(samples, photometric, **more)
    del tags[278]
    tags |= {322: (LONG, [TILE]), 323: (LONG, [TILE])}
    return tiff((tags, pieces), order=order)


def planar(samples: NDArray[np.unsignedinteger], photometric: int, **more: int) -> bytes:
    """Each channel apart, in one strip."""
    planes = [np.ascontiguousarray(samples[..., channel]).tobytes() for channel in range(samples.shape[2])]
    if more.get("compression") == 8:
        planes = [zlib.compress(plane) for plane in planes]
    tags = described(samples, photometric, **more)
    return tiff((tags | {284: (SHORT, [2])}, planes))
