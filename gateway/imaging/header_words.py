"""The words of a file's header in which a person may be named. Runs inside the confined decoder process.

They leave it for one purpose: a line of text in the pixels that has one of them is hidden. They go with the
pixels, into no report, log or file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, Final

from PIL import ExifTags, Image

MOST: Final = 2_000
"""Characters in all, spaces included."""

_LONGEST: Final = 4_000
"""Characters of one value that are looked at."""

# Of EXIF 2.32 and of Windows' own tags: who, about whom, and what somebody wrote.
_FIELDS: Final = (0x010D, 0x010E, 0x013B, 0x013C, 0x8298, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F)
_CAMERA_FIELDS: Final = (0x9286, 0xA430)

_WORD: Final = re.compile("[a-z]{3,}")


def header_words(image: Image.Image, texts: Iterable[str] = ()) -> str:
    """Lower case, a to z only (accents dropped), three letters and more, each once, with spaces between.

    texts: that stand beside the header. Empty where there are none, or damaged ones: this alone refuses no
    file.
    """
    found: dict[str, None] = {}
    try:
        for value in (*texts, *_values(image)):
            found.update(dict.fromkeys(_WORD.findall(_plain(value))))
    except Exception:  # damaged EXIF: codecs raise almost anything. What was found until then counts.
        return joined(found)
    return joined(found)


def _values(image: Image.Image) -> Iterator[Any]:
    yield image.info.get("comment")
    exif = image.getexif()
    yield from (exif.get(field) for field in _FIELDS)
    camera = exif.get_ifd(ExifTags.IFD.Exif)
    yield from (camera.get(field) for field in _CAMERA_FIELDS)


def _plain(value: Any) -> str:
    """Letters without their accents. Bytes may be UTF-16, or have a prefix that ends in zeros."""
    text = _text_of(value) if isinstance(value, bytes) else value
    if not isinstance(text, str):
        return ""
    apart = unicodedata.normalize("NFKD", text[:_LONGEST])
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).lower()


def _text_of(value: bytes) -> str:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    utf_16 = value[1::2].count(0) * 4 > len(value)
    return text.replace("\0", "" if utf_16 else " ")


def joined(words: dict[str, None]) -> str:
    """The words in their order, as many as MOST leaves room for."""
    taken, length = [], 0
    for word in words:
        length += len(word) + 1
        if length > MOST:
            break
        taken.append(word)
    return " ".join(taken)
