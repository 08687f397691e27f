"""An image's life: every act on it and on its copies, in order, and nothing of another's."""

from __future__ import annotations

import pytest

from gateway.errors import AccessDenied
from gateway.services.asset_life import AssetLives
from gateway.services.authorize import record_denial
from gateway.store.database import Database
from policies.access import Action, Denied, Principal, Resource, Role
from policies.lifecycle import AssetState
from tests.gateway.store.rows import DATASET, NOW, entries, release, seed

AUDITOR = Principal("person-auditor", Role.AUDITOR)
ASSET, OTHER = "asset-" + "a" * 24, "asset-" + "b" * 24
COPY = "copy-" + "c" * 24


@pytest.fixture
def lives(database: Database) -> AssetLives:
    seed(database)
    with database.unit() as unit:
        release(unit.session, ASSET, COPY)
        release(unit.session, OTHER, "copy-" + "d" * 24)
        record = unit.ledger.record
        record(actor="person-1", action="asset.received", subject=ASSET, dataset=DATASET)
        record(actor="person-1", action="asset.received", subject=OTHER, dataset=DATASET)
        record(actor="worker", action="asset.released", subject=ASSET, copy=COPY)
        record(actor="person-2", action="review.settled", subject=COPY, hidden=6)
        record(actor="person-3", action="copy.delivered", subject=COPY, asset=ASSET, dataset=DATASET)
        stranger = Principal("person-4", Role.ANNOTATOR)
        record_denial(
            unit, stranger, Action.ORIGINAL_READ, Resource("Asset", ASSET), Denied("original.sealed")
        )
    return AssetLives(database, lambda: NOW)


def actions(lives: AssetLives, asset: str) -> list[str]:
    life = lives.read(AUDITOR, asset)
    return [one.entry.action for one in life.entries if one.entry is not None]


def test_it_is_told_from_the_beginning_with_its_copies(lives: AssetLives) -> None:
    assert actions(lives, ASSET) == [
        "asset.received",
        "asset.released",
        "review.settled",
        "copy.delivered",
        "access.denied",
    ]
    assert actions(lives, OTHER) == ["asset.received"]


def test_what_the_database_holds_stands_beside_it(lives: AssetLives) -> None:
    life = lives.read(AUDITOR, ASSET)
    assert life.state is AssetState.RELEASED
    assert life.dataset is not None
    assert [copy.id for copy in life.copies] == [COPY]


def test_looking_is_an_entry_and_no_part_of_the_life(lives: AssetLives, database: Database) -> None:
    lives.read(AUDITOR, ASSET)
    assert entries(database)[-1].action == "audit.searched"
    assert "audit.searched" not in actions(lives, ASSET)


def test_a_long_life_comes_in_pages(lives: AssetLives, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.services.asset_life.PAGE", 2)
    first = lives.read(AUDITOR, ASSET)
    second = lives.read(AUDITOR, ASSET, after=first.more)
    third = lives.read(AUDITOR, ASSET, after=second.more)
    told = [one.entry.action for life in (first, second, third) for one in life.entries if one.entry]
    assert told == ["asset.received", "asset.released", "review.settled", "copy.delivered", "access.denied"]
    assert third.more is None or lives.read(AUDITOR, ASSET, after=third.more).entries == ()


def test_an_id_that_nothing_speaks_of_has_none_and_leaves_no_entry(
    lives: AssetLives, database: Database
) -> None:
    before = len(entries(database))
    life = lives.read(AUDITOR, "asset-" + "0" * 24)
    assert (life.state, life.entries, len(entries(database))) == (None, (), before)


def test_others_are_refused(lives: AssetLives) -> None:
    with pytest.raises(AccessDenied):
        lives.read(Principal("person-3", Role.ANNOTATOR), ASSET)
