"""The data folder of a machine that runs one part only: it may not be there yet, or not be written to."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import installation
from gateway.cli import background
from gateway.cli.first_officer import tell_set_up
from gateway.cli.options import open_database
from gateway.services.set_up_code import FILE
from gateway.settings import Settings
from gateway.store.database import Database


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Keys and a database of an installation whose data folder is nowhere yet."""
    (tmp_path / "elsewhere").mkdir()
    made = Settings.read(
        {
            "HOME": str(tmp_path),
            "PRIVGATE_DATABASE": f"sqlite:///{tmp_path / 'elsewhere' / 'privgate.db'}",
            "PRIVGATE_JOBS_DATABASE": f"sqlite:///{tmp_path / 'elsewhere' / 'jobs.db'}",
            "PRIVGATE_KEYS": str(tmp_path / "keys"),
        },
        data=tmp_path / "data",
    )
    installation.create_keys(made)
    return made


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = open_database(settings)
    yield opened
    opened.close()


def test_the_first_servers_code_lies_in_a_folder_that_it_makes(
    settings: Settings, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_set_up(settings, database)
    kept = (settings.data / FILE).read_text("ascii").strip()
    assert kept in capsys.readouterr().out
    assert settings.data.stat().st_mode & 0o777 == 0o700


def test_a_server_that_cannot_keep_a_code_starts_and_says_how_the_first_officer_comes_in(
    settings: Settings, database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As in a container whose data folder is another one's to write."""
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        tell_set_up(replace(settings, data=tmp_path / "file" / "data"), database)
    assert "privgate accounts invite officer" in caplog.text
    assert str(tmp_path) not in caplog.text


def test_the_sequencer_makes_the_folder_of_its_checkpoints(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_database(settings).close()
    ended = threading.Event()
    ended.set()
    monkeypatch.setattr(background, "settings_of", lambda _: settings)
    monkeypatch.setattr(background, "prepare", lambda *_, **__: None)
    monkeypatch.setattr(background, "_stop_signal", lambda: ended)
    monkeypatch.setenv("PRIVGATE_DATABASE", settings.database)
    monkeypatch.setenv("PRIVGATE_JOBS_DATABASE", settings.jobs_database)
    monkeypatch.setenv("PRIVGATE_KEYS", str(settings.keys))
    background.sequencer(data=settings.data)
    assert settings.data.is_dir()
