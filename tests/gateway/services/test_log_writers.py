"""Rows that no process of the installation wrote: kept out of the log, told by it, and it stays
verifiable.
"""

from __future__ import annotations

import pytest

from audit.entry import NO_PREVIOUS, Entry
from audit.report import Code, Verdict
from gateway.services.sequencer import Sequencer
from gateway.store.ledger import Ledger, Writer
from tests.gateway.services.log import SIGNER, Log, is_authentic
from tests.gateway.store.rows import NOW, entries, mac

JUNK = "INSERT INTO log_entry (writer, sequence, entry) VALUES ('w-forged', 0, 'junk')"


def forged(log: Log, *, code: bytes | None) -> None:
    """An entry under a writer of the attacker's own, in the canonical form."""
    with log.database.unit() as unit:
        ledger = Ledger(
            unit.session, Writer("w-forged"), lambda: NOW, None if code is None else lambda _: code
        )
        ledger.record(actor="person-1", action="copy.delivered", subject="copy-1")
        ledger.flush()


def refused(log: Log) -> list[tuple[str, int]]:
    """What the log says that it kept out, by reason."""
    with log.database.reading() as session:
        query = "SELECT entry FROM log_entry WHERE refused IS NULL ORDER BY id"
        rows = session.connection().exec_driver_sql(query).scalars()
        found = [Entry.parse(row.encode()) for row in rows]
    told = [entry.details for entry in found if entry.action == "log.refused"]
    return [(str(details["reason"]), int(details["rows"])) for details in told]


def sequenced(log: Log) -> None:
    service = log.sequencer
    while service.run_once():
        pass


@pytest.mark.parametrize(("code", "reason"), [(None, "unsigned"), (b"\0" * 32, "forged"), (b"", "forged")])
def test_an_entry_of_a_writer_that_is_none_of_ours_is_no_part_of_the_log(
    log: Log, code: bytes | None, reason: str
) -> None:
    log.grow(1)
    forged(log, code=code)
    log.act("genuine")
    sequenced(log)
    assert refused(log) == [(reason, 1)]
    report = log.verify()
    assert (report.verdict, report.entries, report.writers) == (Verdict.VERIFIED, 6, 1)
    assert [finding.code for finding in report.findings] == [Code.LOG_REFUSED]


def test_a_row_of_junk_does_not_spoil_the_log(log: Log) -> None:
    log.grow(1)
    log.tamper(JUNK)
    sequenced(log)
    assert log.verify().verified
    with log.database.reading() as session:
        found = session.connection().exec_driver_sql(
            "SELECT entry, refused FROM log_entry WHERE writer = 'w-forged'"
        )
        assert [tuple(row) for row in found] == [("junk", "unsigned")]


def test_a_genuine_entry_under_another_name_is_not_placed_twice(log: Log) -> None:
    log.grow(1)
    log.tamper(
        "INSERT INTO log_entry (writer, sequence, entry, mac) "
        "SELECT 'w-forged', 7, entry, mac FROM log_entry WHERE leaf_index = 2"
    )
    sequenced(log)
    assert refused(log) == [("moved", 1)]
    assert log.verify().verified


def test_a_row_put_right_into_the_tree_stops_nothing(log: Log) -> None:
    """Its place is taken from it; it cannot stand where the next entry is due."""
    log.grow(1)
    log.tamper(
        "INSERT INTO log_entry (writer, sequence, entry, leaf_index, leaf_hash) VALUES "
        "('w-forged', 0, 'junk', 4, NULL), ('w-forged', 1, 'junk', -7, NULL)"
    )
    log.act("genuine")
    sequenced(log)
    assert refused(log) == [("unsigned", 2)]
    report = log.verify()
    assert (report.verdict, report.entries) == (Verdict.VERIFIED, 6)


def test_a_checkpoint_that_we_did_not_sign_is_not_built_upon(log: Log) -> None:
    log.grow(2)
    log.tamper(
        "INSERT INTO log_checkpoint (size, note, frontier, created_at) "
        "SELECT size + 1, note, frontier, created_at FROM log_checkpoint WHERE size = 8"
    )
    log.act("genuine")
    sequenced(log)
    assert refused(log) == [("checkpoint", 1)]
    report = log.verify()
    assert (report.verdict, report.entries) == (Verdict.VERIFIED, 10)


def test_an_altered_frontier_is_not_signed_over(log: Log) -> None:
    """A sequencer that has just begun, and has nothing but the database to believe."""
    log.grow(2)
    log.outside.unlink()
    log.tamper(
        "UPDATE log_checkpoint SET frontier = (SELECT mac FROM log_entry WHERE leaf_index = 0) WHERE size = 8"
    )
    log.act("genuine")
    sequenced(log)
    assert refused(log) == [("checkpoint", 1)]
    assert (
        log.verify().verified
    )  # the four entries behind the good checkpoint are placed once more, as they were


def test_a_batch_of_junk_alone_signs_nothing(log: Log) -> None:
    log.tamper(JUNK)
    assert log.sequencer.run_once() == 1
    assert not log.outside.exists()
    assert log.sequencer.run_once() == 1  # the entry that says so
    assert log.verify().verified


def test_however_long_a_row_is_a_batch_of_them_is_not_read_whole(log: Log) -> None:
    log.grow(1)
    log.tamper(JUNK.replace("'junk'", f"'{'x' * 200_000}'"))
    seen: list[int] = []

    def noting(entry: bytes, code: bytes) -> bool:
        seen.append(len(entry))
        return is_authentic(entry, code)

    log.tamper("UPDATE log_entry SET mac = (SELECT frontier FROM log_checkpoint)")
    Sequencer(log.database, SIGNER, log.outside, lambda: NOW, noting).run_once()
    assert seen == [16 * 1024 + 1]


def test_the_code_is_over_the_canonical_bytes(log: Log) -> None:
    log.act("a")
    (entry,) = entries(log.database)
    assert entry == Entry(entry.writer, 0, NO_PREVIOUS, entry.time, "person-1", "thing.done", "a", {})
    with log.database.reading() as session:
        (code,) = session.connection().exec_driver_sql("SELECT mac FROM log_entry").scalars()
    assert bytes(code) == mac(entry.to_bytes())
