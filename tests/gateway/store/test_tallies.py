"""Counts of assets are what a count of the rows would say, whatever happened to them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import select

from gateway.store.database import Database
from gateway.store.queries import asset_lists, assets, copies, tallies
from gateway.store.queries.asset_lists import Place, Wanted
from gateway.store.queries.tallies import Outcome
from gateway.store.tables import Asset
from policies.lifecycle import TRANSITIONS, AssetState
from tests.gateway.store.rows import DATASET, NOW, asset_record, copy_record, seed
from tests.support.recount import recount

STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(sorted(AssetState))), max_size=30)

_round = iter(range(1_000_000))


def counted(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return dict(Counter(session.exec(select(Asset.state))))


def tallied(database: Database) -> dict[str, int]:
    with database.reading() as session:
        standing = tallies.standing(session).get(DATASET, {})
    return {state.value: number for state, number in standing.items() if number}


def happened(database: Database) -> dict[Outcome, int]:
    with database.reading() as session:
        found: Counter[Outcome] = Counter()
        for count in tallies.days(session, since=NOW.date() - timedelta(days=1)):
            found[count.outcome] += count.number
    return dict(found)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_what_stands_is_counted_whatever_way_it_came(
    database: Database, steps: list[tuple[int, AssetState]]
) -> None:
    name = f"asset-{next(_round)}"
    if DATASET not in _seeded(database):
        seed(database)
    for number in range(4):
        with database.unit() as unit:
            assets.add(unit.session, asset_record(f"{name}-{number}"), sealed_name=None)
    for number, state in steps:
        with database.unit() as unit:
            now = assets.get(unit.session, f"{name}-{number}").state
            if state in TRANSITIONS[now]:
                assets.move(unit.session, f"{name}-{number}", state, now=NOW)
    assert tallied(database) == counted(database)


def _seeded(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        return [row[0] for row in connection.execute(text("SELECT id FROM dataset"))]


def _begin_and_fail(database: Database) -> None:
    with database.unit() as unit:
        assets.add(unit.session, asset_record("asset-1"), sealed_name=None)
        assets.move(unit.session, "asset-1", AssetState.QUARANTINED, now=NOW, reason="image.malformed")
        raise ZeroDivisionError


def test_what_was_rolled_back_is_not_counted(database: Database) -> None:
    seed(database)
    before = tallied(database), happened(database)
    with pytest.raises(ZeroDivisionError):
        _begin_and_fail(database)
    assert (tallied(database), happened(database)) == before


def test_a_day_tells_what_was_released_at_once_and_what_a_person_released(database: Database) -> None:
    seed(database)
    ways = {
        "asset-1": (AssetState.PROCESSING, AssetState.RELEASED),
        "asset-2": (AssetState.PROCESSING, AssetState.NEEDS_REVIEW, AssetState.RELEASED),
        "asset-3": (AssetState.PROCESSING, AssetState.PROCESSING, AssetState.QUARANTINED),
    }
    with database.unit() as unit:
        for name, way in ways.items():
            assets.add(unit.session, asset_record(name), sealed_name=None)
            for state in way:
                assets.move(unit.session, name, state, now=NOW)
        copies.add(unit.session, copy_record("copy-1", "asset-1"))
        tallies.refused(unit.session, DATASET, "limit.bytes", now=NOW)
    assert happened(database) == {
        Outcome.RECEIVED: 3,
        Outcome.AT_ONCE: 1,
        Outcome.TO_REVIEW: 1,
        Outcome.REVIEWED: 1,
        Outcome.QUARANTINED: 1,
        Outcome.COPIED: 1,
        Outcome.REFUSED: 1,
    }


def test_an_older_database_is_counted_when_it_is_migrated(database: Database) -> None:
    seed(database)
    with database.unit() as unit:
        for number, state in enumerate((AssetState.RELEASED, AssetState.QUARANTINED, AssetState.RELEASED)):
            assets.add(unit.session, asset_record(f"asset-{number}", state), sealed_name=None)
    with database.engine.begin() as connection:
        recount(connection)
    assert tallied(database) == {"released": 2, "quarantined": 1}
    assert happened(database) == {Outcome.RECEIVED: 3, Outcome.AT_ONCE: 2, Outcome.QUARANTINED: 1}


def test_pages_go_through_the_list_once_forwards_and_once_back(database: Database) -> None:
    seed(database)
    with database.unit() as unit:
        for number in range(11):
            assets.add(unit.session, asset_record(f"asset-{number:02}"), sealed_name=None)
            # Three at each instant: the id tells those apart.
            when = NOW + timedelta(seconds=number // 3)
            assets.move(unit.session, f"asset-{number:02}", AssetState.QUARANTINED, now=when, reason="x")
    wanted = Wanted(state=AssetState.QUARANTINED, reason="x", dataset=DATASET)
    down: list[str] = []
    place: Place | None = None
    with database.reading() as session:
        while found := asset_lists.page(session, wanted, place, limit=4):
            down += [one.id for one in found]
            place = Place(found[-1].updated_at, found[-1].id)
        assert down == [f"asset-{number:02}" for number in range(10, -1, -1)]
        last = asset_lists.page(session, wanted, Place(NOW, "asset-00", newer=True), limit=4)
    assert [one.id for one in last] == ["asset-04", "asset-03", "asset-02", "asset-01"]


def test_the_beginning_of_an_id_finds_it_and_no_other(database: Database) -> None:
    seed(database)
    with database.unit() as unit:
        for name in ("asset-5f0c1", "asset-5f0d2", "asset-6000"):
            assets.add(unit.session, asset_record(name), sealed_name=None)
    with database.reading() as session:
        found = asset_lists.beginning_with(session, "asset-5f0", limit=9)
        assert [one.id for one in found] == ["asset-5f0c1", "asset-5f0d2"]
        assert [one.id for one in asset_lists.beginning_with(session, "asset-5f0c1", limit=9)] == [
            "asset-5f0c1"
        ]
        assert asset_lists.beginning_with(session, "asset-7", limit=9) == []
