"""What an entry of the log can be looked up by: numbers made from its own words. Pure.

A term stands for "somebody acted", "this was done" or "this is spoken of": the first 64 bits of a SHA-256, so
that a list of a million entries needs no million ids. Two words may share a number (once in 10^19 pairs), and
whoever can write to the database can bend what is made of them: a look-up proposes, the entry's own
text decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Final

from audit.entry import Entry

EVERY: Final = 0
"""The term that every entry has."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_OWN_ID: Final = re.compile(r"[a-z_]{2,32}-[0-9a-f]{24}")
"""What `services.ids.new_id` makes: a detail of this form names something, whatever the detail is called."""

Row = tuple[int, int, int, int, int]
"""term, microseconds since 1970, id of the entry's row, code of the actor, code of the action."""


class Kind(StrEnum):
    """What a term stands for."""

    ACTOR = "actor"
    ACTION = "action"
    ABOUT = "about"


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for: None asks nothing. since: inclusive; until: exclusive. about: an id it mentions."""

    actor: str | None = None
    about: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, entry: Entry) -> bool:
        """Whether the entry's own words say so."""
        return (
            self.actor in (None, entry.actor)
            and self.action in (None, entry.action)
            and (self.about is None or self.about in mentions(entry))
            and (self.since is None or entry.time >= self.since)
            and (self.until is None or entry.time < self.until)
        )


@lru_cache(maxsize=4096)
def term(kind: Kind, word: str) -> int:
    """64 bits, signed as databases have them; never EVERY."""
    found = int.from_bytes(_hash(kind, word)[:8], "big", signed=True)
    return found or 1


@lru_cache(maxsize=4096)
def code(kind: Kind, word: str) -> int:
    """32 bits, signed: by which a long list is thinned before an entry is read."""
    return int.from_bytes(_hash(kind, word)[8:12], "big", signed=True)


def microseconds(time: datetime) -> int:
    """Since 1970, whole."""
    return (time - _EPOCH) // _MICROSECOND


def moment(count: int) -> datetime:
    """The inverse of `microseconds`."""
    return _EPOCH + count * _MICROSECOND


def mentions(entry: Entry) -> set[str]:
    """The ids that an entry speaks of: its subject, and what its details name."""
    named = {
        value
        for value in entry.details.values()
        if isinstance(value, str) and _OWN_ID.fullmatch(value) is not None
    }
    return named | {entry.subject}


def rows_of(entry_id: int, entry: Entry) -> Iterator[Row]:
    """The look-up's rows of an entry: one for every entry, one for who, one for what, one a mention."""
    at = microseconds(entry.time)
    actor, action = code(Kind.ACTOR, entry.actor), code(Kind.ACTION, entry.action)
    terms = {EVERY, term(Kind.ACTOR, entry.actor), term(Kind.ACTION, entry.action)}
    terms.update(term(Kind.ABOUT, word) for word in mentions(entry))
    return ((each, at, entry_id, actor, action) for each in sorted(terms))


def _hash(kind: Kind, word: str) -> bytes:
    return sha256(f"{kind.value}\0{word}".encode()).digest()
