"""What the workforce's forms have in common: rows' keys in addresses, days, and words after an act."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any, Final
from urllib.parse import urlencode

from gateway.errors import InputRefused

PURPOSE: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
NAME_LENGTH: Final = 100
LAST_SECOND: Final = time(23, 59, 59)

DONE: Final = {
    "suspended": "Suspended. Nothing of theirs works any more, images that are open included.",
    "restored": "Brought back. They sign in anew; tokens and grants that have not ended work again.",
    "role": "They have another role: they sign in anew, and begin with no token, grant, task or review.",
    "erased": "The name is erased. What they did stays on the log, under their id alone.",
    "given": "The grant is given.",
    "extended": "The grant has another end.",
    "revoked": "The grant is taken back, from the next request on.",
    "group": "The group is made.",
    "joined": "They are in the group, and have what it has.",
    "left": "They are out of the group, and what came with it is taken back.",
    "dataset": "The dataset is made. Uploaders can bring images in.",
}
"""After an act, by the word that its redirect carries."""


def done_words(word: str | None) -> str | None:
    return DONE.get(word or "")


def key_text(row: Any) -> str:
    """A row's place in the list, for an address. row: has `created_at` and `id`."""
    return f"{row.created_at.isoformat()}~{row.id}"


def key_of(text: str | None) -> tuple[datetime, str] | None:
    """Raises InputRefused for what `key_text` has not made."""
    if not text:
        return None
    when, _, row_id = text.partition("~")
    try:
        parsed = datetime.fromisoformat(when)
        known = parsed.astimezone(UTC) if parsed.tzinfo is not None and row_id else None
    except (ValueError, OverflowError):
        known = None
    if known is None:
        raise InputRefused("this address names no place in the list", advice="begin at the list's first page")
    return known, row_id


def neighbours(
    path: str, kept: dict[str, str], rows: list[Any], *, newer: bool, older: bool
) -> dict[str, str | None]:
    """The addresses of the pages before and behind this one. kept: the filters."""

    def address(name: str, row: Any) -> str:
        return f"{path}?{urlencode({**kept, name: key_text(row)})}"

    return {
        "newer": address("after", rows[0]) if newer and rows else None,
        "older": address("before", rows[-1]) if older and rows else None,
    }


def purpose_of(text: str) -> str:
    """Raises InputRefused."""
    purpose = text.strip()
    if not PURPOSE.fullmatch(purpose):
        raise InputRefused(
            "The purpose is a short code of small letters, digits, dots and dashes: it goes into the log.",
            advice="write label-pedestrians, say",
            code="grant.purpose",
        )
    return purpose


def end_of(text: str) -> datetime:
    """The last second of a day in the gateway's own zone, from a date field. Raises InputRefused."""
    try:
        day = date.fromisoformat(text)
    except ValueError as exc:
        raise InputRefused(
            "The last day is a date.", advice="write 2031-05-01, say", code="grant.until"
        ) from exc
    return datetime.combine(day, LAST_SECOND).astimezone()


def name_of(text: str, what: str) -> str:
    """Raises InputRefused."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= NAME_LENGTH or not name.isprintable():
        raise InputRefused(
            f"{what} has 1 to {NAME_LENGTH} characters; this has {len(name)}.",
            advice="choose another one",
            code="name.length",
        )
    return name
