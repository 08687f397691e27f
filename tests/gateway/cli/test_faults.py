"""What goes wrong around a command is told in one line, by a status of its own, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import installation
from gateway.cli import main
from gateway.cli.options import open_database
from gateway.cli.up import _make_officer
from gateway.errors import Misconfigured
from gateway.services.people import list_tokens
from gateway.settings import Settings
from gateway.vault.keyring import LocalKeyring
from gateway.version import VERSION
from tests.support.processes import wait_until

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "PYTHONPATH": str(Path(__file__).parents[3])}


def privgate(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The real command, with nothing in its environment but this."""
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *words],
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://privgate:hunter2@127.0.0.1:1/privgate",
        "postgresql://privgate:hunter2@127.0.0.1:1/privgate",
        "nonsense hunter2",
        "sqlite+hunter2:///x",
        "postgresql+psycopg://privgate:hunter2@127.0.0.1:notaport/privgate",
    ],
)
@pytest.mark.parametrize("words", [["audit", "verify"], ["tokens", "create", "officer"]])
def test_a_database_that_does_not_answer_is_told_in_one_line_and_is_no_verdict(
    tmp_path: Path, url: str, words: list[str]
) -> None:
    """Status 1 of `audit verify` would say that the log was tampered with."""
    done = privgate(*words, "--data", str(tmp_path), PRIVGATE_DATABASE=url)
    assert done.returncode == 4, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("privgate: ")
    assert "hunter2" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    "words", [["audit", "verify"], ["audit", "export"], ["tokens", "list"], ["tokens", "create", "officer"]]
)
def test_a_folder_that_holds_no_installation_stays_as_it_is(tmp_path: Path, words: list[str]) -> None:
    done = privgate(*words, "--data", str(tmp_path))
    assert done.returncode == 2
    assert "there is no installation in" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_release_is_told() -> None:
    done = privgate("--version")
    assert (done.returncode, done.stdout) == (0, f"privgate {VERSION}\n")


def test_what_nobody_foresaw_is_no_verdict_either(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def break_down() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.cli.app", break_down)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 70
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_a_token_file_that_cannot_be_made_leaves_no_token(tmp_path: Path) -> None:
    settings = Settings.read({"HOME": str(tmp_path)}, data=tmp_path)
    LocalKeyring.create(settings.keys)
    database = open_database(settings, jobs=False)
    with pytest.raises(Misconfigured, match="--token-file"):
        _make_officer(database, tmp_path / "missing" / "token")
    assert list_tokens(database) == []
    with pytest.raises(Misconfigured, match="was revoked"):
        _make_officer(database, Path("/dev/full"))
    assert [token.revoked_at is None for token in list_tokens(database)] == [False]
    _make_officer(database, tmp_path / "token")
    assert (tmp_path / "token").read_text().startswith("privgate_")
    database.close()


def test_whoever_interrupts_a_verification_is_told_in_one_line_and_gets_no_verdict(tmp_path: Path) -> None:
    """Status 1 would say that the log was tampered with."""
    settings = Settings.read({"HOME": str(tmp_path)}, data=tmp_path)
    installation.create_keys(settings)
    open_database(settings).close()
    os.mkfifo(settings.checkpoint_file)  # whoever reads this is in the midst of it, and stays there
    verifying = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "audit", "verify", "--data", str(tmp_path)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with verifying:
        held = wait_until(lambda: _held_open(settings.checkpoint_file), "the verification")
        verifying.send_signal(signal.SIGINT)
        said, complained = verifying.communicate(timeout=300)
        os.close(held)
    assert (verifying.returncode, said) == (130, "")
    assert complained == "privgate: stopped; nothing is said of the log\n"


def _held_open(fifo: Path) -> int | None:
    """The end to which nobody writes, once somebody reads at the other."""
    try:
        return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def test_any_other_command_that_is_interrupted_ends_by_the_same_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gateway.cli.tokens.open_installation", interrupted)
    monkeypatch.setattr("sys.argv", ["privgate", "tokens", "list", "--data", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "privgate: stopped; what was done stays done\n"
