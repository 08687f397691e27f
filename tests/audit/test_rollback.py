"""What the checkpoints kept outside the database show: a log set back, cut off or signed twice over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.checkpoint import Checkpoint, CheckpointSigner
from audit.note import sign_note
from audit.report import Code, Verdict
from tests.audit.logs import ORIGIN, SIGNER, Log, codes, found, logged, note_at, other_history, rechained

THIEF = CheckpointSigner(ORIGIN, bytes(32))


def test_a_rollback_is_found_with_the_outside_file_only() -> None:
    log = Log()
    outside = log.outside()
    log.entries, log.notes = log.entries[:12], log.notes[:2]
    assert log.report().verified  # the whole database set back: nothing in it tells
    report = log.report(outside)
    assert report.verdict is Verdict.TAMPERED
    assert found(report, Code.LOG_ROLLED_BACK) == [{"first": 12, "last": 19, "size": 20}]


def test_an_emptied_log_is_found_with_the_outside_file() -> None:
    outside = Log().outside()
    report = Log(0, ()).report(outside)
    assert found(report, Code.LOG_ROLLED_BACK) == [{"first": 0, "last": 19, "size": 20}]


def test_a_rollback_that_was_written_over_names_interval_and_split_view() -> None:
    log = Log()
    report = other_history(log, place=12).report(log.outside())
    assert found(report, Code.OUTSIDE_ROOT) == [{"good": 10, "bad": 15}]
    assert found(report, Code.SPLIT_VIEW) == [{"size": 15}, {"size": 20}]
    assert report.verdict is Verdict.TAMPERED


def test_a_rollback_written_over_with_checkpoints_at_other_sizes_is_found() -> None:
    log = Log()
    forged = other_history(log, place=12)
    forged.notes = [note_at(forged.entries, size) for size in (7, 18)]
    report = forged.report(log.outside())
    assert found(report, Code.OUTSIDE_ROOT) == [{"good": 10, "bad": 15}]
    assert Code.SPLIT_VIEW in codes(report)


def test_checkpoints_dropped_from_the_export_are_counted_when_the_outside_file_has_them() -> None:
    log = Log()
    outside = log.outside()
    del log.notes[1:3]
    report = log.report(outside)
    assert report.verified
    assert report.outside_met == 4
    assert found(report, Code.CHECKPOINT_ABSENT) == [{"count": 2}]


def test_an_export_stripped_of_its_checkpoints_is_proven_by_the_outside_file() -> None:
    log = Log()
    outside = log.outside()
    log.notes = []
    report = log.report(outside)
    assert (report.verified, report.covered) == (True, 20)


def test_an_outside_file_that_lags_behind_is_no_failure() -> None:
    log = Log()
    outside = log.outside()[: 2 * 6]
    report = log.report(outside, strict=True)
    assert (report.verified, report.outside_met) == (True, 2)


def test_an_outside_file_in_which_the_log_shrinks_is_found() -> None:
    log = Log()
    outside = log.outside()
    report = log.report([*outside[6:12], *outside[:6]])
    assert found(report, Code.OUTSIDE_ORDER) == [{"size": 5, "line": 7}]


def test_a_split_view_within_the_outside_file_is_found() -> None:
    log = Log()
    report = log.report([*log.outside(), *other_history(log).outside()[18:]])
    assert found(report, Code.SPLIT_VIEW)[0] == {"size": 20, "line": 25}


def test_an_empty_outside_file_proves_nothing() -> None:
    report = Log().report([])
    assert report.verdict is Verdict.UNPROVEN
    assert codes(report) == [Code.OUTSIDE_EMPTY]


def test_outside_notes_that_the_key_did_not_sign_are_found() -> None:
    log = Log()
    forged = note_at(log.entries, 20, THIEF)[1].note
    outside = [*log.outside(), *f"{forged}\n".replace("\n20\n", "\n21\n").splitlines(keepends=True)]
    assert codes(log.report(outside)) == [Code.OUTSIDE_SIGNATURE]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("hello\n", Code.OUTSIDE_MALFORMED),
        (Checkpoint("b.test", 1, bytes(32)).to_text(), Code.OUTSIDE_ORIGIN),
    ],
)
def test_signed_outside_notes_of_something_else_are_found(text: str, code: Code) -> None:
    log = Log()
    outside = [*log.outside(), *sign_note(text, SIGNER).splitlines(keepends=True)]
    assert codes(log.report(outside)) == [code]


def test_a_good_checkpoint_kept_outside_narrows_the_interval_within() -> None:
    log = Log()
    (rogue,) = other_history(log).notes[1:2]
    fifteen = log.outside()[12:18]
    log.source[17] = replace(log.source[17], actor="p_999")
    log.entries = logged(rechained(log.source))
    log.notes = [log.notes[0], rogue, log.notes[3]]
    report = log.report(fifteen)
    assert found(report, Code.CHECKPOINT_ROOT) == [{"good": 5, "bad": 10}, {"good": 15, "bad": 20}]
