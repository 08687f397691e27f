"""The file of checkpoints kept outside: whole notes are read back, a torn append vouches for nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from audit.errors import MalformedNote
from audit.outside import Fragment, OutsideNote, append_note, load_outside, read_notes
from audit.report import Code, Findings
from tests.audit.logs import KEY, Log

NOTES = [note.note for _, note in Log().notes]


def notes_in(path: Path) -> list[str | None]:
    """The notes of the file, None for each fragment."""
    lines = path.read_text("utf-8", "replace").splitlines(keepends=True)
    return [item.note if isinstance(item, OutsideNote) else None for item in read_notes(lines)]


def test_appended_notes_are_read_back_in_order(tmp_path: Path) -> None:
    for note in NOTES:
        append_note(tmp_path / "checkpoints", note)
    assert notes_in(tmp_path / "checkpoints") == NOTES


def test_the_file_is_its_owners(tmp_path: Path) -> None:
    append_note(tmp_path / "checkpoints", NOTES[0])
    assert stat.S_IMODE((tmp_path / "checkpoints").stat().st_mode) == 0o600


def test_an_append_leaves_what_is_there_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints"
    append_note(path, NOTES[0])
    before = path.read_bytes()
    append_note(path, NOTES[1])
    assert path.read_bytes().startswith(before)


def test_a_note_is_on_the_disk_on_return(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, synced, sync = tmp_path / "checkpoints", list[tuple[str, int]](), os.fsync

    def recorded(descriptor: int) -> None:
        synced.append((str(Path(f"/proc/self/fd/{descriptor}").readlink()), path.stat().st_size))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    append_note(path, NOTES[0])
    append_note(path, NOTES[1])
    first, second = len(NOTES[0].encode()) + 1, len("".join(NOTES[:2]).encode()) + 2
    assert synced == [(str(path), first), (str(tmp_path), first), (str(path), second)]


def test_what_is_no_signed_note_is_not_appended(tmp_path: Path) -> None:
    with pytest.raises(MalformedNote):
        append_note(tmp_path / "checkpoints", "hello\n")
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.parametrize("kept", range(1, len(NOTES[1].encode()) + 1))
def test_an_append_torn_at_any_byte_harms_neither_neighbour(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "checkpoints"
    append_note(path, NOTES[0])
    with path.open("ab") as file:
        file.write(NOTES[1].encode()[:kept])
    append_note(path, NOTES[2])
    findings = Findings()
    claims = load_outside(path.read_text("utf-8", "replace").splitlines(keepends=True), KEY, findings)
    whole = kept == len(NOTES[1].encode())
    assert [size for size, _ in claims] == ([5, 10, 15] if whole else [5, 15])
    assert not findings.failures


def test_a_torn_last_note_is_a_notice_and_no_failure() -> None:
    text = f"{NOTES[0]}\n{NOTES[1]}"
    for kept in range(len(NOTES[0]) + 2, len(text) - 1):
        findings = Findings()
        assert [size for size, _ in load_outside(text[:kept].splitlines(keepends=True), KEY, findings)] == [5]
        assert set(findings.counts) == {Code.OUTSIDE_FRAGMENT}
        assert not findings.failures


def test_fragments_name_their_line() -> None:
    lines = f"{NOTES[0]}\nprivgate.test/log\n12\n\n{NOTES[1]}".splitlines(keepends=True)
    assert [item.line for item in read_notes(lines) if isinstance(item, Fragment)] == [7]


def test_the_same_note_twice_counts_once() -> None:
    findings = Findings()
    claims = load_outside(f"{NOTES[0]}\n{NOTES[0]}\n".splitlines(keepends=True), KEY, findings)
    assert len(claims) == 1
    assert not findings.counts
