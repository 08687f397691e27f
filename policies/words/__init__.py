"""The packaged words: those that name nobody, given names and surnames, labels of forms.

Each file says where it is from.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def harmless_words() -> frozenset[str]:
    """Lower case. What is a name too is not among them."""
    return _words("harmless.txt") - names()


@cache
def names() -> frozenset[str]:
    """Lower case, three letters and more."""
    return _words("names.txt")


@cache
def markers() -> frozenset[str]:
    """Upper case: short words that may stand alone."""
    return frozenset(word.upper() for word in _words("markers.txt"))


@cache
def labels() -> frozenset[str]:
    """Lower case: words after which something that names a person is expected."""
    return _words("labels.txt")


def _words(file: str) -> frozenset[str]:
    lines = (FOLDER / file).read_text("ascii").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())
