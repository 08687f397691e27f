"""Files that are made once: there whole or not at all, and never over another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from gateway import installation
from gateway.services.set_up_code import is_code, kept_code
from gateway.settings import Settings
from gateway.vault.durable import new_file


def killed(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def test_a_new_file_is_private_and_whole(tmp_path: Path) -> None:
    new_file(tmp_path / "made", b"bytes")
    assert (tmp_path / "made").read_bytes() == b"bytes"
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"before")
    with pytest.raises(FileExistsError):
        new_file(tmp_path / "made", b"after")
    assert (tmp_path / "made").read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_making_keys_that_was_cut_short_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It left an empty checkpoint.key, which was taken for a damaged one ever after."""
    settings = Settings.read({"HOME": str(tmp_path)}, data=tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            installation.create_keys(settings)
    installation.create_keys(settings)
    assert installation.keys_exist(settings)
    installation.checkpoint_signer(settings)


def test_a_code_whose_making_was_cut_short_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            kept_code(tmp_path)
    assert is_code(tmp_path, kept_code(tmp_path))
