"""`python -m audit.certificate`: what an auditor can check of a certificate with nothing but files."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import audit
from audit.certificate import main
from audit.note import CheckpointSigner, sign_note
from audit.twin_test import PROVEN, commitment, open_certificate, write_certificate
from tests.audit.logs import KEY, Log, edited, logged, note_at, rechained

FOLDER = Path(audit.__file__).parent if audit.__file__ else Path()
PROVER = CheckpointSigner("privgate.test/log.prover", bytes(range(32, 64)))
SALT = bytes(range(32))
PLACE = 7
COPY = b"a sanitized copy"
FACTS = {"sha256": hashlib.sha256(COPY).hexdigest(), "copy": "copy-1", "asset": "asset-1", "twins": 3}

Check = Callable[..., int]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A certificate, its copy, both keys, and an export in which entry 7 commits to it."""
    note = write_certificate(FACTS, SALT, PROVER)
    (tmp_path / "certificate").write_text(note)
    (tmp_path / "copy.png").write_bytes(COPY)
    (tmp_path / "prover.pub").write_text(PROVER.verifier.to_text() + "\n")
    (tmp_path / "log.pub").write_text(KEY.to_text() + "\n")
    write_log(tmp_path, Log(), commitment(note, SALT))
    return tmp_path


def write_log(
    folder: Path, log: Log, committed: str, *, action: str = PROVEN, subject: str = "copy-1"
) -> None:
    source = list(log.source)
    source[PLACE] = replace(source[PLACE], action=action, subject=subject, details={"commitment": committed})
    log.source = rechained(source)
    log.entries = logged(log.source)
    log.notes = [note_at(log.entries, size) for size, _ in log.notes]
    (folder / "export").write_text("".join(log.lines()))


@pytest.fixture
def check(files: Path) -> Check:
    def run(*more: str) -> int:
        at = {
            name: str(files / name) for name in ("certificate", "prover.pub", "copy.png", "export", "log.pub")
        }
        logs = ("--export", at["export"], "--log-key", at["log.pub"])
        return main([at["certificate"], "--key", at["prover.pub"], "--copy", at["copy.png"], *logs, *more])

    return run


def test_it_holds_and_the_entry_is_named(files: Path) -> None:
    own = ["certificate", "--key", "prover.pub", "--copy", "copy.png"]
    logs = ["--export", "export", "--log-key", "log.pub"]
    result = subprocess.run(
        [sys.executable, "-W", "error", "-m", "audit.certificate", *own, *logs],
        cwd=files,
        env={"PYTHONPATH": str(FOLDER.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert f"log: entry {PLACE} of {KEY.name}" in result.stdout
    assert "the file is the one that was proven" in result.stdout


def test_a_changed_word_breaks_the_signature(files: Path, check: Check) -> None:
    note = (files / "certificate").read_text()
    (files / "certificate").write_text(note.replace('"twins": 3', '"twins": 9'))
    assert check() == 1


def test_another_key_has_not_signed_it(files: Path, check: Check) -> None:
    (files / "prover.pub").write_text(KEY.to_text())
    assert check() == 1


def test_another_file_is_not_the_copy(files: Path, check: Check) -> None:
    (files / "copy.png").write_bytes(COPY + b"!")
    assert check() == 1


def test_a_certificate_that_the_prover_signed_later_is_not_the_one_in_the_log(
    files: Path, check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "certificate").write_text(write_certificate({**FACTS, "twins": 9}, SALT, PROVER))
    assert check() == 1
    assert "knows no such certificate" in capsys.readouterr().out


@pytest.mark.parametrize("changed", [{"action": "copy.delivered"}, {"subject": "copy-2"}])
def test_another_entry_with_the_same_number_commits_to_nothing(
    files: Path, check: Check, changed: dict[str, str]
) -> None:
    note = (files / "certificate").read_text()
    write_log(files, Log(), commitment(note, SALT), **changed)
    assert check() == 1


def test_an_entry_under_no_checkpoint_yet_is_not_enough(
    files: Path, check: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    write_log(files, Log(sizes=(5,)), commitment((files / "certificate").read_text(), SALT))
    assert check() == 1
    assert "under no checkpoint yet" in capsys.readouterr().out


def test_in_a_log_that_was_tampered_with_nothing_holds(files: Path, check: Check) -> None:
    log = Log()
    write_log(files, log, commitment((files / "certificate").read_text(), SALT))
    log.entries[3] = edited(log.entries[3], actor="p_999")
    (files / "export").write_text("".join(log.lines()))
    assert check() == 1


def test_one_made_without_a_gateway_is_in_no_log(files: Path, check: Check) -> None:
    plain = sign_note(json.dumps({"sha256": FACTS["sha256"]}) + "\n", PROVER)
    (files / "certificate").write_text(plain)
    assert open_certificate(plain, PROVER.verifier).commitment() is None
    assert check() == 1
    assert main([str(files / "certificate"), "--key", str(files / "prover.pub")]) == 0


@pytest.mark.parametrize("text", ["", "[]\n", '{"sha256": 1}\n', '{"sha256": "", "v": 2}\n', "no JSON\n"])
def test_a_note_that_is_no_certificate_is_said_to_be_none(files: Path, check: Check, text: str) -> None:
    (files / "certificate").write_text(sign_note(text, PROVER) if text else "")
    assert check() == 1


def test_half_of_the_options_about_the_log_is_wrong_usage(files: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(files / "certificate"), "--key", str(files / "prover.pub"), "--export", "export"])
    assert ended.value.code == 2
    assert main([str(files / "no such file"), "--key", str(files / "prover.pub")]) == 2
