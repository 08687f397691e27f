"""The keys' own backup: one private file with the files of the keyring, apart from the data's."""

from __future__ import annotations

import base64
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gateway.errors import KeyringError
from gateway.services.backup.faults import BackupFault
from gateway.vault.durable import make_private_folder, open_private, replace_file, sync_folder

FORMAT: Final = "privgate-keys"
VERSION: Final = 1
NEEDED: Final = frozenset({"originals.json", "copies.json", "checkpoint.key", "checkpoint.pub"})
NAMES: Final = (*sorted(NEEDED), "fingerprints.json", "log.json", "prover.key", "prover.pub")
"""Files that earlier releases made may lack the last four: `privgate keys create` adds what lacks."""


def write_keys(keyring: Path, target: Path) -> None:
    """All files of the keyring into a new file of mode 0600. Raises BackupFault, KeyringError."""
    names = [name for name in NAMES if name in NEEDED or (keyring / name).exists()]
    document = {"backup": FORMAT, "v": VERSION, "files": {name: _encoded(keyring / name) for name in names}}
    try:
        with os.fdopen(open_private(target), "w", encoding="ascii") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(target.absolute().parent)
    except OSError as exc:
        raise BackupFault(f"the keys' file {target} cannot be made: {exc.strerror}") from exc


def restore_keys(source: Path, keyring: Path) -> None:
    """Puts the files into a keyring that has none of them. Raises KeyringError, which repeats no secret."""
    files = read_keys(source)
    if there := [name for name in NAMES if (keyring / name).exists()]:
        raise KeyringError(
            f"the keyring {keyring} has {', '.join(there)} already; keys are never overwritten"
        )
    make_private_folder(keyring)
    try:
        for name, data in files.items():
            replace_file(keyring / name, data)
    except OSError as exc:
        for name in NAMES:
            (keyring / name).unlink(missing_ok=True)
        raise KeyringError(f"the keyring {keyring} cannot be written: {exc.strerror}") from exc


def read_keys(source: Path) -> Mapping[str, bytes]:
    """The keyring's files by name. Raises KeyringError."""
    try:
        with source.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise KeyringError(f"{source} can be read by others than its owner; run: chmod 600 {source}")
            data = file.read()
    except OSError as exc:
        raise KeyringError(f"the keys' file {source} cannot be read: {exc.strerror}") from exc
    files = _parsed(data)
    if files is None:
        raise KeyringError(
            f"{source} is no whole file of keys; it is what `privgate backup --with-keys` made"
        )
    return files


def _parsed(data: bytes) -> dict[str, bytes] | None:
    """None for anything else; no exception passes, since a parser's keeps what it parsed."""
    try:
        document = json.loads(data)
        files: dict[str, str] = document["files"]
        if document["backup"] != FORMAT or document["v"] != VERSION or not NEEDED <= set(files) <= set(NAMES):
            return None
        return {name: base64.b64decode(data, validate=True) for name, data in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _encoded(path: Path) -> str:
    try:
        return base64.b64encode(path.read_bytes()).decode("ascii")
    except OSError as exc:
        raise KeyringError(f"the key file {path} cannot be read: {exc.strerror}") from exc
