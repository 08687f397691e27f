"""A person and a dataset are found by name whatever its case, also where letters have accents."""

from __future__ import annotations

import pytest

from gateway.store.database import Database
from gateway.store.queries import datasets, finding, names, people, workforce
from policies.access import Role
from policies.policy import load_policy
from tests.gateway.store.rows import NOW, OFFICER, seed

PERSON = "person-0f"
NAME = "Özlem Ångström"


@pytest.fixture
def peopled(database: Database) -> Database:
    seed(database)
    with database.unit() as unit:
        people.add_person(unit.session, person_id=PERSON, role=Role.AUDITOR, name=NAME, now=NOW)
        datasets.add(
            unit.session,
            dataset_id="dataset-2",
            name="Überweg Élysées",
            policy=load_policy("street"),
            created_by=OFFICER,
            now=NOW,
        )
    return database


@pytest.mark.parametrize("written", [NAME, NAME.upper(), NAME.lower()])
def test_whoever_is_meant_by_a_name_is_found_whatever_its_case(peopled: Database, written: str) -> None:
    with peopled.reading() as session:
        assert list(workforce.meant(session, written)) == [PERSON]
        assert [known.id for known in names.called(session, written[:4], limit=5)] == [PERSON]
        assert [found.id for found in finding.people(session, written[2:9], limit=5)] == [PERSON]


@pytest.mark.parametrize("written", ["überweg", "ÜBERWEG", "ÉLYS"])
def test_a_dataset_is_found_by_a_part_of_its_name(peopled: Database, written: str) -> None:
    with peopled.reading() as session:
        assert [found.id for found in finding.datasets(session, written, limit=5)] == ["dataset-2"]


def test_whose_name_is_erased_is_passed_over(peopled: Database) -> None:
    with peopled.unit() as unit:
        people.erase_name(unit.session, PERSON)
    with peopled.reading() as session:
        assert list(workforce.meant(session, NAME)) == []
        assert finding.people(session, NAME, limit=5) == []
