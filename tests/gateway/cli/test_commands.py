"""The command itself: every part of it can be asked for help, quickly, and tables are whole."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import COMMANDS, app, main
from gateway.cli.columns import columns
from gateway.cli.shown import shown
from gateway.detection.manifest import MANIFEST, Use
from gateway.detection.models import ModelStore

HEAVY = ("openvino", "cv2", "numpy", "mediapipe", "sqlalchemy", "alembic", "dbos", "fastapi")


@pytest.mark.parametrize("words", [["--help"], ["tokens", "--help"]])
def test_help_waits_for_no_library(words: list[str]) -> None:
    code = (
        f"import sys; from gateway.cli import app; app({words!r}, standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "gateway.cli" in loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_as_the_list_says(name: str) -> None:
    told = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "300"})
    assert told.exit_code == 0
    first = COMMANDS[name].summary.split(";")[0].rstrip(".")
    assert first.lower() in told.output.lower()


def test_a_misspelt_command_is_answered_with_the_right_one() -> None:
    told = CliRunner().invoke(app, ["anonymise"], env={"COLUMNS": "200"})
    assert told.exit_code == 2
    assert "Did you mean 'anonymize'?" in told.output


def test_a_table_cuts_nothing_off() -> None:
    assert columns(("id", "name"), [("a" * 90, "x"), ("b", "y\x1b")]) == (
        f"id{' ' * 88}  name\n{'a' * 90}  x\nb{' ' * 89}  y\\x1b"
    )


def test_a_shown_name_holds_printable_characters_only() -> None:
    assert shown("a\nb\x1b[0m\udcff é") == r"a\nb\x1b[0m\udcff é"


# --- models


def privgate(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["privgate", *words])
    with pytest.raises(SystemExit) as end:
        main()
    told = capsys.readouterr()
    return int(end.value.code or 0), told.out, told.err


def test_models_are_listed_with_licence_source_and_hash(
    model_store: ModelStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = privgate(monkeypatch, capsys, "models", "list")
    assert status == 0
    for entry in MANIFEST:
        (line,) = [line for line in out.splitlines() if line.startswith(f"{entry.name} ")]
        assert "present" in line or entry.use is Use.READING  # which only the extra `ocr` brings
        assert entry.licence in line
        assert entry.requirement in line
        assert entry.file_sha256[:16] in line


def test_models_are_brought_by_hand_and_verified(
    model_store: ModelStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By content, whatever the files are called; what is absent is named with the remedy."""
    entry = next(entry for entry in MANIFEST if entry.name == "clp-det")
    (tmp_path / "stick").mkdir()
    shutil.copy(model_store.path("clp-det"), tmp_path / "stick" / "renamed.bin")
    monkeypatch.setenv("PRIVGATE_MODELS", str(tmp_path / "models"))
    assert privgate(monkeypatch, capsys, "models", "import", str(tmp_path / "stick")) == (
        0,
        "imported clp-det\n",
        "",
    )
    stored = tmp_path / "models" / entry.stored_as
    assert hashlib.sha256(stored.read_bytes()).hexdigest() == entry.file_sha256
    assert privgate(monkeypatch, capsys, "models", "verify", "clp-det")[0] == 0
    status, _, err = privgate(monkeypatch, capsys, "models", "verify")
    assert status == 2
    assert "centerface is absent" in err
    assert "`privgate models fetch`" in err


def test_a_model_with_another_hash_is_refused(
    model_store: ModelStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    entry = next(entry for entry in MANIFEST if entry.name == "clp-det")
    data = bytearray(model_store.read("clp-det"))
    data[1000] ^= 1
    (tmp_path / entry.stored_as).write_bytes(data)
    monkeypatch.setenv("PRIVGATE_MODELS", str(tmp_path))
    status, out, _ = privgate(monkeypatch, capsys, "models", "list")
    assert status == 0
    assert any(line.startswith("clp-det") and "wrong" in line for line in out.splitlines())
    status, _, err = privgate(monkeypatch, capsys, "models", "verify", "clp-det")
    assert status == 2
    assert "clp-det is wrong" in err


def test_keys_that_are_there_are_no_error_where_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    again = ("keys", "create", "--if-missing", "--data", str(tmp_path / "data"))
    assert privgate(monkeypatch, capsys, *again)[0] == 0
    files = {path: path.read_bytes() for path in (tmp_path / "data" / "keys").iterdir()}
    status, out, _ = privgate(monkeypatch, capsys, *again)
    assert (status, "there already" in out) == (0, True)
    assert {path: path.read_bytes() for path in (tmp_path / "data" / "keys").iterdir()} == files
    assert privgate(monkeypatch, capsys, "keys", "create", "--data", str(tmp_path / "data"))[0] == 2


def test_migrate_may_be_run_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        status, out, _ = privgate(monkeypatch, capsys, "migrate", "--data", str(tmp_path / "data"))
        assert (status, out.splitlines()[-1]) == (0, "the database is up to date")
    assert (tmp_path / "data" / "privgate.db").is_file()
