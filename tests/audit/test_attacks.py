"""Attacks on what vouches for the log: its checkpoints, its header and its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from audit.checkpoint import Checkpoint, CheckpointSigner, sign
from audit.errors import UnreadableExport
from audit.export import LoggedCheckpoint, export_lines
from audit.merkle import root
from audit.note import sign_note, split_note
from audit.report import Code, Verdict
from audit.verification import verify_export
from tests.audit.logs import (
    KEY,
    ORIGIN,
    SIGNER,
    Log,
    altered_lines,
    codes,
    found,
    logged,
    note_at,
    other_history,
    rechained,
)

THIEF = CheckpointSigner(ORIGIN, bytes(32))


# An empty log, and one that nothing vouches for


def test_an_empty_log_without_checkpoint_is_unproven() -> None:
    report = Log(0, ()).report()
    assert report.verdict is Verdict.UNPROVEN
    assert codes(report) == [Code.LOG_UNPROVEN]


def test_an_empty_log_with_its_checkpoint_is_verified() -> None:
    report = Log(0, (0,)).report()
    assert (report.verdict, report.covered, report.met) == (Verdict.VERIFIED, 0, 1)


def test_entries_without_checkpoint_are_unproven_never_verified() -> None:
    report = Log(sizes=()).report()
    assert report.verdict is Verdict.UNPROVEN
    assert "nothing is proven" in [*report.lines()][-1]


def test_entries_under_nothing_but_the_checkpoint_of_the_empty_log_are_unproven() -> None:
    assert Log(sizes=(0,)).report().verdict is Verdict.UNPROVEN


def test_entries_after_the_last_checkpoint_are_counted_and_fail_only_when_strict() -> None:
    log = Log(sizes=(5, 15))
    report = log.report()
    assert report.verified
    assert found(report, Code.LOG_UNCOVERED) == [{"count": 5}]
    assert not report.findings[0].failure
    assert log.report(strict=True).verdict is Verdict.UNPROVEN


# Signatures


def test_a_checkpoint_signed_by_another_key_of_the_logs_name_is_found() -> None:
    log = Log()
    log.notes[2] = note_at(log.entries, 15, THIEF)
    report = log.report()
    assert codes(report) == [Code.CHECKPOINT_SIGNATURE]
    assert report.met == 3


def test_a_checkpoint_with_its_size_rewritten_is_found() -> None:
    log = Log()
    log.notes[2] = 15, LoggedCheckpoint(log.notes[2][1].note.replace("\n15\n", "\n16\n"))
    assert codes(log.report()) == [Code.CHECKPOINT_SIGNATURE]


def test_a_checkpoint_of_another_log_is_found() -> None:
    log = Log()
    text = Checkpoint("another.test/log", 15, bytes(32)).to_text()
    log.notes[2] = 15, LoggedCheckpoint(sign_note(text, SIGNER))
    assert codes(log.report()) == [Code.CHECKPOINT_ORIGIN]


@pytest.mark.parametrize("note", ["", "hello", sign_note("hello\n", SIGNER)])
def test_a_note_that_is_no_checkpoint_is_found(note: str) -> None:
    log = Log()
    log.notes[2] = 15, LoggedCheckpoint(note)
    assert codes(log.report()) == [Code.CHECKPOINT_MALFORMED]


def test_a_log_rewritten_and_signed_with_a_key_of_the_forgers_own_is_not_verified() -> None:
    log = Log()
    log.notes = [note_at(log.entries, size, THIEF) for size, _ in log.notes]
    report = log.report()
    assert report.verdict is Verdict.TAMPERED
    assert (report.met, report.covered, report.root) == (0, 0, None)


# Sizes


def test_a_checkpoint_twice_is_found() -> None:
    log = Log()
    log.notes.insert(2, log.notes[2])
    assert found(log.report(), Code.CHECKPOINT_REPEATED) == [{"size": 15}]


def test_checkpoints_in_the_wrong_order_are_found() -> None:
    lines = Log().lines()
    notes = [place for place, line in enumerate(lines) if line.startswith('{"note"')]
    first, second = notes[1], notes[2]
    lines[first], lines[second] = lines[second], lines[first]
    report = verify_export(lines, KEY)
    assert report.verdict is Verdict.TAMPERED
    assert {Code.CHECKPOINT_ORDER} == set(codes(report))


def test_a_checkpoint_before_its_entries_is_found_and_still_held_against_them() -> None:
    lines = Log(sizes=(20,)).lines()
    lines.insert(3, lines.pop(21))
    report = verify_export(lines, KEY)
    assert codes(report) == [Code.CHECKPOINT_ORDER]
    assert report.met == 1


def test_a_checkpoint_after_further_entries_is_found() -> None:
    lines = Log(sizes=(10,)).lines()
    lines.insert(15, lines.pop(11))
    report = verify_export(lines, KEY)
    assert codes(report) == [Code.CHECKPOINT_ORDER, Code.LOG_UNPROVEN]


def test_early_checkpoints_in_the_wrong_order_do_not_hide_a_split_view() -> None:
    log = Log(sizes=(10, 20))
    lines, second = log.lines(), other_history(log).lines()[-2]
    ten, twenty = lines.pop(11), lines.pop(21)
    report = verify_export([lines[0], twenty, ten, *lines[1:-1], second, lines[-1]], KEY)
    assert found(report, Code.SPLIT_VIEW) == [{"size": 20}]
    assert {"size": 10} in found(report, Code.CHECKPOINT_ORDER)


def test_nodes_of_the_tree_do_not_pass_for_entries() -> None:
    log = Log(sizes=(20,))
    left, right = (root([entry.leaf for entry in part]) for part in (log.entries[:16], log.entries[16:]))
    log.entries = [replace(log.entries[15], leaf=left), replace(log.entries[19], leaf=right)]
    assert root([left, right]) == Checkpoint.parse(split_note(log.notes[0][1].note)[0]).root
    assert found(log.report(), Code.CHECKPOINT_ROOT) == [{"good": 0, "bad": 20}]


def test_checkpoints_dropped_from_the_middle_leave_the_log_proven_by_the_later_ones() -> None:
    log = Log()
    del log.notes[1:3]
    report = log.report(strict=True)
    assert report.verified
    assert (report.met, report.covered) == (2, 20)


def test_dropped_checkpoints_do_not_hide_an_edit() -> None:
    log = Log()
    log.source[12] = replace(log.source[12], actor="p_999")
    log.entries = logged(rechained(log.source))
    del log.notes[2]
    assert found(log.report(), Code.CHECKPOINT_ROOT) == [{"good": 10, "bad": 20}]


# Split views: the holder of the key signs two histories


def test_two_checkpoints_of_one_size_are_named_a_split_view() -> None:
    log = Log()
    log.notes.insert(3, other_history(log).notes[2])
    report = log.report()
    assert report.verdict is Verdict.TAMPERED
    assert found(report, Code.SPLIT_VIEW) == [{"size": 15}]
    assert report.covered == 20


def test_the_order_of_the_two_does_not_matter() -> None:
    log = Log()
    log.notes.insert(2, other_history(log).notes[2])
    report = log.report()
    assert found(report, Code.SPLIT_VIEW) == [{"size": 15}]
    assert found(report, Code.CHECKPOINT_ROOT) == [{"good": 10, "bad": 15}]


def test_a_signed_checkpoint_of_another_history_between_good_ones_is_a_split_view() -> None:
    log = Log()
    log.notes[2] = other_history(log).notes[2]
    report = log.report()
    assert found(report, Code.SPLIT_VIEW) == [{"size": 15}]


def test_a_late_second_root_for_a_size_long_past_is_a_split_view() -> None:
    log = Log()
    lines = log.lines()
    lines.insert(-1, other_history(log).lines()[6])
    report = verify_export(lines, KEY)
    assert found(report, Code.SPLIT_VIEW) == [{"size": 5}]


# Header and end


def test_a_forged_origin_is_found() -> None:
    lines = altered_lines(Log().lines(), 0, lambda header: header.update(origin="\x1b[2Jother\n" + "x" * 500))
    report = verify_export(lines, KEY)
    assert codes(report) == [Code.HEADER_ORIGIN]
    assert report.findings[0].message.isprintable()
    assert len(report.findings[0].message) < 300


def test_a_missing_header_is_found() -> None:
    assert codes(verify_export(Log().lines()[1:], KEY)) == [Code.HEADER_MISSING]


UNREADABLE: dict[str, Callable[[dict[str, object]], object]] = {
    "version": lambda header: header.update(v=2),
    "format": lambda header: header.update(export="other"),
    "field": lambda header: header.update(more=1),
}


@pytest.mark.parametrize("change", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_header_of_something_else_is_unreadable(change: Callable[[dict[str, object]], object]) -> None:
    with pytest.raises(UnreadableExport):
        verify_export(altered_lines(Log().lines(), 0, change), KEY)


@pytest.mark.parametrize("lines", [[], ["\n"], ["hello\n"], [b"\x89PNG\r\n"]])
def test_what_is_no_export_at_all_is_unreadable(lines: list[str | bytes]) -> None:
    with pytest.raises(UnreadableExport):
        verify_export(lines, KEY)


def test_two_exports_in_one_file_are_found() -> None:
    lines = Log().lines()
    report = verify_export([*lines, *lines], KEY)
    assert codes(report)[:2] == [Code.RECORD_MALFORMED, Code.RECORD_MALFORMED]


def test_a_line_that_is_no_record_is_named() -> None:
    lines = Log().lines()
    lines.insert(7, "{}\n")
    assert found(verify_export(lines, KEY), Code.RECORD_MALFORMED) == [{"line": 8}]


def test_an_end_that_counts_otherwise_is_found() -> None:
    lines = Log().lines()
    lines = altered_lines(lines, len(lines) - 1, lambda end: end.update(entries=21))
    assert codes(verify_export(lines, KEY)) == [Code.EXPORT_CUT]


def test_indices_far_away_are_an_interval_and_no_loop() -> None:
    log = Log()
    log.entries[-1] = replace(log.entries[-1], index=2**62)
    assert found(log.report(), Code.INDEX_MISSING) == [{"first": 19, "last": 2**62 - 1}]


def test_the_same_record_stream_is_verified_without_a_file() -> None:
    log = Log()
    assert verify_export(export_lines(ORIGIN, iter(log.entries), iter(log.notes)), KEY).verified


def test_a_checkpoint_of_more_entries_than_there_ever_were_is_a_truncation() -> None:
    log = Log()
    log.notes.append((2**63, LoggedCheckpoint(sign(Checkpoint(ORIGIN, 2**63, bytes(32)), SIGNER))))
    assert found(log.report(), Code.LOG_TRUNCATED) == [{"first": 20, "last": 2**63 - 1, "size": 2**63}]
