"""What the queries promise, on both databases: values come out as they went in, and only what may be seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import Session, select

from gateway.errors import Conflict, NotFound
from gateway.store.database import Database
from gateway.store.queries import assets, copies, datasets, grants, people, workers
from gateway.store.records import IdempotencyRecord
from gateway.store.tables import PersonName
from policies.access import Principal, Role
from policies.errors import IllegalTransition
from policies.lifecycle import AssetState
from policies.policy import load_policy
from tests.gateway.store.rows import (
    ANNOTATOR,
    DATASET,
    NOW,
    OFFICER,
    asset_record,
    copy_record,
    give_grant,
    grant_record,
    release,
    seed,
)


@pytest.fixture(autouse=True)
def _seeded(database: Database) -> None:
    seed(database)


def add_asset(database: Database, asset_id: str, state: AssetState = AssetState.RECEIVED) -> None:
    with database.unit() as unit:
        assets.add(unit.session, asset_record(asset_id, state), sealed_name=b"sealed")


def test_an_asset_comes_back_as_it_went_in(database: Database) -> None:
    add_asset(database, "asset-1")
    with database.reading() as session:
        assert assets.get(session, "asset-1") == asset_record("asset-1")
        assert assets.sealed_name(session, "asset-1") == b"sealed"


def test_a_copy_comes_back_as_it_went_in(database: Database) -> None:
    add_asset(database, "asset-1")
    with database.unit() as unit:
        copies.add(unit.session, copy_record("copy-1", "asset-1"))
    with database.reading() as session:
        assert copies.get(session, "copy-1") == copy_record("copy-1", "asset-1")


def test_times_of_any_zone_come_back_aware_and_in_utc(database: Database) -> None:
    until = datetime(2031, 5, 1, 23, 59, 59, 999999, timezone(timedelta(hours=9, minutes=30)))
    give_grant(database, grant_record("grant-1", until=until))
    with database.reading() as session:
        found = grants.of(session)[0].until
    assert found == until
    assert found.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises((ValueError, StatementError), match="without a zone"):
        give_grant(database, grant_record("grant-1", until=datetime(2031, 5, 1)))


LOOKUPS: dict[str, Callable[[Session], object]] = {
    "asset": lambda session: assets.get(session, "asset-x"),
    "name": lambda session: assets.sealed_name(session, "asset-x"),
    "copy": lambda session: copies.get(session, "copy-x"),
    "dataset": lambda session: datasets.get(session, "dataset-x"),
    "policy": lambda session: datasets.policy_of(session, "dataset-x"),
    "grant": lambda session: grants.revoke(session, "grant-x", now=NOW),
    "state": lambda session: assets.move(session, "asset-x", AssetState.PROCESSING, now=NOW),
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_what_is_not_there_is_not_found(database: Database, name: str) -> None:
    with pytest.raises(NotFound, match="does not exist"), database.unit() as unit:
        LOOKUPS[name](unit.session)


def test_a_state_changes_only_along_the_ways_that_exist(database: Database) -> None:
    add_asset(database, "asset-1")
    with database.unit() as unit:
        moved = assets.move(unit.session, "asset-1", AssetState.PROCESSING, now=NOW + timedelta(seconds=1))
    assert (moved.state, moved.attempts, moved.updated_at - NOW) == (
        AssetState.PROCESSING,
        1,
        timedelta(seconds=1),
    )
    with database.unit() as unit:
        assets.move(unit.session, "asset-1", AssetState.QUARANTINED, now=NOW, reason="check.metadata")
    with pytest.raises(IllegalTransition), database.unit() as unit:
        assets.move(unit.session, "asset-1", AssetState.RELEASED, now=NOW)
    with database.reading() as session:
        found = assets.get(session, "asset-1")
    assert (found.state, found.reason, found.attempts) == (AssetState.QUARANTINED, "check.metadata", 1)


def test_of_two_copies_with_one_revision_the_first_wins(database: Database) -> None:
    with database.unit() as unit:
        release(unit.session, "asset-1", "copy-1")
    with pytest.raises(IntegrityError), database.unit() as unit:
        copies.add(unit.session, copy_record("copy-2", "asset-1"))
    with database.unit() as unit:
        copies.add(unit.session, copy_record("copy-3", "asset-1", revision=2))
    with database.reading() as session:
        newest = copies.newest_of(session, "asset-1")
    assert newest is not None
    assert newest.id == "copy-3"


def test_an_idempotency_key_is_one_persons_and_is_taken_once(database: Database) -> None:
    add_asset(database, "asset-1")
    kept = IdempotencyRecord("asset-1", b"salt", b"fingerprint")
    with database.unit() as unit:
        assets.remember(unit.session, person_id=OFFICER, key="k", record=kept, now=NOW)
    with database.reading() as session:
        assert assets.repeated(session, person_id=OFFICER, key="k") == kept
        assert assets.repeated(session, person_id=ANNOTATOR, key="k") is None
    with pytest.raises(IntegrityError), database.unit() as unit:
        assets.remember(unit.session, person_id=OFFICER, key="k", record=kept, now=NOW)


def best(database: Database) -> str | None:
    with database.reading() as session:
        found = grants.best_for(session, person_id=ANNOTATOR, dataset_id=DATASET)
    return None if found is None else found.id


def test_the_best_grant_is_not_revoked_and_lasts_longest(database: Database) -> None:
    assert best(database) is None
    hours = {"grant-a": 2, "grant-b": 5, "grant-c": 3}
    for grant_id, lasting in hours.items():
        give_grant(database, grant_record(grant_id, until=NOW + timedelta(hours=lasting)))
    give_grant(database, grant_record("grant-other", until=NOW + timedelta(days=9), person_id=OFFICER))
    order = []
    for _ in hours:
        found = best(database)
        assert found is not None
        order.append(found)
        with database.unit() as unit:
            grants.revoke(unit.session, found, now=NOW)
    assert order == ["grant-b", "grant-c", "grant-a"]
    # All are revoked; the last one still says why.
    with database.reading() as session:
        left = grants.best_for(session, person_id=ANNOTATOR, dataset_id=DATASET)
    assert left is not None
    assert left.revoked_at == NOW


def test_a_grant_is_revoked_once(database: Database) -> None:
    give_grant(database, grant_record("grant-1"))
    with database.unit() as unit:
        grants.revoke(unit.session, "grant-1", now=NOW)
    with pytest.raises(Conflict, match="revoked before"), database.unit() as unit:
        grants.revoke(unit.session, "grant-1", now=NOW + timedelta(hours=1))
    with database.reading() as session:
        assert [grant.revoked_at for grant in grants.of(session, person_id=ANNOTATOR)] == [NOW]
        assert grants.of(session, person_id=OFFICER) == []


def test_paging_through_released_copies_meets_each_newest_one_once(database: Database) -> None:
    with database.unit() as unit:
        for number in range(25):
            release(unit.session, f"asset-{number:02}", f"copy-{number * 7 % 25:02}-first")
            if number % 3 == 0:
                release(unit.session, f"asset-{number:02}", f"copy-{number * 11 % 25:02}-second", revision=2)
        for state in set(AssetState) - {AssetState.RELEASED}:
            assets.add(unit.session, asset_record(f"asset-{state}", state), sealed_name=None)
            copies.add(unit.session, copy_record(f"copy-{state}", f"asset-{state}"))
    seen, after = [], ""
    while True:
        with database.reading() as session:
            page = copies.released_in(session, DATASET, after=after, limit=4)
        seen += page
        if len(page) < 4:
            break
        after = page[-1].id
    assert sorted(copy.asset_id for copy in seen) == [f"asset-{number:02}" for number in range(25)]
    assert [copy.id for copy in seen] == sorted(copy.id for copy in seen)
    assert {copy.asset_id for copy in seen if copy.revision == 2} == {
        f"asset-{number:02}" for number in range(0, 25, 3)
    }
    with database.reading() as session:
        assert copies.released_in(session, "dataset-2", after="", limit=4) == []
        assert all(copies.is_released(session, copy) for copy in seen)


@pytest.mark.parametrize("state", AssetState)
def test_a_copy_is_released_while_its_asset_is_and_until_a_newer_one(
    database: Database, state: AssetState
) -> None:
    with database.unit() as unit:
        assets.add(unit.session, asset_record("asset-1", state), sealed_name=None)
        copies.add(unit.session, copy_record("copy-1", "asset-1"))
    with database.reading() as session:
        assert copies.is_released(session, copy_record("copy-1", "asset-1")) == (state == "released")
    with database.unit() as unit:
        copies.add(unit.session, copy_record("copy-2", "asset-1", revision=2))
    with database.reading() as session:
        assert not copies.is_released(session, copy_record("copy-1", "asset-1"))


def test_assets_that_stand_still_are_found_oldest_first(database: Database) -> None:
    for number, state in enumerate([AssetState.RECEIVED, AssetState.PROCESSING, AssetState.RECEIVED]):
        add_asset(database, f"asset-{number}", state)
    with database.unit() as unit:
        assets.move(unit.session, "asset-0", AssetState.PROCESSING, now=NOW - timedelta(hours=1))
    with database.reading() as session:
        found = assets.in_state(session, AssetState.PROCESSING, before=NOW + timedelta(seconds=1), limit=9)
        assert [asset.id for asset in found] == ["asset-0", "asset-1"]
        assert assets.in_state(session, AssetState.PROCESSING, before=NOW, limit=9) == found[:1]
        assert len(assets.in_state(session, AssetState.PROCESSING, before=NOW + timedelta(1), limit=1)) == 1


def test_a_dataset_name_is_taken_once_and_its_policy_is_kept_whole(database: Database) -> None:
    street = load_policy("street")
    with database.reading() as session:
        assert datasets.policy_of(session, DATASET) == street
        assert datasets.get(session, DATASET).policy_version == street.version
        assert datasets.by_name(session, "crossing") == datasets.get(session, DATASET)
    with pytest.raises(Conflict, match="choose another name"), database.unit() as unit:
        datasets.add(
            unit.session, dataset_id="dataset-2", name="crossing", policy=street, created_by=OFFICER, now=NOW
        )
    with database.unit() as unit:
        datasets.add(
            unit.session, dataset_id="dataset-2", name="gate", policy=street, created_by=OFFICER, now=NOW
        )
    with database.reading() as session:
        assert [dataset.id for dataset in datasets.all_datasets(session)] == ["dataset-1", "dataset-2"]


def test_a_token_speaks_for_its_person_until_it_is_revoked(database: Database) -> None:
    digest = people.token_digest("privgate_secret")
    with database.unit() as unit:
        people.add_token(unit.session, token_id="token-1", person_id=ANNOTATOR, digest=digest, now=NOW)
    with database.reading() as session:
        assert people.principal_of(session, digest) == Principal(ANNOTATOR, Role.ANNOTATOR)
        assert people.principal_of(session, people.token_digest("privgate_other")) is None
    with database.unit() as unit:
        assert people.revoke_token(unit.session, "token-1", now=NOW)
    with database.unit() as unit:
        assert not people.revoke_token(unit.session, "token-1", now=NOW)
    with database.reading() as session:
        assert people.principal_of(session, digest) is None
        assert [token.revoked_at for token in people.tokens(session)] == [NOW]


def test_names_of_people_stand_in_a_table_of_their_own(database: Database) -> None:
    with database.reading() as session:
        rows = [(row.person_id, row.name) for row in session.exec(select(PersonName))]
    assert rows == [(OFFICER, "Olga")]


def test_a_worker_is_alive_while_it_was_seen(database: Database) -> None:
    for second, executor in enumerate(["worker-a", "worker-b", "worker-a"]):
        with database.unit() as unit:
            workers.beat(unit.session, executor, now=NOW + timedelta(seconds=second))
    with database.reading() as session:
        assert workers.alive(session, since=NOW + timedelta(seconds=2)) == {"worker-a"}
    with database.unit() as unit:
        workers.forget(unit.session, before=NOW + timedelta(seconds=2))
    with database.reading() as session:
        assert workers.alive(session, since=NOW) == {"worker-a"}
