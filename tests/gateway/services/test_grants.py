"""Grants: for one person, one dataset, one purpose, until a time; each change on the log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from audit.errors import MalformedEntry
from gateway.errors import AccessDenied, Conflict, InputRefused, NotFound
from gateway.store.database import Database
from policies.access import Principal, Role
from tests.gateway.services.means import GOVERNOR, House
from tests.gateway.store.rows import ANNOTATOR, DATASET, NOW, entries


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def test_creation_and_revocation_are_entered(house: House) -> None:
    grant = house.grant(hours=2)
    house.grants.revoke(GOVERNOR, grant)
    created, revoked = entries(house.database)
    assert (created.actor, created.action, created.subject) == (GOVERNOR.id, "grant.created", grant)
    assert created.details["until"] == int((NOW + timedelta(hours=2)).timestamp())
    assert (revoked.action, revoked.subject, revoked.details["person"]) == ("grant.revoked", grant, ANNOTATOR)
    assert [(record.id, record.revoked_at) for record in house.grants.list(GOVERNOR)] == [(grant, NOW)]


def test_a_grant_that_is_over_before_it_begins_is_refused(house: House) -> None:
    for hours in (0, -1):
        with pytest.raises(Conflict, match="choose a later"):
            house.grant(hours=hours)
    assert entries(house.database) == []


@pytest.mark.parametrize(
    "until",
    [
        NOW + timedelta(days=90, seconds=1),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-14))),
        datetime.max.replace(tzinfo=UTC),
    ],
)
def test_a_grant_is_no_longer_than_a_quarter(house: House, until: datetime) -> None:
    with pytest.raises(InputRefused, match="90 days at most") as refused:
        house.grants.create(GOVERNOR, person_id=ANNOTATOR, dataset_id=DATASET, purpose="label", until=until)
    assert refused.value.code == "grant.too_long"
    assert entries(house.database) == []
    house.grant(hours=90 * 24)


def test_a_time_before_all_times_is_past(house: House) -> None:
    early = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    with pytest.raises(Conflict):
        house.grants.create(GOVERNOR, person_id=ANNOTATOR, dataset_id=DATASET, purpose="label", until=early)


@pytest.mark.parametrize(("person", "dataset"), [("person-x", DATASET), (ANNOTATOR, "dataset-x")])
def test_a_grant_for_nobody_or_nothing_leaves_no_entry(house: House, person: str, dataset: str) -> None:
    with pytest.raises(NotFound):
        house.grants.create(
            GOVERNOR, person_id=person, dataset_id=dataset, purpose="label", until=NOW + timedelta(1)
        )
    assert entries(house.database) == []


def test_a_purpose_that_is_a_sentence_takes_the_grant_back(house: House) -> None:
    with pytest.raises(MalformedEntry):
        house.grants.create(
            GOVERNOR,
            person_id=ANNOTATOR,
            dataset_id=DATASET,
            purpose="to see what Olga did",
            until=NOW + timedelta(1),
        )
    assert house.grants.list(GOVERNOR) == []


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OFFICER}))
def test_only_an_officer_gives_takes_and_lists(house: House, role: Role) -> None:
    grant, asking = house.grant(), Principal("person-x", role)
    with pytest.raises(AccessDenied):
        house.grants.create(
            asking, person_id="person-x", dataset_id=DATASET, purpose="label", until=NOW + timedelta(1)
        )
    with pytest.raises(AccessDenied):
        house.grants.revoke(asking, grant)
    with pytest.raises(AccessDenied):
        house.grants.list(asking)
    assert [entry.action for entry in entries(house.database)] == ["grant.created"] + ["access.denied"] * 3
    assert [record.revoked_at for record in house.grants.list(GOVERNOR)] == [None]


def test_a_second_revocation_is_refused_and_not_entered(house: House) -> None:
    grant = house.grant()
    house.grants.revoke(GOVERNOR, grant)
    with pytest.raises(Conflict, match="revoked before"):
        house.grants.revoke(GOVERNOR, grant)
    assert [entry.action for entry in entries(house.database)] == ["grant.created", "grant.revoked"]
