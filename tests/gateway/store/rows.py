"""Rows for tests of the store, and of what is built on it."""

from __future__ import annotations

import hmac
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlmodel import Session, select

from audit.entry import NO_PREVIOUS, Entry
from gateway.store.database import Database
from gateway.store.queries import assets, copies, datasets, grants, people
from gateway.store.records import AssetRecord, CopyRecord, GrantRecord
from gateway.store.tables import LogEntry
from policies.access import Role
from policies.lifecycle import AssetState
from policies.policy import load_policy

NOW: Final = datetime(2031, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
OFFICER: Final = "person-officer"
ANNOTATOR: Final = "person-annotator"
DATASET: Final = "dataset-1"


def mac(entry: bytes) -> bytes:
    """The code of an entry under the tests' own key."""
    return hmac.digest(b"the tests' key", entry, "sha256")


def asset_record(asset_id: str, state: AssetState = AssetState.RECEIVED) -> AssetRecord:
    return AssetRecord(
        id=asset_id,
        dataset_id=DATASET,
        uploader_id=OFFICER,
        state=state,
        reason=None,
        attempts=0,
        blob=f"blob-of-{asset_id}",
        wrapped_key=b"\x00wrapped\xff",
        byte_length=7,
        received_at=NOW,
        updated_at=NOW,
    )


def copy_record(copy_id: str, asset_id: str, revision: int = 1, dataset_id: str = DATASET) -> CopyRecord:
    return CopyRecord(
        id=copy_id,
        asset_id=asset_id,
        dataset_id=dataset_id,
        revision=revision,
        blob=f"blob-of-{copy_id}",
        wrapped_key=b"\x01wrapped\xfe",
        media_type="image/jpeg",
        byte_length=9,
        width=4,
        height=3,
        report={"policy_version": "sha256:00", "redactions": [], "milliseconds": {"decode": 1}},
        created_at=NOW,
    )


def grant_record(
    grant_id: str, *, until: datetime = NOW + timedelta(hours=1), person_id: str = ANNOTATOR
) -> GrantRecord:
    return GrantRecord(grant_id, person_id, DATASET, "label", until, NOW, None)


def seed(database: Database) -> None:
    """An officer, an annotator and one dataset under `street`."""
    with database.unit() as unit:
        people.add_person(unit.session, person_id=OFFICER, role=Role.OFFICER, name="Olga", now=NOW)
        people.add_person(unit.session, person_id=ANNOTATOR, role=Role.ANNOTATOR, name=None, now=NOW)
        datasets.add(
            unit.session,
            dataset_id=DATASET,
            name="crossing",
            policy=load_policy("street"),
            created_by=OFFICER,
            now=NOW,
        )


def release(session: Session, asset_id: str, copy_id: str, revision: int = 1) -> None:
    """A released asset with a copy, or one more copy of it."""
    if revision == 1:
        assets.add(session, asset_record(asset_id, AssetState.RELEASED), sealed_name=None)
    copies.add(session, copy_record(copy_id, asset_id, revision))


def give_grant(database: Database, record: GrantRecord) -> None:
    with database.unit() as unit:
        grants.add(unit.session, record, created_by=OFFICER)


def entries(database: Database) -> list[Entry]:
    """All entries of the log, in the order of their rows."""
    with database.reading() as session:
        rows = session.exec(select(LogEntry).order_by(LogEntry.id))  # type: ignore[arg-type]
        return [Entry.parse(row.entry.encode("ascii")) for row in rows]


def check_chains(found: list[Entry]) -> int:
    """Each writer's entries are numbered without a gap and carry the hash of the last. How many."""
    chains: dict[str, list[Entry]] = defaultdict(list)
    for entry in found:
        chains[entry.writer].append(entry)
    for chain in chains.values():
        assert [entry.sequence for entry in chain] == list(range(len(chain)))
        assert [entry.previous for entry in chain] == [NO_PREVIOUS, *(e.digest() for e in chain[:-1])]
    return len(chains)
