"""A real keyring for the vault's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.vault.keyring import LocalKeyring


@pytest.fixture
def keyring(tmp_path: Path) -> Path:
    """The folder of a fresh keyring."""
    folder = tmp_path / "keyring"
    LocalKeyring.create(folder)
    return folder
