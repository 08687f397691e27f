"""File names as a terminal or a page may show them."""

from __future__ import annotations

import os


def shown(name: str | os.PathLike[str]) -> str:
    """The name with everything escaped that is not printable: a newline, an escape sequence, a byte that is
    no UTF-8. A name cannot then forge a line of ours, or recolour the terminal."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in os.fspath(name)
    )
