"""The log's own keys: by them the sequencer tells entries of this installation's processes from all others.

A writer sends HMAC-SHA256 over a label and the entry's canonical bytes (which name the writer and its
sequence number) along with the entry. Whoever can write to the database alone cannot make one. It says that
some process of this installation wrote the entry, not which one: they share the key.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Final

from gateway.errors import KeyringError
from gateway.vault.keyring import KeyPurpose, key_file_path, read_key_file

MAC_BYTES: Final = 32
_LABEL: Final = b"privgate log entry v1\x00"


class LogKeys:
    """Makes and checks the codes. Holds begun HMACs, which show no key.

    Read when it is first needed: what only reads the database does without the file.
    """

    def __init__(self, folder: Path) -> None:
        self._path = key_file_path(folder, KeyPurpose.LOG)
        self._begun: dict[str, hmac.HMAC] = {}
        self._active = ""
        self._read_at = 0

    def load(self) -> None:
        """Raises KeyringError where the file is absent, damaged or open to others; it says what to run."""
        self._read_at = self._changed_at()
        keys = read_key_file(self._path)
        self._begun = {key.id: hmac.new(key.secret, _LABEL, hashlib.sha256) for key in keys.keys}
        self._active = keys.active.id

    def mac(self, entry: bytes) -> bytes:
        """The code for an entry's canonical bytes, 32 bytes. Raises KeyringError."""
        if not self._begun:
            self.load()
        return _finished(self._begun[self._active], entry)

    def is_authentic(self, entry: bytes, mac: bytes) -> bool:
        """Whether a process that holds one of the keys made it. Raises KeyringError.

        A key that another process added meanwhile is looked for once, when the file has changed.
        """
        if not self._begun:
            self.load()
        if self._known(entry, mac):
            return True
        if self._changed_at() == self._read_at:
            return False
        self.load()
        return self._known(entry, mac)

    def _known(self, entry: bytes, mac: bytes) -> bool:
        return any(hmac.compare_digest(_finished(begun, entry), mac) for begun in self._begun.values())

    def _changed_at(self) -> int:
        try:
            return self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0  # reading says so
        except OSError as exc:
            raise KeyringError(f"the keyring file {self._path} cannot be read: {exc.strerror}") from exc


def _finished(begun: hmac.HMAC, entry: bytes) -> bytes:
    code = begun.copy()
    code.update(entry)
    return code.digest()
