"""Pages of proofs go on where the last one ended, wherever the database server is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.store.database import Database
from gateway.store.proof_records import ProofOutcome, ProofRecord
from gateway.store.queries import proofs
from tests.gateway.store.rows import DATASET, NOW, OFFICER, mac, release, seed


def test_a_page_begins_behind_the_last_one_whatever_zone_the_session_has(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")  # libpq asks for it; SQLite has no zones
    database = Database(url, mac=mac)
    seed(database)
    made = [f"proof-{number}" for number in range(4)]
    with database.unit() as unit:
        release(unit.session, "asset-1", "copy-1")
        for number, name in enumerate(made):
            at = NOW + timedelta(minutes=number // 2)  # two at the same time
            proofs.add(unit.session, ProofRecord(name, "asset-1", "copy-1", DATASET, OFFICER, created_at=at))
            proofs.finish(unit.session, name, ProofOutcome.PROVEN, now=at)
    for behind in range(len(made)):
        with database.reading() as session:
            page = proofs.of_asset(session, "asset-1", after=made[behind], limit=9)
        assert [one.id for one in page] == made[:behind][::-1]
    database.close()
