"""Policies in the database: versions that cannot change, decisions that nobody takes on their own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from gateway.errors import Conflict
from gateway.store.database import Database
from gateway.store.queries import assets, copies, datasets, people, policies, rederivations
from gateway.store.records import CopyRecord, ProposalRecord, RederivationRecord
from policies.access import Role
from policies.approval import PolicyState
from policies.errors import InvalidPolicy
from policies.lifecycle import AssetState
from policies.policy import Policy, load_policy
from tests.gateway.store.rows import ANNOTATOR, DATASET, NOW, OFFICER, asset_record, copy_record, seed

TEXT = "{name: filled, rules: [{kind: face, method: fill, detectors: [centerface]}]}"
POLICY = Policy.parse(TEXT)


def proposal(policy_id: str = "policy-1", author: str = OFFICER) -> ProposalRecord:
    return ProposalRecord(policy_id, POLICY.version, TEXT, PolicyState.DRAFT, author, NOW)


@pytest.fixture
def seeded(database: Database) -> Database:
    seed(database)
    with database.unit() as unit:
        people.add_person(unit.session, person_id="person-2", role=Role.OFFICER, name=None, now=NOW)
        policies.keep(unit.session, POLICY)
        policies.propose(unit.session, proposal())
        policies.move(unit.session, "policy-1", PolicyState.SUBMITTED, by=OFFICER, now=NOW)
    return database


@pytest.mark.parametrize("state", [PolicyState.APPROVED, PolicyState.REJECTED])
def test_the_database_itself_refuses_a_decision_by_the_author(seeded: Database, state: PolicyState) -> None:
    with pytest.raises(IntegrityError, match="nobody_decides_on_their_own"), seeded.unit() as unit:
        policies.move(unit.session, "policy-1", state, by=OFFICER, now=NOW)
    with seeded.unit() as unit:
        moved = policies.move(unit.session, "policy-1", state, by="person-2", now=NOW)
    assert (moved.state, moved.decided_by, moved.decided_at) == (state, "person-2", NOW)


def test_the_database_itself_refuses_an_approval_by_nobody(seeded: Database) -> None:
    with pytest.raises(IntegrityError, match="decided_by_somebody"), seeded.engine.begin() as connection:
        connection.execute(text("UPDATE policy_proposal SET state = 'effective'"))


def test_a_version_is_proposed_once_until_that_has_ended(seeded: Database) -> None:
    with pytest.raises(Conflict, match="policy-1 says the same and is submitted"), seeded.unit() as unit:
        policies.propose(unit.session, proposal("policy-2", ANNOTATOR))
    with seeded.unit() as unit:
        policies.move(unit.session, "policy-1", PolicyState.REJECTED, by="person-2", now=NOW, reason="no")
        policies.propose(unit.session, proposal("policy-2"))
    with pytest.raises(IntegrityError), seeded.engine.begin() as connection:
        connection.execute(text("UPDATE policy_proposal SET state = 'draft' WHERE id = 'policy-1'"))


def test_a_stored_policy_that_was_changed_is_no_policy(seeded: Database) -> None:
    with seeded.reading() as session:
        assert policies.load(session, POLICY.version) == POLICY
    with seeded.engine.begin() as connection:
        statement = "UPDATE policy_version SET document = replace(document, 'fill', 'blur')"
        connection.execute(text(statement + " WHERE name = 'filled'"))
    with seeded.reading() as session, pytest.raises(InvalidPolicy, match="was changed"):
        policies.load(session, POLICY.version)


def put(database: Database, asset_id: str, state: AssetState, *versions: str) -> None:
    """An asset with a copy of each version, in that order."""
    with database.unit() as unit:
        assets.add(unit.session, asset_record(asset_id, state), sealed_name=None)
        for revision, version in enumerate(versions, 1):
            record = copy_record(f"copy-of-{asset_id}-{revision}", asset_id, revision)
            copies.add(unit.session, _under(record, version))


def _under(record: CopyRecord, version: str) -> CopyRecord:
    return replace(record, report={**record.report, "policy_version": version})


@pytest.fixture
def filled(seeded: Database) -> Database:
    """Assets in every state and at every version; the dataset is under "new"."""
    put(seeded, "asset-old", AssetState.RELEASED, "old")
    put(seeded, "asset-waits", AssetState.NEEDS_REVIEW, "old")
    put(seeded, "asset-new", AssetState.RELEASED, "old", "new")
    put(seeded, "asset-held", AssetState.QUARANTINED, "old")
    put(seeded, "asset-fresh", AssetState.RECEIVED)
    return seeded


def test_what_is_made_anew_is_what_has_a_newest_copy_of_another_version(filled: Database) -> None:
    with filled.unit() as unit:
        assert rederivations.stale_in(unit.session, DATASET, version="new", revision=2) == 2
        record = RederivationRecord("rederivation-1", DATASET, OFFICER, NOW)
        assert rederivations.begin(unit.session, record, version="new", revision=2) == 2
    with filled.reading() as session:
        waiting = rederivations.waiting(session, "rederivation-1", begun_before=NOW, limit=10)
        assert [item.asset_id for item in waiting] == ["asset-old", "asset-waits"]


def test_a_newest_copy_that_was_withdrawn_is_made_anew_whatever_its_version(filled: Database) -> None:
    with filled.unit() as unit:
        assert copies.withdraw_made_under(unit.session, DATASET, {"new"}, now=NOW) == 1
        assert rederivations.stale_in(unit.session, DATASET, version="new", revision=2) == 3
        assert copies.versions_in(unit.session, DATASET) == {"old"}


FACE = {"kind": "face", "region": {"x0": 0, "y0": 0, "x1": 9, "y1": 9}, "method": "blur"}


OLD: dict[str, dict[str, object]] = {
    "blurred": {"redactions": [FACE]},
    "one-of-two": {"redactions": [{**FACE, "method": "fill"}, {**FACE, "method": "mosaic"}]},
    "named": {"redactions": [FACE], "redaction_revision": 1},
}
RIGHT: dict[str, dict[str, object]] = {
    "new": {"redactions": [FACE], "redaction_revision": 2},
    "filled": {"redactions": [{**FACE, "method": "fill", "instead_of": "blur"}]},
    "always-filled": {"redactions": [{**FACE, "kind": "text"}]},
    "bare": {"redactions": []},
}


def test_a_newest_copy_with_cells_of_an_earlier_revision_is_made_anew(seeded: Database) -> None:
    with seeded.unit() as unit:
        for name, report in (OLD | RIGHT).items():
            assets.add(unit.session, asset_record(name, AssetState.RELEASED), sealed_name=None)
            told = {"policy_version": "new", "milliseconds": {}, **report}
            copies.add(unit.session, replace(copy_record(f"copy-of-{name}", name), report=told))
        assert rederivations.stale_in(unit.session, DATASET, version="new", revision=2) == len(OLD)
        assert rederivations.outdated_in(unit.session, DATASET, revision=2) == len(OLD)
        record = RederivationRecord("rederivation-1", DATASET, OFFICER, NOW)
        rederivations.begin(unit.session, record, version="new", revision=2)
    with seeded.reading() as session:
        waiting = rederivations.waiting(session, "rederivation-1", begun_before=NOW, limit=10)
        assert {item.asset_id for item in waiting} == set(OLD)


def test_a_withdrawn_copy_is_neither_released_nor_listed(filled: Database) -> None:
    with filled.unit() as unit:
        listed = [c.id for c in copies.released_in(unit.session, DATASET, after="", limit=10)]
        assert listed == ["copy-of-asset-new-2", "copy-of-asset-old-1"]
        assert copies.withdraw_older(unit.session, "asset-old", than=2, now=NOW) == 1
        copy = copies.get(unit.session, "copy-of-asset-old-1")
        assert copy.withdrawn_at == NOW
        assert not copies.is_released(unit.session, copy)
        listed = [c.id for c in copies.released_in(unit.session, DATASET, after="", limit=10)]
        assert listed == ["copy-of-asset-new-2"]


def test_a_second_beginning_supersedes_the_first_and_takes_its_assets_over(filled: Database) -> None:
    for number in (1, 2):
        with filled.unit() as unit:
            record = RederivationRecord(f"rederivation-{number}", DATASET, OFFICER, NOW)
            rederivations.begin(unit.session, record, version="new", revision=2)
    with filled.unit() as unit:
        assert rederivations.latest(unit.session, DATASET).id == "rederivation-2"
        assert [one.id for one in rederivations.unfinished(unit.session)] == ["rederivation-2"]
        item = rederivations.begin_item(unit.session, "asset-old", now=NOW)
        assert item is not None
        assert (item.rederivation_id, item.attempts) == ("rederivation-2", 1)


def test_it_ends_when_no_asset_waits_and_not_before(filled: Database) -> None:
    with filled.unit() as unit:
        record = RederivationRecord("rederivation-1", DATASET, OFFICER, NOW)
        rederivations.begin(unit.session, record, version="new", revision=2)
        assert not rederivations.finish(unit.session, record.id, now=NOW)
        for asset_id in ("asset-old", "asset-waits"):
            item = rederivations.begin_item(unit.session, asset_id, now=NOW)
            assert item is not None
            # While it is worked on it does not wait; long after, its job may be lost.
            soon = rederivations.waiting(unit.session, record.id, begun_before=NOW, limit=10)
            later = rederivations.waiting(
                unit.session, record.id, begun_before=NOW + timedelta(hours=1), limit=10
            )
            assert asset_id not in {one.asset_id for one in soon}
            assert asset_id in {one.asset_id for one in later}
            rederivations.end_item(unit.session, item, "released")
        assert rederivations.progress(unit.session, record.id) == Counter({"released": 2})
        assert rederivations.finish(unit.session, record.id, now=NOW)
        assert not rederivations.finish(unit.session, record.id, now=NOW)
        assert rederivations.begin_item(unit.session, "asset-old", now=NOW) is None


def test_a_dataset_is_put_under_another_version_and_says_which_it_was_under(seeded: Database) -> None:
    street = load_policy("street").version
    with seeded.unit() as unit:
        assert datasets.keeps(unit.session, DATASET, street)
        assert datasets.put_under(unit.session, DATASET, POLICY.version) == street
        assert not datasets.keeps(unit.session, DATASET, street)
        assert datasets.number_under(unit.session, POLICY.version) == 1
        assert datasets.policy_of(unit.session, DATASET) == POLICY
