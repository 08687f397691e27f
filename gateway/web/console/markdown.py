"""A subset of Markdown as markup: headings, paragraphs, lists, quotes, bold, italics and code.

Everything is escaped before anything is marked up, so that no text of an author becomes an element of theirs.
There are no links and no images: a page of guidelines leads nowhere and fetches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from markupsafe import Markup, escape

FIRST_LEVEL: Final = 2
"""The page has its own h1: `# Car` is an h2."""

LAST_LEVEL: Final = 4

_HEADING: Final = re.compile(r"(#{1,6})\s+(.*?)\s*#*")
_BULLET: Final = re.compile(r"[-*+]\s+(.*)")
_NUMBER: Final = re.compile(r"\d{1,9}[.)]\s+(.*)")
_QUOTE: Final = re.compile(r">\s?(.*)")

_CODE: Final = re.compile(r"`([^`]+)`")
_BOLD: Final = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_ITALIC: Final = re.compile(r"(?<![\w*])\*(?=\S)([^*]+?)(?<=\S)\*(?![\w*])")


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading, the heading left out; "" before the first."""

    heading: str
    body: Markup


def rendered(text: str) -> Markup:
    """The whole text."""
    return Markup("\n").join(_blocks(text.splitlines()))


def sections(text: str) -> list[Section]:
    """The text by its headings of any level, in order."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in text.splitlines():
        heading = _HEADING.fullmatch(line.strip())
        if heading:
            found.append((heading[2], []))
        else:
            found[-1][1].append(line)
    return [Section(name, Markup("\n").join(_blocks(lines))) for name, lines in found]


def _blocks(lines: Sequence[str]) -> Iterator[Markup]:
    for kind, group in groupby(lines, _kind):
        held = [line.strip() for line in group]
        if kind == "heading":
            yield from map(_heading, held)
        elif kind == "ul":
            yield _list("ul", _BULLET, held)
        elif kind == "ol":
            yield _list("ol", _NUMBER, held)
        elif kind == "quote":
            inside = [match[1] for match in map(_QUOTE.fullmatch, held) if match]
            yield Markup("<blockquote>{}</blockquote>").format(Markup("\n").join(_blocks(inside)))
        elif kind == "text":
            yield Markup("<p>{}</p>").format(_inline(" ".join(held)))


def _kind(line: str) -> str:
    line = line.strip()
    for kind, pattern in (("heading", _HEADING), ("ul", _BULLET), ("ol", _NUMBER), ("quote", _QUOTE)):
        if pattern.fullmatch(line):
            return kind
    return "text" if line else "gap"


def _heading(line: str) -> Markup:
    match = _HEADING.fullmatch(line)
    assert match is not None  # noqa: S101  (_kind said so)
    level = min(FIRST_LEVEL + len(match[1]) - 1, LAST_LEVEL)
    return Markup("<h{0}>{1}</h{0}>").format(level, _inline(match[2]))


def _list(tag: str, pattern: re.Pattern[str], lines: Sequence[str]) -> Markup:
    items = [_inline(match[1]) for match in map(pattern.fullmatch, lines) if match]
    return Markup("<{0}>{1}</{0}>").format(
        Markup(tag),  # noqa: S704  (one of two words of ours)
        Markup("").join(Markup("<li>{}</li>").format(item) for item in items),
    )


def _inline(text: str) -> Markup:
    """Code first: what stands in it is no markup."""
    pieces: list[str] = []
    at = 0
    for code in _CODE.finditer(text):
        pieces += [_emphasis(text[at : code.start()]), f"<code>{escape(code[1])}</code>"]
        at = code.end()
    return Markup("".join([*pieces, _emphasis(text[at:])]))  # noqa: S704  (each piece is escaped)


def _emphasis(text: str) -> str:
    plain = str(escape(text))
    return _ITALIC.sub(r"<em>\1</em>", _BOLD.sub(r"<strong>\1</strong>", plain))
