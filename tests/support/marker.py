"""A random marker that an upload carries in every place, and the search for it where nothing of it may be."""

from __future__ import annotations

import base64
import io
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.support.pictures import stored_png

WORD_BYTES = 12
PATTERN_PIXELS = 24


@dataclass(frozen=True)
class MarkedImage:
    """An image that nobody else has, and all the strings by which it would be known.

    data: a PNG with a word in its text, its EXIF and behind its end, and a row of random pixels that stand
    in the file as they are. file_name holds another word.
    secrets: what must be found nowhere, by what it is.
    """

    data: bytes
    file_name: str
    secrets: dict[str, bytes]


def mark(image: Image.Image) -> MarkedImage:
    words = {place: secrets.token_hex(WORD_BYTES).encode() for place in ("text", "exif", "trailer", "name")}
    pattern = secrets.token_bytes(PATTERN_PIXELS * 3)
    pixels = np.array(image.convert("RGB"))
    pixels[0, :PATTERN_PIXELS] = np.frombuffer(pattern, np.uint8).reshape(PATTERN_PIXELS, 3)
    exif = Image.Exif()
    exif[0x010E] = words["exif"].decode()  # ImageDescription
    buffer = io.BytesIO()
    exif_bytes = exif.tobytes().removeprefix(b"Exif\0\0")
    chunks = {b"tEXt": b"Comment\0" + words["text"], b"eXIf": exif_bytes}
    buffer.write(stored_png(pixels, chunks))
    buffer.write(words["trailer"])
    # 8 pixels are enough to know the row by, and a difference of one would show elsewhere.
    return MarkedImage(
        data=buffer.getvalue(),
        file_name=f"ward-{words['name'].decode()}.png",
        secrets={**words, "pixels": pattern[: 8 * 3], "pixels BGR": _swapped(pattern)[: 8 * 3]},
    )


def forms(secret: bytes) -> Iterator[bytes]:
    """A secret as it is, and as a careless program may write it."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    if secret.isascii():
        yield secret.decode().encode("utf-16-le")
        yield secret.decode().encode("utf-16-be")
    for shift in range(3):
        # Base64 of the secret standing anywhere in something longer: the characters, of 6 bits each, that
        # none of its neighbours touches.
        encoded = base64.b64encode(bytes(shift) + secret + bytes(2))
        core = encoded[-(-8 * shift // 6) : 8 * (shift + len(secret)) // 6]
        yield core
        yield core.replace(b"+", b"-").replace(b"/", b"_")


def traces(image: MarkedImage, places: Iterable[Path]) -> list[str]:
    """What of the image is found under the folders, in files' bytes and names; none is what we want."""
    needles = [(what, form) for what, secret in image.secrets.items() for form in set(forms(secret))]
    found = []
    for place in places:
        for path in sorted(place.rglob("*")):
            content = str(path).encode()
            if path.is_file() and not path.is_symlink():
                try:
                    content += b"\0" + path.read_bytes()
                except FileNotFoundError:  # a temporary file that went while we looked
                    continue
            found += [f"{what} in {path}" for what, needle in needles if needle in content]
    return found


def _swapped(pattern: bytes) -> bytes:
    return np.frombuffer(pattern, np.uint8).reshape(-1, 3)[:, ::-1].tobytes()
