"""One change between two policies, and what it does to images."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from policies.model import Kind


class Effect(StrEnum):
    """What a change does to images."""

    HIDES_MORE = "hides_more"
    HIDES_LESS = "hides_less"
    ASKS_MORE = "asks_more"
    """A person looks more often before a copy is released."""
    ASKS_LESS = "asks_less"
    NONE = "none"
    """Nothing is hidden otherwise: words, or a field that has no effect."""
    UNKNOWN = "unknown"


STRICTER: Final = frozenset({Effect.HIDES_MORE, Effect.ASKS_MORE, Effect.UNKNOWN})
LAXER: Final = frozenset({Effect.HIDES_LESS, Effect.ASKS_LESS})


@dataclass(frozen=True, slots=True)
class Change:
    """kind: whose rule, None for the whole policy. old, new: as written, None where it was not there."""

    kind: Kind | None
    field: str
    old: str | None
    new: str | None
    effect: Effect
    words: str
