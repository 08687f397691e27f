"""The explorer's filter and its place in a list, as they stand in a page's address.

    /audit?person=…&about=…&act=…&since=2026-11-01&until=2026-11-22&before=TIME-ROW

So every search is a link, to be kept and to be sent on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from gateway.store.log_terms import Filter
from gateway.store.queries.log_search import Place

_ID: Final = re.compile(r"[A-Za-z0-9._:+/=-]{1,200}")
_PLACE: Final = re.compile(r"(-?[0-9]{1,18})-([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields as they were filled in; "" for one that was not."""

    person: str = ""
    about: str = ""
    act: str = ""
    since: str = ""
    until: str = ""

    def link(self, *, before: Place | None = None, after: Place | None = None, **other: str) -> str:
        """The address of this search, or of a page of it."""
        fields = {name: getattr(self, name) for name in self.__slots__} | other
        fields |= {"before": place_text(before), "after": place_text(after)}
        said = {name: value for name, value in fields.items() if value}
        return "/audit" + (f"?{urlencode(said)}" if said else "")

    def only(self, **fields: str) -> str:
        """The address of a search for this alone."""
        return replace(Asked(), **fields).link()


@dataclass(frozen=True, slots=True)
class Understood:
    """wanted: what is looked for. faults: by field, in words; a page with a fault lists nothing."""

    wanted: Filter
    faults: dict[str, str]


def understand(asked: Asked, person: str | None) -> Understood:
    """person: the id that the field stands for, where it stands for one."""
    faults: dict[str, str] = {}
    about, act = asked.about.strip(), asked.act.strip()
    if about and not _ID.fullmatch(about):
        faults["about"] = "An id, such as asset-5f0c…; names of images are not on the log."
    if act and not _ID.fullmatch(act):
        faults["act"] = "A code, such as copy.delivered."
    since, until = _moment(asked.since, "since", faults), _moment(asked.until, "until", faults)
    if until is not None and len(asked.until) == len("2026-11-22"):
        until = _next_day(until)  # the whole of that day
    if since is not None and until is not None and since >= until:
        faults["until"] = "This lies before the beginning."
    wanted = Filter(actor=person, about=about or None, action=act or None, since=since, until=until)
    return Understood(Filter() if faults else wanted, faults)


def place_text(place: Place | None) -> str:
    return "" if place is None else f"{place.at}-{place.entry_id}"


def parse_place(text: str | None) -> Place | None:
    """None for anything else: a broken link leads to the beginning of the list."""
    found = None if text is None else _PLACE.fullmatch(text)
    return None if found is None else Place(int(found[1]), int(found[2]))


def _next_day(moment: datetime) -> datetime:
    """Nothing lies behind the last day that there is."""
    try:
        return moment + timedelta(days=1)
    except OverflowError:
        return moment


def _moment(text: str, name: str, faults: dict[str, str]) -> datetime | None:
    """A day or a minute in the gateway's own zone."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        faults[name] = "A day, such as 2026-11-22."
        return None
