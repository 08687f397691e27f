"""The look-up beside the log: what it finds, page by page, and that the entries' own words decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import text

from audit.entry import NO_PREVIOUS, Entry
from gateway.store import schema
from gateway.store.database import Database
from gateway.store.log_terms import Filter, moment, rows_of
from gateway.store.queries import log_index, log_search
from gateway.store.queries.log_search import Found, Place
from tests.gateway.store.rows import mac
from tests.gateway.store.test_migrations import migrate

START = datetime(2031, 5, 1, 12, tzinfo=UTC)
ASSET = "asset-" + "a" * 24
OTHER = "asset-" + "b" * 24
DATASET = "dataset-" + "d" * 24


class Told:
    """A log that is written to with a clock of its own: one second an entry."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.count = 0
        database._clock = self._tick

    def _tick(self) -> datetime:
        self.count += 1
        return START + timedelta(seconds=self.count)

    def act(self, actor: str, action: str, subject: str, **details: str | int) -> None:
        with self.database.unit() as unit:
            unit.ledger.record(actor=actor, action=action, subject=subject, **details)

    def page(self, wanted: Filter, *, limit: int = 50, **place: Place | None) -> Found:
        with self.database.reading() as session:
            return log_search.page(session, wanted, limit=limit, **place)

    def seconds(self, wanted: Filter) -> list[int]:
        """Which entries are found, by the second in which they were written, the newest first."""
        return numbers(self.page(wanted))

    def rows(self) -> set[tuple[int, ...]]:
        with self.database.engine.connect() as connection:
            query = text("SELECT term, at, entry_id, actor, action FROM log_term")
            return {tuple(row) for row in connection.execute(query)}


def numbers(found: Found) -> list[int]:
    return [round((moment(one.place.at) - START).total_seconds()) for one in found.entries]


@pytest.fixture
def told(database: Database) -> Told:
    log = Told(database)
    log.act("person-1", "asset.received", ASSET, dataset=DATASET)
    log.act("worker", "asset.released", ASSET, copy="copy-" + "c" * 24)
    log.act("person-2", "copy.delivered", "copy-" + "c" * 24, asset=ASSET, dataset=DATASET)
    log.act("person-2", "copy.delivered", "copy-" + "e" * 24, asset=OTHER, dataset=DATASET)
    log.act("person-1", "access.denied", OTHER, reason="grant.none")
    return log


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), [5, 4, 3, 2, 1]),
        (Filter(actor="person-1"), [5, 1]),
        (Filter(action="copy.delivered"), [4, 3]),
        (Filter(about=ASSET), [3, 2, 1]),
        (Filter(about=DATASET), [4, 3, 1]),
        (Filter(about=DATASET, action="copy.delivered"), [4, 3]),
        (Filter(about=ASSET, actor="person-2"), [3]),
        (Filter(about=ASSET, actor="person-2", action="asset.received"), []),
        (Filter(actor="person-2", action="access.denied"), []),
        (Filter(since=START + timedelta(seconds=2), until=START + timedelta(seconds=4)), [3, 2]),
        (Filter(about=DATASET, until=START + timedelta(seconds=4)), [3, 1]),
        (Filter(about="grant.none"), []),
        (Filter(actor="nobody"), []),
    ],
)
def test_entries_are_found_by_who_what_whom_and_when(told: Told, wanted: Filter, found: list[int]) -> None:
    assert told.seconds(wanted) == found


def test_pages_lead_forth_and_back(told: Told) -> None:
    first = told.page(Filter(), limit=2)
    assert (numbers(first), first.newer) == ([5, 4], None)
    second = told.page(Filter(), before=first.older, limit=2)
    assert numbers(second) == [3, 2]
    third = told.page(Filter(), before=second.older, limit=2)
    assert (numbers(third), third.older) == ([1], None)
    back = told.page(Filter(), after=third.newer, limit=2)
    assert numbers(back) == [3, 2]
    begin = told.page(Filter(), after=back.newer, limit=2)
    assert (numbers(begin), begin.newer) == ([5, 4], None)


def test_a_page_looks_so_far_and_says_where_to_go_on(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_search, "LOOKED_THROUGH", 2)
    wanted = Filter(about=DATASET, action="asset.received")
    first = told.page(wanted)
    assert first.entries == ()
    assert first.looked_back_to == first.older
    assert numbers(told.page(wanted, before=first.older)) == [1]


def test_what_is_rolled_back_is_not_listed(told: Told) -> None:
    with told.database.unit() as unit:
        unit.ledger.record(actor="person-9", action="thing.done", subject="thing-1")
        unit.ledger.flush()
        unit.session.rollback()
        unit.ledger.entries.clear()
    assert told.seconds(Filter(actor="person-9")) == []


def test_the_look_up_made_anew_is_the_one_that_was_written(told: Told) -> None:
    before = told.rows()
    with told.database.unit() as unit:
        unit.session.connection().execute(text("DELETE FROM log_term WHERE actor = actor"))
        assert log_index.rebuild(unit.session.connection()) == 5
    assert told.rows() == before


def test_an_altered_entry_stays_where_it_was_found_and_is_marked(told: Told) -> None:
    with told.database.engine.begin() as connection:
        leaf = {"leaf": bytes(32)}
        connection.execute(text("UPDATE log_entry SET leaf_index = id, leaf_hash = :leaf"), leaf)
        connection.execute(text("UPDATE log_entry SET entry = replace(entry, 'person-2', 'person-3')"))
    found = told.page(Filter(actor="person-2"))
    assert [one.altered for one in found.entries] == [True, True]


def test_a_row_that_is_no_entry_any_more_is_listed_as_that(told: Told) -> None:
    with told.database.engine.begin() as connection:
        connection.execute(text("UPDATE log_entry SET entry = 'gone' WHERE id = 2"))
    found = told.page(Filter(action="asset.released"))
    assert [(one.entry, one.altered) for one in found.entries] == [(None, True)]


def test_a_row_that_was_taken_out_is_told(told: Told) -> None:
    with told.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM log_entry WHERE id = 2"))
    found = told.page(Filter(about=ASSET))
    assert (numbers(found), len(found.missing)) == ([3, 1], 1)


def test_a_row_that_the_look_up_wrongly_lists_is_not_shown(told: Told) -> None:
    """Whoever can write to the look-up can hide entries from a search; not put words into their mouths."""
    with told.database.engine.begin() as connection:
        entry = Entry("w-1", 0, NO_PREVIOUS, START, "person-8", "thing.done", "thing-1", {})
        log_index.add(connection, [(1, entry)])
    assert told.seconds(Filter(actor="person-8")) == []


def test_entries_of_an_earlier_release_are_listed_by_the_migration(empty_url: str) -> None:
    database = Database(empty_url, mac=mac)
    with database.engine.begin() as connection:
        config = schema.configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0009_workforce")
        insert = text("INSERT INTO log_entry (writer, sequence, entry, refused) VALUES ('w-1', :n, :e, :r)")
        entries = []
        for number in range(3):
            entry = Entry("w-1", 0, NO_PREVIOUS, START, "person-1", "thing.done", f"thing-{number}", {})
            entries.append(entry)
            refused = "forged" if number == 2 else None
            connection.execute(insert, {"n": number, "e": entry.to_bytes().decode(), "r": refused})
        connection.execute(insert, {"n": 9, "e": "no entry at all", "r": None})
    migrate(database)
    assert Told(database).rows() == {
        row for number, entry in enumerate(entries[:2], start=1) for row in rows_of(number, entry)
    }
    database.close()
