"""An image's life as the log tells it, from the day it came in; and what the database says beside that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.services.authorize import authorize
from gateway.services.log_explorer import SEARCHED
from gateway.services.ports import Clock
from gateway.store.database import Database
from gateway.store.log_terms import mentions
from gateway.store.queries import asset_history, log_search, names
from gateway.store.queries.log_search import ListedEntry, Place
from gateway.store.queries.names import Known
from gateway.store.records import CopyRecord, DatasetRecord
from policies.access import INSTALLATION, Action, Principal
from policies.lifecycle import AssetState

PAGE: Final = 200
"""Entries of one page of a life; most lives have fewer."""


@dataclass(frozen=True, slots=True)
class Life:
    """entries: the oldest first, of the asset and of its copies. more: where the next page begins.

    state, dataset, copies: what the database holds now; None and none where it does not know the asset, which
    the log may outlive. missing: rows that the look-up lists and that are gone.
    """

    subject: str
    state: AssetState | None
    dataset: DatasetRecord | None
    copies: tuple[CopyRecord, ...]
    entries: tuple[ListedEntry, ...]
    missing: tuple[Place, ...]
    more: Place | None
    people: dict[str, Known]


class AssetLives:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def read(self, principal: Principal, asset_id: str, *, after: Place | None = None) -> Life:
        """Raises AccessDenied, LedgerUnavailable. An id that nothing speaks of has an empty life."""
        authorize(self._database, principal, Action.AUDIT_READ, INSTALLATION, now=self._clock())
        with self._database.reading() as session:
            held = asset_history.state_of(session, asset_id)
            made = asset_history.copies_of(session, asset_id)
            # An act on a copy need not name the image; both belong to its life.
            places = sorted(
                {
                    place
                    for subject in (asset_id, *(copy.id for copy in made))
                    for place in log_search.about(session, subject, after=after, limit=PAGE + 1)
                }
            )
            more = places[PAGE - 1] if len(places) > PAGE else None
            entries, missing = log_search.read(session, places[:PAGE])
            told = tuple(one for one in entries if one.entry is None or one.entry.action != SEARCHED)
            state, dataset = held or (None, None)
            people = names.of(session, _ids(told))
        if after is None and (held is not None or entries):
            with self._database.unit() as unit:
                unit.ledger.record(actor=principal.id, action=SEARCHED, subject=asset_id)
        return Life(asset_id, state, dataset, tuple(made), told, missing, more, people)


def _ids(entries: tuple[ListedEntry, ...]) -> set[str]:
    read = [listed.entry for listed in entries if listed.entry is not None]
    return {entry.actor for entry in read}.union(*(mentions(entry) for entry in read))
