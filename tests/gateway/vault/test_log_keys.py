"""The key that authenticates entries: known to this installation's processes, rotated without a restart."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import KeyringError
from gateway.vault.keyring import KeyPurpose, LocalKeyring
from gateway.vault.log_keys import MAC_BYTES, LogKeys


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    LocalKeyring.create(tmp_path / "keys")
    return tmp_path / "keys"


def test_another_process_of_the_installation_knows_the_code(folder: Path) -> None:
    code = LogKeys(folder).mac(b"entry")
    assert len(code) == MAC_BYTES
    assert LogKeys(folder).is_authentic(b"entry", code)
    assert not LogKeys(folder).is_authentic(b"entries", code)


def test_another_installations_key_does_not(folder: Path, tmp_path: Path) -> None:
    LocalKeyring.create(tmp_path / "others")
    assert not LogKeys(folder).is_authentic(b"entry", LogKeys(tmp_path / "others").mac(b"entry"))


def test_a_key_that_was_added_meanwhile_is_known_and_the_old_one_still_is(folder: Path) -> None:
    running = LogKeys(folder)
    before = running.mac(b"entry")
    LocalKeyring.add_key(folder, KeyPurpose.LOG)
    after = LogKeys(folder).mac(b"entry")
    assert before != after
    assert running.is_authentic(b"entry", after)
    assert running.is_authentic(b"entry", before)


def test_without_the_file_it_says_what_to_run(folder: Path) -> None:
    (folder / "log.json").unlink()
    with pytest.raises(KeyringError, match=r"log\.json.*privgate keys create"):
        LogKeys(folder).mac(b"entry")


def test_no_key_is_shown(folder: Path) -> None:
    keys = LogKeys(folder)
    keys.load()
    assert "key" not in repr(keys).replace("LogKeys", "").replace("log_keys", "")
