"""Fingerprints: the same for the same bytes in one scope, and for nothing else."""

from __future__ import annotations

import hashlib
import hmac
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import KeyringError
from gateway.vault.fingerprints import Fingerprints
from gateway.vault.keyring import LocalKeyring

KEY, OTHER = b"k" * 32, b"o" * 32


def fingerprint(key: bytes, scope: str, *parts: bytes) -> bytes:
    made = Fingerprints(key).begin(scope)
    for part in parts:
        made.update(part)
    return made.digest()


@given(st.lists(st.binary(max_size=50), max_size=6), st.text(max_size=20))
def test_it_does_not_depend_on_how_the_bytes_came(parts: list[bytes], scope: str) -> None:
    assert fingerprint(KEY, scope, *parts) == fingerprint(KEY, scope, b"".join(parts))


@given(st.text(max_size=10), st.text(max_size=10), st.binary(max_size=20))
def test_another_scope_or_key_gives_another_and_a_scope_never_runs_into_the_bytes(
    scope: str, more: str, data: bytes
) -> None:
    here = fingerprint(KEY, scope, data)
    assert here != fingerprint(OTHER, scope, data)
    assert here != hashlib.sha256(data).digest()
    assert here != hmac.digest(KEY, data, "sha256")
    if more:
        assert here != fingerprint(KEY, scope + more, data)
        assert fingerprint(KEY, scope, more.encode() + data) != fingerprint(KEY, scope + more, data)


def test_the_key_lies_private_in_the_keyring_and_stays_the_same(tmp_path: Path) -> None:
    LocalKeyring.create(tmp_path / "keys")
    file = tmp_path / "keys" / "fingerprints.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first, again = (LocalKeyring.fingerprints(tmp_path / "keys").begin("d").digest() for _ in range(2))
    assert first == again
    assert "secret" in repr(LocalKeyring.fingerprints(tmp_path / "keys"))
    file.chmod(0o640)
    with pytest.raises(KeyringError, match="chmod 600"):
        LocalKeyring.fingerprints(tmp_path / "keys")


def test_an_older_installation_is_told_how_to_get_it_and_keeps_its_keys(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    LocalKeyring.create(folder)
    (folder / "fingerprints.json").unlink()
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(KeyringError, match="privgate keys create"):
        LocalKeyring.fingerprints(folder)
    LocalKeyring.create(folder)
    LocalKeyring.fingerprints(folder)
    assert {name: (folder / name).read_bytes() for name in kept} == kept
