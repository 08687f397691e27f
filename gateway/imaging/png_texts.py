"""The texts of a PNG, read without a codec, and the file without them.

Pillow keeps texts under the names that the file gives them, among what it knows of the picture itself: one
that is called `exif` or `default_image` would count as that. So the codec gets the file without its texts.
Source: PNG, third edition, 11.3.3.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from gateway.imaging.containers import PNG_SIGNATURE

_TEXTS: Final = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_MOST: Final = 1_000  # texts that are read; all are taken out
_LONGEST: Final = 16_000  # bytes of one text that are unfolded


def without_texts(data: bytes) -> bytes:
    """The same chunks but for texts, sound or damaged; the very same bytes where there are none."""
    kept, taken = [], 0
    for start, end in _places(data):
        kept.append(data[taken:start])
        taken = end
    return b"".join((*kept, data[taken:])) if kept else data


def texts(data: bytes) -> Iterator[str]:
    """What the texts say, each up to a length; none of those that are damaged."""
    for number, (start, end) in enumerate(_places(data)):
        if number == _MOST:
            return
        try:
            yield _text(data[start + 4 : start + 8], data[start + 8 : min(end - 4, start + 8 + _LONGEST)])
        except (ValueError, zlib.error):  # what has no separator; what does not unfold
            continue


def _places(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each text's chunk begins and ends."""
    at = len(PNG_SIGNATURE)
    while at + 8 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] in _TEXTS:
            yield at, end
        at = end


def _text(name: bytes, payload: bytes) -> str:
    _, rest = payload.split(b"\0", 1)
    if name == b"tEXt":
        return rest.decode("latin-1")
    if name == b"zTXt":
        return _unfolded(rest[1:]).decode("latin-1")
    packed = rest[:1] == b"\1"
    _, _, body = rest[2:].split(b"\0", 2)  # language and keyword in it
    return (_unfolded(body) if packed else body).decode("utf-8", "replace")


def _unfolded(packed: bytes) -> bytes:
    return zlib.decompressobj().decompress(packed, _LONGEST)
