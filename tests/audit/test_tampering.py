"""Each way to tamper with a log is found, and what is named is what was touched.

A clumsy forger changes a record; a careful one also rewrites leaf hashes, indices, sequence numbers, the
writers' chains and the export's end. Only the log's private key cannot be had.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.entry import Entry
from audit.errors import UnreadableExport
from audit.export import LoggedEntry
from audit.report import Code, Verdict
from audit.verification import verify_export
from tests.audit.logs import KEY, Log, codes, edited, found, logged, note_at, rechained

INTERVAL = {"good": 10, "bad": 15}  # between the checkpoints around entries 10 to 14


def rewritten(log: Log, entries: list[Entry]) -> Log:
    """The careful forger's log: everything fits, but for the notes, which could only be kept."""
    log.entries = logged(rechained(entries))
    return log


def test_an_untouched_log_is_verified() -> None:
    log = Log()
    report = log.report(log.outside(), strict=True)
    assert report.verdict is Verdict.VERIFIED
    assert not report.findings
    assert (report.entries, report.checkpoints, report.met, report.outside_met) == (20, 4, 4, 4)
    assert (report.covered, report.writers) == (20, 3)


def test_an_edited_entry_is_named_alone() -> None:
    log = Log()
    log.entries[12] = edited(log.entries[12], actor="p_999")
    report = log.report()
    assert report.verdict is Verdict.TAMPERED
    assert [finding.to_dict() for finding in report.findings] == [
        {
            "code": "entry.leaf",
            "severity": "failure",
            "message": "entry 12: its text is not what its leaf hash was made of",
            "entry": 12,
        }
    ]


def test_an_edited_leaf_hash_names_entry_and_interval() -> None:
    log = Log()
    log.entries[12] = replace(log.entries[12], leaf=bytes(32))
    report = log.report()
    assert found(report, Code.ENTRY_LEAF) == [{"entry": 12}]
    assert found(report, Code.CHECKPOINT_ROOT) == [INTERVAL]


def test_an_edit_with_its_leaf_rewritten_names_the_broken_link_and_the_interval() -> None:
    log = Log()
    source = list(log.source)
    source[12] = replace(source[12], actor="p_999")
    log.entries = logged(source)
    report = log.report()
    assert found(report, Code.WRITER_PREVIOUS) == [{"entry": 15, "writer": "w_a", "after": 12}]
    assert found(report, Code.CHECKPOINT_ROOT) == [INTERVAL]
    assert len(report.findings) == 2


def test_an_edit_with_leaf_and_chain_rewritten_names_the_interval() -> None:
    log = Log()
    source = list(log.source)
    source[12] = replace(source[12], actor="p_999")
    report = rewritten(log, source).report()
    assert codes(report) == [Code.CHECKPOINT_ROOT]
    assert found(report, Code.CHECKPOINT_ROOT) == [INTERVAL]
    assert "an entry from 10 to 14" in report.findings[0].message


def test_an_edit_before_the_first_checkpoint_names_the_interval_from_the_beginning() -> None:
    log = Log()
    source = list(log.source)
    source[0] = replace(source[0], actor="p_999")
    report = rewritten(log, source).report()
    assert found(report, Code.CHECKPOINT_ROOT) == [{"good": 0, "bad": 5}]
    assert (report.met, report.root) == (0, None)


def test_an_entry_that_is_not_canonical_is_named() -> None:
    log = Log()
    log.entries[12] = replace(log.entries[12], text=log.entries[12].text + " ")
    assert found(log.report(), Code.ENTRY_MALFORMED) == [{"entry": 12}]


def test_a_text_of_lone_surrogates_is_named_and_no_crash() -> None:
    log = Log()
    log.entries[12] = replace(log.entries[12], text="\ud800")
    assert found(log.report(), Code.ENTRY_LEAF) == [{"entry": 12}]


def test_a_deleted_entry_is_named_by_index_and_sequence() -> None:
    log = Log()
    del log.entries[12]
    report = log.report()
    assert found(report, Code.INDEX_MISSING) == [{"first": 12, "last": 12}]
    assert found(report, Code.WRITER_GAP) == [{"entry": 15, "writer": "w_a", "first": 4, "last": 4}]
    assert found(report, Code.CHECKPOINT_ROOT) == [INTERVAL]


def test_a_deleted_entry_with_indices_rewritten_names_writer_and_interval() -> None:
    log = Log()
    del log.source[12]
    log.entries = logged(log.source)
    report = log.report()
    assert found(report, Code.WRITER_GAP) == [{"entry": 14, "writer": "w_a", "first": 4, "last": 4}]
    assert found(report, Code.CHECKPOINT_ROOT) == [INTERVAL]


def test_a_deleted_entry_with_everything_rewritten_names_interval_and_end() -> None:
    log = Log()
    report = rewritten(log, log.source[:12] + log.source[13:]).report()
    assert codes(report) == [Code.CHECKPOINT_ROOT, Code.LOG_TRUNCATED]
    assert found(report, Code.CHECKPOINT_ROOT) == [INTERVAL]


def test_reordered_lines_are_named() -> None:
    log = Log()
    log.entries[11], log.entries[12] = log.entries[12], log.entries[11]
    report = log.report()
    assert found(report, Code.INDEX_MISSING) == [{"first": 11, "last": 11}]
    assert found(report, Code.INDEX_ORDER) == [{"entry": 11, "after": 12}]
    assert found(report, Code.CHECKPOINT_ROOT) == [INTERVAL]


def test_reordered_entries_with_indices_rewritten_are_found_by_the_root() -> None:
    log = Log()
    log.source[11], log.source[12] = log.source[12], log.source[11]
    log.entries = logged(log.source)
    report = log.report()
    assert codes(report) == [Code.CHECKPOINT_ROOT]  # of different writers: their own chains still fit
    assert found(report, Code.CHECKPOINT_ROOT) == [INTERVAL]


def test_reordered_entries_of_one_writer_are_found_by_its_chain_too() -> None:
    log = Log()
    log.source[11], log.source[14] = log.source[14], log.source[11]
    log.entries = logged(log.source)
    report = log.report()
    assert found(report, Code.WRITER_GAP) == [{"entry": 11, "writer": "w_c", "first": 3, "last": 3}]
    assert found(report, Code.WRITER_ORDER) == [{"entry": 14, "writer": "w_c", "sequence": 3}]
    assert found(report, Code.CHECKPOINT_ROOT) == [INTERVAL]


def test_an_inserted_entry_is_named() -> None:
    log = Log()
    log.entries.insert(12, replace(log.entries[3], index=12))
    report = log.report()
    assert found(report, Code.WRITER_ORDER) == [{"entry": 12, "writer": "w_a", "sequence": 1}]
    assert found(report, Code.INDEX_ORDER)[0] == {"entry": 12, "after": 12}
    assert found(report, Code.CHECKPOINT_ROOT) == [INTERVAL]


def test_an_inserted_entry_with_everything_rewritten_names_the_interval() -> None:
    log = Log()
    forged = replace(log.source[12], writer="w_new", actor="p_999")
    report = rewritten(log, [*log.source[:12], forged, *log.source[12:]]).report()
    assert found(report, Code.CHECKPOINT_ROOT) == [INTERVAL]
    assert Code.LOG_UNCOVERED in codes(report)  # one entry more than the last checkpoint signs


def test_a_truncated_log_names_what_is_cut_off() -> None:
    log = Log()
    del log.entries[17:]
    report = log.report()
    assert codes(report)[0] is Code.LOG_TRUNCATED
    assert found(report, Code.LOG_TRUNCATED) == [{"first": 17, "last": 19, "size": 20}]


@pytest.mark.parametrize("kept", range(1, 25))
def test_a_file_cut_after_any_line_is_found(kept: int) -> None:
    report = verify_export(Log().lines()[:kept], KEY)
    assert Code.EXPORT_CUT in codes(report)
    assert report.verdict is Verdict.TAMPERED


def test_a_writers_entry_that_never_reached_the_log_is_named() -> None:
    log = Log()
    gone = log.source.pop(12)
    log.entries = logged(log.source)
    log.notes = [note_at(log.entries, 19)]  # signed by the sequencer, which never saw the entry
    report = log.report()
    assert codes(report) == [Code.WRITER_GAP]
    assert found(report, Code.WRITER_GAP) == [
        {"entry": 14, "writer": gone.writer, "first": gone.sequence, "last": gone.sequence}
    ]


def test_missing_first_entries_of_a_writer_are_named() -> None:
    log = Log()
    source = [entry for entry in log.source if not (entry.writer == "w_b" and entry.sequence < 3)]
    log.entries = logged(source)
    log.notes = [note_at(log.entries, len(source))]
    assert found(log.report(), Code.WRITER_GAP) == [{"entry": 7, "writer": "w_b", "first": 0, "last": 2}]


records = st.integers(0, 24)


@settings(deadline=None, max_examples=150)
@given(records, st.data())
def test_no_single_changed_byte_goes_unseen(place: int, data: st.DataObject) -> None:
    lines = Log().lines()
    column = data.draw(st.integers(0, len(lines[place]) - 2))  # not the newline: at the end it means nothing
    other = data.draw(
        st.characters(min_codepoint=33, max_codepoint=126).filter(lambda c: c != lines[place][column])
    )
    lines[place] = lines[place][:column] + other + lines[place][column + 1 :]
    try:
        report = verify_export(lines, KEY)
    except UnreadableExport:
        assert place == 0
        return
    assert not report.verified


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_no_removed_repeated_or_moved_line_goes_unseen(data: st.DataObject) -> None:
    lines = Log().lines()
    place, target = data.draw(st.tuples(records, records).filter(lambda pair: pair[0] != pair[1]))
    line = lines.pop(place)
    match data.draw(st.sampled_from(["remove", "repeat", "move"])):
        case "move":
            lines.insert(target, line)
        case "repeat":
            lines.insert(place, line)
            lines.insert(target, line)
    assert not verify_export(lines, KEY).verified


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 19), st.sampled_from([(5,), (20,), (5, 10, 15, 20), tuple(range(21))]))
def test_a_careful_edit_anywhere_is_found_between_the_right_checkpoints(
    place: int, sizes: tuple[int, ...]
) -> None:
    log = Log(sizes=sizes)
    log.source[place] = replace(log.source[place], actor="p_999")
    report = rewritten(log, log.source).report()
    later = [size for size in sizes if size > place]
    if not later:  # no signature covers the entry yet: nothing can tell
        assert report.covered <= place
        return
    good = max((size for size in sizes if size <= place), default=0)
    assert found(report, Code.CHECKPOINT_ROOT) == [{"good": good, "bad": later[0]}]


def test_a_flood_of_findings_is_counted_and_not_kept() -> None:
    log = Log(count=0, sizes=())
    log.entries = [LoggedEntry(i, "{}", bytes(32)) for i in range(3000)]
    report = log.report()
    assert report.omitted == {Code.ENTRY_LEAF: 2000, Code.ENTRY_MALFORMED: 2000}
    assert len(report.findings) < 2010
    assert report.failures == 6001
