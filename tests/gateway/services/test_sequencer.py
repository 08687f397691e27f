"""The sequencer: every entry into the tree once, each writer's in order, and the file as the database."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from audit.checkpoint import open_note
from audit.outside import OutsideNote, read_notes
from audit.report import Code, Verdict
from gateway.errors import LedgerUnavailable, Misconfigured
from gateway.services import sequencer as module
from gateway.store.database import Database
from gateway.store.queries import log as queries
from gateway.store.queries.locks import Task, claim
from tests.gateway.services.log import SIGNER, Log
from tests.gateway.store.rows import check_chains, entries


def told(log: Log) -> list[int]:
    """The sizes of the checkpoints in the file, in its order."""
    items = list(read_notes(log.outside.read_text("utf-8").splitlines(keepends=True)))
    assert all(isinstance(item, OutsideNote) for item in items)
    return [open_note(item.note, SIGNER.verifier).size for item in items if isinstance(item, OutsideNote)]


def stored(log: Log) -> list[int]:
    with log.database.reading() as session:
        return [size for size, _ in queries.checkpoints(session)]


def test_what_waits_goes_into_the_tree_once(log: Log) -> None:
    assert log.sequencer.run_once() == 0
    log.act("a", "b", "c")
    assert log.sequencer.run_once() == 3
    assert log.sequencer.run_once() == 0
    report = log.verify()
    assert (report.verdict, report.entries, report.covered, report.met) == (Verdict.VERIFIED, 3, 3, 1)
    assert report.findings == ()


def test_the_tree_goes_on_from_its_stored_frontier(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    log.act(*(f"thing-{number}" for number in range(8)))
    assert [log.sequencer.run_once() for _ in range(4)] == [3, 3, 2, 0]
    assert stored(log) == told(log) == [3, 6, 8]
    assert log.verify().verified


def write_units(log: Log, worker: int) -> None:
    for turn in range(8):
        with log.database.unit() as unit:
            for number in range(1 + turn % 3):
                unit.ledger.record(actor=f"person-{worker}", action="thing.done", subject=f"{turn}-{number}")


def sequence_while(log: Log, writing: threading.Event) -> None:
    service = log.sequencer
    while writing.is_set() or service.run_once():
        service.run_once()
        time.sleep(0.002)  # SQLite's waiting writers poll; let one in


def test_under_concurrent_commits_each_writers_order_is_kept(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 7)
    writing = threading.Event()
    writing.set()
    with ThreadPoolExecutor(7) as pool:
        # Two sequencers by mistake: one transaction, and one line in the file, at a time.
        sequencers = [pool.submit(sequence_while, log, writing) for _ in range(2)]
        for writer in [pool.submit(write_units, log, number) for number in range(5)]:
            writer.result()
        writing.clear()
        for sequencer in sequencers:
            sequencer.result()
    found = entries(log.database)
    assert len(found) == 5 * (1 + 2 + 3 + 1 + 2 + 3 + 1 + 2)
    check_chains(found)
    report = log.verify()
    assert (report.verdict, report.covered, report.findings) == (Verdict.VERIFIED, len(found), ())
    assert told(log) == stored(log) == sorted(set(stored(log)))


def test_a_commit_that_comes_late_is_not_passed_over(log: Log) -> None:
    """Its rows have smaller numbers than rows that were sequenced before it committed."""
    if log.database.url.get_backend_name() == "sqlite":
        pytest.skip("SQLite has one writer at a time: no commit can come late")
    with log.database.unit() as late:
        late.ledger.record(actor="person-1", action="thing.done", subject="late")
        late.ledger.flush()
        late.ledger.entries.clear()  # flushed by hand, so that its row has its number already
        log.act("early")
        assert log.sequencer.run_once() == 1
    assert log.sequencer.run_once() == 1
    assert log.verify().verified


def test_while_another_is_at_it_nothing_is_sequenced(log: Log) -> None:
    if log.database.url.get_backend_name() == "sqlite":
        pytest.skip("on SQLite the second one waits at the beginning of its transaction")
    log.act("a")
    with log.database.unit() as unit:
        assert claim(unit.session, Task.SEQUENCE)
        assert log.sequencer.run_once() == 0
    assert log.sequencer.run_once() == 1


def crash(*_: object) -> None:
    raise KeyboardInterrupt


def test_after_a_crash_between_commit_and_file_the_file_catches_up(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.grow(2)
    log.act("last")
    with monkeypatch.context() as patch:
        patch.setattr(module, "append_note", crash)
        with pytest.raises(KeyboardInterrupt):
            log.sequencer.run_once()
    assert (stored(log), told(log)) == ([4, 8, 9], [4, 8])
    log.sequencer.catch_up()
    log.sequencer.catch_up()
    assert told(log) == [4, 8, 9]
    assert log.verify().verified


def test_a_line_that_a_crash_cut_short_is_written_again(log: Log) -> None:
    log.grow(3)
    log.outside.write_bytes(log.outside.read_bytes()[:-40])
    log.sequencer.catch_up()
    report = log.verify()
    assert report.verified
    assert report.outside_met == 3
    assert [finding.code for finding in report.findings] == [Code.OUTSIDE_FRAGMENT]


def test_a_lost_file_begins_again_with_the_newest_checkpoint(log: Log) -> None:
    log.grow(3)
    log.outside.unlink()
    assert Code.OUTSIDE_EMPTY in log.codes()
    log.sequencer.catch_up()
    assert told(log) == [12]


def test_a_long_file_is_not_read_whole(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TAIL_BYTES", 700)  # three checkpoints, the first one cut
    log.grow(8)
    log.sequencer.catch_up()
    assert told(log) == list(range(4, 36, 4))


def test_over_a_database_that_was_set_back_nothing_more_is_signed(log: Log) -> None:
    """Signing on would make a second history under the same key."""
    log.grow(3)
    log.tamper(
        "DELETE FROM log_entry WHERE leaf_index >= 8",
        "DELETE FROM log_checkpoint WHERE size > 8",
    )
    with pytest.raises(Misconfigured, match=r"checkpoint of 12 entries, the database only 8.*mv "):
        log.sequencer.catch_up()
    assert told(log) == [4, 8, 12]


def test_a_rolled_back_batch_is_sequenced_again(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    log.act("a", "b")
    with monkeypatch.context() as patch:
        patch.setattr(module, "sign", crash)
        with pytest.raises(KeyboardInterrupt):
            log.sequencer.run_once()
    assert stored(log) == []
    assert log.sequencer.run_once() == 2
    assert log.verify().verified


def test_what_was_altered_in_the_inbox_is_kept_out_and_shows_as_a_gap(log: Log) -> None:
    log.act("a", "b", "c", "d")
    log.tamper("UPDATE log_entry SET entry = 'Łódź, Olga''s passport' WHERE sequence = 2")
    assert log.sequencer.run_once() == 4
    assert [(place["first"], place["last"]) for place in log.places(Code.WRITER_GAP)] == [(2, 2)]


def test_an_entry_taken_out_of_the_inbox_shows_as_a_gap(log: Log) -> None:
    log.act("a", "b", "c", "d")
    log.tamper("DELETE FROM log_entry WHERE sequence = 1")
    assert log.sequencer.run_once() == 3
    assert [(place["first"], place["last"]) for place in log.places(Code.WRITER_GAP)] == [(1, 1)]


def test_entries_of_one_unit_keep_their_order(log: Log) -> None:
    with log.database.unit() as unit:
        for number in range(300):
            unit.ledger.record(actor="person-1", action="thing.done", subject=f"thing-{number}")
    assert log.sequencer.run_once() == 300
    assert log.verify().verified


def test_without_a_table_for_checkpoints_no_entry_is_placed(database: Database, log: Log) -> None:
    log.act("a")
    log.tamper("ALTER TABLE log_checkpoint RENAME TO away")
    with pytest.raises(Exception, match="log_checkpoint"):
        log.sequencer.run_once()
    with database.engine.connect() as connection:
        placed = connection.execute(text("SELECT count(*) FROM log_entry WHERE leaf_index IS NOT NULL"))
        assert placed.scalar_one() == 0
    assert not log.outside.exists()


def test_an_entry_that_is_refused_leaves_the_log_whole(log: Log) -> None:
    log.grow(1)
    log.tamper("ALTER TABLE log_entry RENAME TO away")
    with pytest.raises(LedgerUnavailable):
        log.act("lost")
    log.tamper("ALTER TABLE away RENAME TO log_entry")
    log.grow(1)
    assert log.verify().verified
