"""Who changes the log in the database is found out by the signed checkpoints and the file of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from audit.report import Code
from gateway import installation
from gateway.services.audit_log import AuditLog
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.ledger import utc_now
from tests.journeys.conftest import House
from tests.support.gateway import all_on_the_tree

CHANGES = {
    "nothing": ([], set()),
    "an edited entry": (
        ["UPDATE log_entry SET entry = replace(entry, 'person', 'persom') WHERE leaf_index = 3"],
        {Code.ENTRY_LEAF},
    ),
    "a deleted entry": (["DELETE FROM log_entry WHERE leaf_index = 3"], {Code.INDEX_MISSING}),
    "two entries in each other's place": (
        [
            "UPDATE log_entry SET leaf_index = -1 WHERE leaf_index = 3",
            "UPDATE log_entry SET leaf_index = 3 WHERE leaf_index = 4",
            "UPDATE log_entry SET leaf_index = 4 WHERE leaf_index = -1",
        ],
        {Code.CHECKPOINT_ROOT},
    ),
    "an inserted entry": (
        [
            "UPDATE log_entry SET leaf_index = -leaf_index WHERE leaf_index > 3",
            "UPDATE log_entry SET leaf_index = 1 - leaf_index WHERE leaf_index < 0",
            "INSERT INTO log_entry (writer, sequence, entry, leaf_index, leaf_hash) "
            "SELECT 'w-0000000000000000', 0, entry, 4, leaf_hash FROM log_entry WHERE leaf_index = 3",
        ],
        {Code.CHECKPOINT_ROOT},
    ),
    "an end cut off, with its checkpoints": (
        [
            "DELETE FROM log_entry WHERE leaf_index >= (SELECT min(size) FROM log_checkpoint)",
            "DELETE FROM log_checkpoint WHERE size > (SELECT min(size) FROM log_checkpoint)",
        ],
        {Code.LOG_ROLLED_BACK},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_log_is_found(house: House, tmp_path: Path, change: str) -> None:
    all_on_the_tree(house.installation)
    statements, expected = CHANGES[change]
    copy = tmp_path / "privgate.db"
    with (
        closing(sqlite3.connect(house.installation.data / "privgate.db")) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
        for statement in statements:
            assert target.execute(statement).rowcount >= 1, statement
        target.commit()
    settings = Settings.read(house.installation.environment)
    database = Database(f"sqlite:///{copy}")
    log = AuditLog(database, installation.checkpoint_verifier(settings), settings.checkpoint_file, utc_now)
    report = log.verify_here()
    database.close()
    if expected & {Code.ENTRY_LEAF, Code.INDEX_MISSING}:
        named = [finding.places.values() for finding in report.findings if finding.code in expected]
        assert any(3 in places for places in named), report
    found = {finding.code for finding in report.findings if finding.failure}
    assert report.verified == (not statements), report
    assert found >= expected, report
