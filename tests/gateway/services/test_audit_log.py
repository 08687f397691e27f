"""Every way to bend the log in the database is found, and the entry or the interval is named."""

from __future__ import annotations

from itertools import islice

import pytest
from sqlalchemy import Connection, text

from audit.report import Code, Verdict
from audit.verification import verify_export
from gateway.errors import AccessDenied
from gateway.store.queries import log as queries
from policies.access import Principal, Role
from tests.gateway.services.log import SIGNER, Log
from tests.gateway.store.rows import entries


@pytest.fixture
def grown(log: Log) -> Log:
    """Five checkpoints: 4, 8, 12, 16 and 20 entries, of one writer."""
    log.grow(5)
    assert log.verify().verified
    return log


def test_an_edited_entry_is_named(grown: Log) -> None:
    grown.tamper("UPDATE log_entry SET entry = replace(entry, 'person-1', 'person-2') WHERE leaf_index = 9")
    assert grown.places(Code.ENTRY_LEAF) == [{"entry": 9}]
    assert grown.verify().verdict is Verdict.TAMPERED


def test_an_entry_edited_with_its_leaf_shows_between_two_checkpoints(grown: Log) -> None:
    """The forger makes the leaf fit; the writer's chain and the signed roots still do not."""
    with grown.database.engine.begin() as connection:
        forge(connection, 9)
    assert {"good": 8, "bad": 12} in grown.places(Code.CHECKPOINT_ROOT)
    assert {"good": 8, "bad": 12} in grown.places(Code.OUTSIDE_ROOT)
    assert [place["entry"] for place in grown.places(Code.WRITER_PREVIOUS)] == [10]


def forge(connection: Connection, index: int) -> None:
    from audit.merkle import leaf_hash

    query = text("SELECT entry FROM log_entry WHERE leaf_index = :index")
    forged = connection.execute(query, {"index": index}).scalar_one().replace("person-1", "person-2")
    connection.execute(
        text("UPDATE log_entry SET entry = :entry, leaf_hash = :leaf WHERE leaf_index = :index"),
        {"entry": forged, "leaf": leaf_hash(forged.encode()), "index": index},
    )


def test_a_deleted_entry_is_named(grown: Log) -> None:
    grown.tamper("DELETE FROM log_entry WHERE leaf_index = 9")
    assert grown.places(Code.INDEX_MISSING) == [{"first": 9, "last": 9}]
    assert {"good": 8, "bad": 12} in grown.places(Code.CHECKPOINT_ROOT)


def test_a_deleted_entry_whose_place_is_closed_up_shows_in_its_writers_chain(grown: Log) -> None:
    grown.tamper(
        "DELETE FROM log_entry WHERE leaf_index = 9",
        "UPDATE log_entry SET leaf_index = leaf_index + 999 WHERE leaf_index > 9",
        "UPDATE log_entry SET leaf_index = leaf_index - 1000 WHERE leaf_index > 999",
    )
    assert [place["first"] for place in grown.places(Code.WRITER_GAP)] == [9]
    assert {"good": 8, "bad": 12} in grown.places(Code.CHECKPOINT_ROOT)
    assert Code.LOG_TRUNCATED in grown.codes()


def test_an_inserted_entry_shows_between_two_checkpoints(grown: Log) -> None:
    grown.tamper(
        "UPDATE log_entry SET leaf_index = leaf_index + 1000 WHERE leaf_index > 9",
        "UPDATE log_entry SET leaf_index = leaf_index - 999 WHERE leaf_index > 999",
        "INSERT INTO log_entry (writer, sequence, entry, leaf_index, leaf_hash) "
        "SELECT 'w-forged', 0, entry, 10, leaf_hash FROM log_entry WHERE leaf_index = 9",
    )
    assert {"good": 8, "bad": 12} in grown.places(Code.CHECKPOINT_ROOT)
    assert [place["entry"] for place in grown.places(Code.WRITER_ORDER)] == [10]


def test_two_entries_that_changed_places_show(grown: Log) -> None:
    grown.tamper(
        "UPDATE log_entry SET leaf_index = 999 WHERE leaf_index = 9",
        "UPDATE log_entry SET leaf_index = 9 WHERE leaf_index = 10",
        "UPDATE log_entry SET leaf_index = 10 WHERE leaf_index = 999",
    )
    assert {"good": 8, "bad": 12} in grown.places(Code.CHECKPOINT_ROOT)
    assert grown.codes() & {Code.WRITER_GAP, Code.WRITER_ORDER}


def test_a_truncated_log_is_found_by_its_own_checkpoints(grown: Log) -> None:
    grown.tamper("DELETE FROM log_entry WHERE leaf_index >= 14")
    assert [(p["first"], p["last"]) for p in grown.places(Code.LOG_TRUNCATED)] == [(14, 19)]


def test_a_database_set_back_with_its_checkpoints_is_found_by_the_file(grown: Log) -> None:
    grown.tamper("DELETE FROM log_entry WHERE leaf_index >= 12", "DELETE FROM log_checkpoint WHERE size > 12")
    assert grown.codes() == {Code.LOG_ROLLED_BACK}
    assert [(p["first"], p["last"]) for p in grown.places(Code.LOG_ROLLED_BACK)] == [(12, 19)]


def test_a_history_rewritten_and_signed_anew_is_found_by_the_file(grown: Log) -> None:
    """The forger holds the signing key too, and starts the log again without one entry."""
    grown.tamper(
        "DELETE FROM log_checkpoint",
        "UPDATE log_entry SET leaf_index = NULL, leaf_hash = NULL",
        "DELETE FROM log_entry WHERE sequence = 19",
    )
    genuine = grown.outside.read_bytes()
    assert grown.sequencer.run_once() == 19
    grown.outside.write_bytes(genuine)
    assert grown.codes() & {Code.LOG_ROLLED_BACK, Code.SPLIT_VIEW, Code.OUTSIDE_ROOT}


def test_a_deleted_checkpoint_is_told_and_a_forged_one_is_refused(grown: Log) -> None:
    grown.tamper("DELETE FROM log_checkpoint WHERE size = 8")
    assert [finding.code for finding in grown.verify().findings] == [Code.CHECKPOINT_ABSENT]
    grown.tamper("UPDATE log_checkpoint SET note = replace(note, '12', '13') WHERE size = 12")
    assert Code.CHECKPOINT_SIGNATURE in grown.codes()


def test_all_rows_gone_is_not_a_clean_log(grown: Log) -> None:
    grown.tamper("DELETE FROM log_entry", "DELETE FROM log_checkpoint")
    assert Code.LOG_ROLLED_BACK in grown.codes()


def test_entries_that_still_wait_are_not_tampering(grown: Log) -> None:
    grown.act("waiting")
    assert grown.verify().verified


def test_an_export_is_what_the_offline_verifier_takes(grown: Log) -> None:
    exported = list(grown.audit.export(Principal("person-1", Role.AUDITOR)))
    outside = grown.outside.read_text("utf-8").splitlines(keepends=True)
    assert verify_export(exported, SIGNER.verifier, outside=outside, strict=True).verified


def test_a_log_is_exported_page_by_page(grown: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(grown.audit.lines())
    for size in (1, 3, 4, 19, 20, 21):
        monkeypatch.setattr(queries, "PAGE", size)
        assert list(grown.audit.lines()) == whole


def test_a_reader_who_stops_half_way_holds_no_transaction(
    grown: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 4)
    lines = grown.audit.lines()
    assert len(list(islice(lines, 10))) == 10
    assert grown.database.engine.pool.status().find("checked out connections: 0") >= 0 or (
        grown.database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    )


@pytest.mark.parametrize("role", [Role.ANNOTATOR, Role.UPLOADER, Role.REVIEWER, Role.OPERATOR])
def test_who_may_not_read_the_log_is_refused_before_the_first_line(log: Log, role: Role) -> None:
    asking = Principal("person-1", role)
    with pytest.raises(AccessDenied):
        log.audit.export(asking)
    with pytest.raises(AccessDenied):
        log.audit.verify(asking)
    assert [entry.details["asked"] for entry in entries(log.database)] == ["audit.read", "audit.verify"]
