"""Pages of the log by who, what and whom it speaks of; newest first, by key.

The look-up proposes rows; they are read, and what their own text says decides. A page costs the same in the
first month as in the tenth year: of a long list, LOOKED_THROUGH rows at most are thinned by a second
condition, and the page says how far back that went.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select, text, tuple_
from sqlmodel import Session, col

from audit.entry import Entry
from audit.errors import MalformedEntry
from audit.merkle import leaf_hash
from gateway.store.log_tables import LogTerm
from gateway.store.log_terms import EVERY, Filter, Kind, code, microseconds, term
from gateway.store.tables import LogEntry

LOOKED_THROUGH: Final = 100_000
"""Rows of one list that one page thins by a second condition: some 20 ms of reading an index."""

_HERE = tuple_(col(LogTerm.at), col(LogTerm.entry_id))


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an entry stands in a list: its time in microseconds since 1970, and its row."""

    at: int
    entry_id: int


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """A row as the database holds it. entry: None where its text is none.

    index: its place in the tree, None while it waits. altered: its text is not what its leaf was made of.
    """

    place: Place
    index: int | None
    text: str
    leaf: bytes | None
    entry: Entry | None
    altered: bool


@dataclass(frozen=True, slots=True)
class Found:
    """missing: rows that the look-up lists and that are gone. older, newer: where to go on, if there is more.

    looked_back_to: set where the page stopped looking before it was full.
    """

    entries: tuple[ListedEntry, ...]
    missing: tuple[Place, ...]
    older: Place | None
    newer: Place | None
    looked_back_to: Place | None


def page(
    session: Session,
    wanted: Filter,
    *,
    before: Place | None = None,
    after: Place | None = None,
    limit: int,
) -> Found:
    """The newest entries that the filter takes; those before a place, or the next ones after one."""
    backwards = after is None
    start = before if backwards else after
    edge = _edge(session, wanted, start, backwards=backwards)
    query = _thinned(_listed(wanted, start, backwards=backwards), wanted)
    if edge is not None:
        query = query.where(_up_to(edge, backwards=backwards))
    places = [Place(row.at, row.entry_id) for row in session.execute(query.limit(limit + 1))]
    more, places = len(places) > limit, places[:limit]
    stopped = edge if edge is not None and not more else None
    further = places[-1] if more else stopped
    if not backwards:
        places.reverse()
    entries, missing = _read(session, places, wanted)
    first = places[0] if places else start
    if backwards:
        return Found(entries, missing, further, None if start is None else first, stopped)
    last = places[-1] if places else start
    return Found(entries, missing, last, further, None)


def about(session: Session, subject: str, *, after: Place | None, limit: int) -> list[Place]:
    """Where the entries stand that speak of something, the oldest first."""
    query = _listed(Filter(about=subject), after, backwards=False).limit(limit)
    return [Place(row.at, row.entry_id) for row in session.execute(query)]


def read(session: Session, places: Sequence[Place]) -> tuple[tuple[ListedEntry, ...], tuple[Place, ...]]:
    """The entries at these places, in their order; and the places whose rows are gone."""
    return _read(session, places, Filter())


def at_index(session: Session, index: int) -> ListedEntry | None:
    """The entry at a place of the tree."""
    query = _rows().where(col(LogEntry.leaf_index) == index)
    row = session.execute(query).first()
    return None if row is None else _listed_entry(row, None)


def newest_index(session: Session) -> int | None:
    """The last place of the tree that is taken."""
    found = session.execute(text("SELECT max(leaf_index) FROM log_entry")).scalar_one()
    return None if found is None else int(found)


def _listed(wanted: Filter, start: Place | None, *, backwards: bool) -> Select[int, int]:
    """The list to look through: the narrowest that the filter names."""
    query = select(col(LogTerm.at), col(LogTerm.entry_id)).where(col(LogTerm.term) == _narrowest(wanted))
    if wanted.since is not None:
        query = query.where(col(LogTerm.at) >= microseconds(wanted.since))
    if wanted.until is not None:
        query = query.where(col(LogTerm.at) < microseconds(wanted.until))
    if start is not None:
        query = query.where(_beyond(start, backwards=backwards))
    columns = (col(LogTerm.at), col(LogTerm.entry_id))
    return query.order_by(*(column.desc() if backwards else column.asc() for column in columns))


def _narrowest(wanted: Filter) -> int:
    if wanted.about is not None:
        return term(Kind.ABOUT, wanted.about)
    if wanted.actor is not None:
        return term(Kind.ACTOR, wanted.actor)
    return EVERY if wanted.action is None else term(Kind.ACTION, wanted.action)


def _thinned(query: Select[int, int], wanted: Filter) -> Select[int, int]:
    """By what the list itself does not ask for; the codes stand beside it in the index."""
    if wanted.about is not None and wanted.actor is not None:
        query = query.where(col(LogTerm.actor) == code(Kind.ACTOR, wanted.actor))
    if wanted.action is not None and (wanted.about is not None or wanted.actor is not None):
        query = query.where(col(LogTerm.action) == code(Kind.ACTION, wanted.action))
    return query


def _edge(session: Session, wanted: Filter, start: Place | None, *, backwards: bool) -> Place | None:
    """The last row that this page looks at; None where the list ends before, or nothing is thinned."""
    if sum(word is not None for word in (wanted.about, wanted.actor, wanted.action)) < 2:
        return None
    query = _listed(wanted, start, backwards=backwards).offset(LOOKED_THROUGH - 1).limit(1)
    row = session.execute(query).first()
    return None if row is None else Place(row.at, row.entry_id)


def _beyond(place: Place, *, backwards: bool) -> ColumnElement[bool]:
    there = tuple_(place.at, place.entry_id)
    return there > _HERE if backwards else there < _HERE


def _up_to(place: Place, *, backwards: bool) -> ColumnElement[bool]:
    there = tuple_(place.at, place.entry_id)
    return there <= _HERE if backwards else there >= _HERE


def _rows() -> Select[int | None, int | None, bytes | None, str]:
    return select(col(LogEntry.id), col(LogEntry.leaf_index), col(LogEntry.leaf_hash), col(LogEntry.entry))


def _read(
    session: Session, places: Sequence[Place], wanted: Filter
) -> tuple[tuple[ListedEntry, ...], tuple[Place, ...]]:
    query = _rows().where(col(LogEntry.id).in_([place.entry_id for place in places]))
    rows = {row.id: row for row in session.execute(query)}
    found = [_listed_entry(rows[place.entry_id], place) for place in places if place.entry_id in rows]
    missing = tuple(place for place in places if place.entry_id not in rows)
    # A genuine entry that does not say what was asked for shares a number with one that does: passed over.
    # One that was altered stays: what it said before brought it here.
    kept = [item for item in found if item.altered or item.entry is None or wanted.takes(item.entry)]
    return tuple(kept), missing


def _listed_entry(row: Any, place: Place | None) -> ListedEntry:
    data = row.entry.encode("utf-8", "surrogatepass")
    try:
        entry = Entry.parse(data)
    except MalformedEntry:
        entry = None
    if place is None:
        place = Place(0 if entry is None else microseconds(entry.time), row.id)
    leaf = None if row.leaf_hash is None else bytes(row.leaf_hash)
    altered = entry is None or (leaf is not None and leaf_hash(data) != leaf)
    return ListedEntry(place, row.leaf_index, row.entry, leaf, entry, altered)
