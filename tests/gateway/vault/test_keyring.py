"""The local keyring: private files, one active key, rotation that loses nothing, errors with a remedy."""

from __future__ import annotations

import errno
import json
import os
import pickle
import re
import shlex
import shutil
import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import EnvelopeError, KeyringError
from gateway.vault.key_file import KeySet
from gateway.vault.keyring import KeyPurpose, LocalKeyProvider, LocalKeyring
from gateway.vault.keys import DataKey

ORIGINALS, COPIES = KeyPurpose.ORIGINALS, KeyPurpose.COPIES
FILES = ["copies.json", "fingerprints.json", "log.json", "originals.json"]
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CONTEXT = b"\x08original\x07asset-1"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def secrets_in(path: Path) -> list[str]:
    return [key["key"] for key in json.loads(path.read_text())["keys"]]


def test_create_makes_private_files_in_a_private_folder(keyring: Path) -> None:
    assert {path.name: mode(path) for path in keyring.iterdir()} == {
        "originals.json": 0o600,
        "copies.json": 0o600,
        "log.json": 0o600,
        "fingerprints.json": 0o600,
    }
    assert mode(keyring) == 0o700
    assert secrets_in(keyring / "originals.json") != secrets_in(keyring / "copies.json")


def test_create_never_overwrites(keyring: Path) -> None:
    before = {path: path.read_bytes() for path in keyring.iterdir()}
    with pytest.raises(KeyringError, match="exists already"):
        LocalKeyring.create(keyring)
    assert {path: path.read_bytes() for path in keyring.iterdir()} == before


def test_create_after_an_interrupted_create_makes_what_is_missing_and_keeps_the_rest(keyring: Path) -> None:
    kept = (keyring / "originals.json").read_bytes()
    (keyring / "copies.json").unlink()
    LocalKeyring.create(keyring)
    assert (keyring / "originals.json").read_bytes() == kept
    assert LocalKeyring.open(keyring, COPIES).key_id.startswith("copies-")


def test_a_missing_file_names_the_command_to_run(tmp_path: Path) -> None:
    with pytest.raises(KeyringError, match="run: privgate keys create"):
        LocalKeyring.open(tmp_path / "nowhere", ORIGINALS)
    with pytest.raises(KeyringError, match="run: privgate keys create"):
        LocalKeyring.add_key(tmp_path / "nowhere", ORIGINALS)


@pytest.mark.parametrize("too_open", [0o640, 0o604, 0o620, 0o644, 0o601])
@pytest.mark.parametrize("name", ["originals.json", "."])
def test_what_others_can_reach_is_refused_with_the_chmod_that_mends_it(
    tmp_path: Path, name: str, too_open: int
) -> None:
    folder = tmp_path / "a keyring"  # a blank in the path: the command must still be one that runs
    LocalKeyring.create(folder)
    target = folder / name
    target.chmod(too_open | (0o100 if name == "." else 0))
    with pytest.raises(KeyringError, match="run: chmod") as caught:
        LocalKeyring.open(folder, ORIGINALS)
    command = str(caught.value).split("run: ")[1]
    subprocess.run(shlex.split(command), check=True)
    assert LocalKeyring.open(folder, ORIGINALS).key_id


def test_each_file_opens_alone(keyring: Path) -> None:
    """A broker's host holds the copies' file only."""
    (keyring / "originals.json").unlink()
    assert LocalKeyring.open(keyring, COPIES).key_id.startswith("copies-")


def test_a_provider_of_the_copies_cannot_unwrap_an_originals_key(keyring: Path) -> None:
    originals, copies = (LocalKeyring.open(keyring, purpose) for purpose in (ORIGINALS, COPIES))
    wrapped = originals.wrap(DataKey.generate(), CONTEXT)
    with pytest.raises(KeyringError, match=re.escape(repr(wrapped.key_id))):
        copies.unwrap(wrapped, CONTEXT)


def test_a_misplaced_file_is_refused(keyring: Path) -> None:
    shutil.copyfile(keyring / "originals.json", keyring / "copies.json")
    with pytest.raises(KeyringError, match="another purpose"):
        LocalKeyring.open(keyring, COPIES)


def test_rotation_keeps_the_old_keys_for_unwrapping(keyring: Path) -> None:
    data_key = DataKey.generate()
    wrapped = LocalKeyring.open(keyring, ORIGINALS).wrap(data_key, CONTEXT)
    added = LocalKeyring.add_key(keyring, ORIGINALS)
    provider = LocalKeyring.open(keyring, ORIGINALS)
    assert provider.key_id == added != wrapped.key_id
    assert provider.wrap(data_key, CONTEXT).key_id == added
    assert provider.unwrap(wrapped, CONTEXT) == data_key
    assert provider.rewrap(wrapped, CONTEXT).key_id == added


def test_a_running_provider_learns_of_a_rotation_elsewhere(keyring: Path) -> None:
    running = LocalKeyring.open(keyring, ORIGINALS)
    added = LocalKeyring.add_key(keyring, ORIGINALS)
    data_key = DataKey.generate()
    wrapped = LocalKeyring.open(keyring, ORIGINALS).wrap(data_key, CONTEXT)
    assert running.unwrap(wrapped, CONTEXT) == data_key
    assert running.key_id == added


def test_keys_added_at_the_same_time_are_all_kept(keyring: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda _: LocalKeyring.add_key(keyring, ORIGINALS), range(16)))
    known = [info.id for info in LocalKeyring.describe(keyring, ORIGINALS)]
    assert set(added) < set(known)
    assert len(known) == 17


def test_describe_tells_age_and_state_and_no_secret(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    LocalKeyring.create(folder, now=NOON)
    zone = timezone(timedelta(hours=2))
    LocalKeyring.add_key(folder, COPIES, now=(NOON + timedelta(days=1)).astimezone(zone))
    old, new = LocalKeyring.describe(folder, COPIES)
    assert (old.created, old.active) == (NOON, False)
    assert (new.created, new.active) == (NOON + timedelta(days=1), True)
    assert not any(secret in repr((old, new)) for secret in secrets_in(folder / "copies.json"))


def test_rotation_replaces_the_file_and_leaves_no_other(keyring: Path) -> None:
    LocalKeyring.add_key(keyring, ORIGINALS)
    assert sorted(path.name for path in keyring.iterdir()) == FILES
    assert mode(keyring / "originals.json") == 0o600


def with_key(**changes: object) -> Callable[[dict[str, Any]], object]:
    """The file with changes to its only key."""
    return lambda file: {**file, "keys": [{**file["keys"][0], **changes}]}


DAMAGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "a list": lambda file: [file],
    "another version": lambda file: {**file, "version": 2},
    "a field too many": lambda file: {**file, "comment": "mine"},
    "no key": lambda file: {**file, "keys": []},
    "no list of keys": lambda file: {**file, "keys": {"0": file["keys"][0]}},
    "a key that is no object": lambda file: {**file, "keys": [file["keys"][0]["key"]]},
    "one id twice": lambda file: {**file, "keys": [*file["keys"], {**file["keys"][0], "active": False}]},
    "two active": lambda file: {**file, "keys": [*file["keys"], {**file["keys"][0], "id": "originals-2"}]},
    "none active": with_key(active=False),
    "active is a number": with_key(active=1),
    "a field too many in a key": with_key(comment="mine"),
    "id with a path": with_key(id="../up"),
    "id is a number": with_key(id=5),
    "key of 16 bytes": with_key(key="A" * 22 + "=="),
    "key is no base64": with_key(key="*" * 44),
    "key is a number": with_key(key=5),
    "created is no time": with_key(created="yesterday"),
    "created without a zone": with_key(created="2026-03-01T12:00:00"),
    "created is a number": with_key(created=5),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_refused_and_its_message_shows_no_key(
    keyring: Path, damage: Callable[[dict[str, Any]], object]
) -> None:
    path = keyring / "originals.json"
    secret = secrets_in(path)[0]
    path.write_text(json.dumps(damage(json.loads(path.read_text()))))
    with pytest.raises(KeyringError, match="is damaged") as caught:
        LocalKeyring.open(keyring, ORIGINALS)
    assert secret[:12] not in str(caught.value)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff\xfe", b"[" * 100_000], ids=["empty", "cut", "binary", "deep"]
)
def test_a_file_that_is_no_json_is_refused(keyring: Path, data: bytes) -> None:
    (keyring / "originals.json").write_bytes(data)
    with pytest.raises(KeyringError, match="not JSON"):
        LocalKeyring.open(keyring, ORIGINALS)


def test_no_exception_in_the_chain_keeps_the_text_of_a_damaged_file(keyring: Path) -> None:
    """json's own error carries the whole document: a reporter that walks the chain would ship it."""
    path = keyring / "originals.json"
    path.write_text(path.read_text() + "}")
    with pytest.raises(KeyringError) as from_the_keyring:
        LocalKeyring.open(keyring, ORIGINALS)
    with pytest.raises(ValueError, match="not JSON") as from_the_parser:
        KeySet.parse(path.read_bytes(), purpose="originals")
    for link in (from_the_keyring.value, from_the_parser.value):
        assert link.__cause__ is None
        assert link.__context__ is None


def test_a_rotation_is_on_the_disk_before_its_key_is_used(
    keyring: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new bytes are synced while the name still leads to the old ones; then the folder is."""
    path, synced, real = keyring / "originals.json", [], os.fsync

    def recording(descriptor: int) -> None:
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append(("folder" if folder else "file", len(secrets_in(path))))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", recording)
    LocalKeyring.add_key(keyring, ORIGINALS)
    assert synced == [("file", 1), ("folder", 2)]


def test_a_rotation_that_fails_changes_nothing(keyring: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = keyring / "originals.json"
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KeyringError, match="cannot be written: No space left on device"):
        LocalKeyring.add_key(keyring, ORIGINALS)
    assert path.read_bytes() == before
    assert sorted(found.name for found in keyring.iterdir()) == FILES


def test_a_provider_shows_and_pickles_no_key(keyring: Path) -> None:
    provider = LocalKeyring.open(keyring, ORIGINALS)
    secret = secrets_in(keyring / "originals.json")[0]
    assert secret not in repr(vars(provider))
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(provider)


def test_every_wrapping_has_a_fresh_nonce_from_the_given_source(keyring: Path) -> None:
    provider = LocalKeyring.open(keyring, ORIGINALS)
    assert len({provider.wrap(DataKey(bytes(32)), CONTEXT).ciphertext[:12] for _ in range(50)}) == 50
    fixed = LocalKeyProvider(keyring / "originals.json", random_bytes=lambda n: b"n" * n)
    assert fixed.wrap(DataKey(bytes(32)), CONTEXT).ciphertext[:12] == b"n" * 12


def test_another_providers_wrapping_is_named_for_what_it_is(keyring: Path) -> None:
    provider = LocalKeyring.open(keyring, ORIGINALS)
    wrapped = replace(provider.wrap(DataKey.generate(), CONTEXT), algorithm="transit-1")
    with pytest.raises(KeyringError, match="transit-1"):
        provider.unwrap(wrapped, CONTEXT)


@pytest.mark.parametrize("length", [1, 11, 12, 27, 59, 61])
def test_a_wrapping_of_another_length_does_not_authenticate(keyring: Path, length: int) -> None:
    provider = LocalKeyring.open(keyring, ORIGINALS)
    wrapped = provider.wrap(DataKey.generate(), CONTEXT)
    altered = replace(wrapped, ciphertext=(wrapped.ciphertext + b"\0")[:length])
    with pytest.raises(EnvelopeError, match="authenticate"):
        provider.unwrap(altered, CONTEXT)
