"""The local keyring: a private folder with one file of key-encryption keys a purpose.

For a single host. The files are plain JSON and their mode is all that guards them, so anything looser than
0700/0600 is refused. FORMAT.md describes the file and the wrapped key.
"""

from __future__ import annotations

import fcntl
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import EnvelopeError, KeyringError, VaultUnavailable
from gateway.vault.durable import make_private_folder, replace_file
from gateway.vault.fingerprints import Fingerprints
from gateway.vault.key_file import KeyInfo, KeySet
from gateway.vault.keys import DataKey, RandomBytes, WrappedKey

ALGORITHM = "local-aes-256-gcm-1"
NONCE_BYTES = 12  # random, so one KEK wraps at most 2**32 data keys (NIST SP 800-38D, 8.3)
CREATE_COMMAND = "privgate keys create"
_AAD_LABEL = b"privgate wrapped key v1"


class KeyPurpose(StrEnum):
    """What a file of the keyring is for. A process holds only the files that its role needs.

    LOG seals nothing: whoever writes to the log authenticates its entries by it, see `log_keys`.
    """

    ORIGINALS = "originals"
    COPIES = "copies"
    LOG = "log"
    FINGERPRINTS = "fingerprints"
    """Wraps nothing: the key under which duplicates are known. The intake alone needs it."""


class LocalKeyProvider:
    """A KeyProvider over one file of the keyring. Holds ciphers, which show and pickle no key.

    Where another process has rotated meanwhile, the first key id that is unknown here makes it read the file
    again: rotation needs no restart.
    """

    def __init__(self, path: Path, *, random_bytes: RandomBytes = os.urandom) -> None:
        """path: the file. random_bytes: where nonces come from; only tests pass anything but the default."""
        self._path = path
        self._random_bytes = random_bytes
        self._load()

    def _load(self) -> None:
        keys = read_key_file(self._path)
        self._ciphers = {key.id: AESGCM(key.secret) for key in keys.keys}
        self._active = keys.active.id

    def check(self) -> None:
        """Reads the file again. Raises VaultUnavailable where it cannot be read now, though it could be when
        this process began; KeyringError where it can, and is damaged or open to others.
        """
        try:
            self._load()
        except KeyringError as exc:
            if not isinstance(exc.__cause__, OSError):
                raise
            raise VaultUnavailable("the keyring cannot be read now", keys=True) from exc

    @property
    def key_id(self) -> str:
        return self._active

    def wrap(self, data_key: DataKey, context: bytes) -> WrappedKey:
        key_id, nonce = self._active, self._random_bytes(NONCE_BYTES)
        sealed = self._cipher(key_id).encrypt(nonce, data_key.expose(), _associated_data(key_id, context))
        return WrappedKey(key_id, ALGORITHM, nonce + sealed)

    def unwrap(self, wrapped: WrappedKey, context: bytes) -> DataKey:
        """Raises KeyringError for an unknown KEK, EnvelopeError for another context or altered bytes,
        VaultUnavailable for a KEK that is in no memory while the file cannot be read.
        """
        if wrapped.algorithm != ALGORITHM:
            raise KeyringError(
                f"key {wrapped.key_id!r} wrapped with {wrapped.algorithm!r}: not a local keyring's doing; "
                "start this process with the key provider that wrapped it"
            )
        cipher = self._cipher(wrapped.key_id)
        nonce, sealed = wrapped.ciphertext[:NONCE_BYTES], wrapped.ciphertext[NONCE_BYTES:]
        try:
            secret = cipher.decrypt(nonce, sealed, _associated_data(wrapped.key_id, context))
            return DataKey(secret)
        except (InvalidTag, ValueError) as exc:  # ValueError: too short for a nonce, or not 32 bytes beneath
            raise EnvelopeError(
                f"a data key wrapped under {wrapped.key_id!r} does not authenticate: "
                "it was altered, or is another object's"
            ) from exc

    def rewrap(self, wrapped: WrappedKey, context: bytes) -> WrappedKey:
        """The same data key under the active KEK; one that is there already stays as it is."""
        data_key = self.unwrap(wrapped, context)
        return wrapped if wrapped.key_id == self._active else self.wrap(data_key, context)

    def _cipher(self, key_id: str) -> AESGCM:
        if key_id not in self._ciphers:
            self.check()
        if key_id not in self._ciphers:
            raise KeyringError(
                f"the keyring file {self._path} holds no key {key_id!r}; "
                "restore the file that did, from its backup"
            )
        return self._ciphers[key_id]


class LocalKeyring:
    """What can be done with the folder as a whole."""

    @staticmethod
    def create(folder: Path, *, now: datetime | None = None) -> None:
        """Makes the folder and a file with one fresh KEK for every purpose that has none.

        now: aware; the keys' date of creation. Raises KeyringError where every file exists already: none is
        ever overwritten.
        """
        try:
            make_private_folder(folder)
        except OSError as exc:
            raise KeyringError(f"the keyring folder {folder} cannot be made: {exc.strerror}") from exc
        _refuse_if_open_to_others(folder, folder.stat().st_mode)
        with _locked(folder):
            missing = [purpose for purpose in KeyPurpose if not key_file_path(folder, purpose).exists()]
            if not missing:
                raise KeyringError(f"the keyring {folder} exists already; its keys are never overwritten")
            for purpose in missing:
                _write(key_file_path(folder, purpose), KeySet.fresh(purpose.value, now or datetime.now(UTC)))

    @staticmethod
    def open(folder: Path, purpose: KeyPurpose) -> LocalKeyProvider:
        """Raises KeyringError where the file is absent, damaged or open to others; it says what to run."""
        return LocalKeyProvider(key_file_path(folder, purpose))

    @staticmethod
    def fingerprints(folder: Path) -> Fingerprints:
        """Raises KeyringError as `open` does."""
        return Fingerprints(read_key_file(key_file_path(folder, KeyPurpose.FINGERPRINTS)).active.secret)

    @staticmethod
    def add_key(folder: Path, purpose: KeyPurpose, *, now: datetime | None = None) -> str:
        """Adds a KEK, makes it the active one and answers its id; the older ones stay for unwrapping."""
        path = key_file_path(folder, purpose)
        read_key_file(path)  # says what is missing before the lock does
        with _locked(folder):
            keys = read_key_file(path).with_new_key(now or datetime.now(UTC))
            _write(path, keys)
        return keys.active.id

    @staticmethod
    def describe(folder: Path, purpose: KeyPurpose) -> tuple[KeyInfo, ...]:
        """Id, date and state of each KEK, oldest first; no secret."""
        return tuple(key.info for key in read_key_file(key_file_path(folder, purpose)).keys)


def key_file_path(folder: Path, purpose: KeyPurpose) -> Path:
    return folder / f"{KeyPurpose(purpose).value}.json"


def _associated_data(key_id: str, context: bytes) -> bytes:
    """Binds the wrapping to its KEK and to its object."""
    ident = key_id.encode("ascii")
    return _AAD_LABEL + len(ident).to_bytes(1, "big") + ident + context


def read_key_file(path: Path) -> KeySet:
    """The file's keys, after its mode and its folder's were found private."""
    try:
        _refuse_if_open_to_others(path.parent, path.parent.stat().st_mode)
        with path.open("rb") as file:
            # Asked of the open file, so that what was checked is what is read.
            _refuse_if_open_to_others(path, os.fstat(file.fileno()).st_mode)
            data = file.read()
    except (FileNotFoundError, NotADirectoryError) as exc:
        _refuse_missing(path, exc)
    except OSError as exc:
        raise KeyringError(f"the keyring file {path} cannot be read: {exc.strerror}") from exc
    try:
        return KeySet.parse(data, purpose=path.stem)
    except ValueError as exc:
        message = f"the keyring file {path} is damaged ({exc}); restore it from its backup"
    # Raised outside the handler: a parser's exception keeps what it parsed, and that is keys.
    raise KeyringError(message)


def _refuse_missing(path: Path, cause: Exception) -> NoReturn:
    if path.stem == KeyPurpose.LOG:
        raise KeyringError(
            f"there is no keyring file {path}, by which entries of the log are authenticated; take it from "
            "the machine that has it, or from its backup; for a new installation, or one of an earlier "
            f"release, run: {CREATE_COMMAND}"
        ) from cause
    if path.stem == KeyPurpose.FINGERPRINTS.value:
        raise KeyringError(
            f"there is no keyring file {path}, by which duplicates are known; restore it from its backup. "
            "An installation that never had it gets it, without harm to its other keys, by: "
            f"{CREATE_COMMAND}"
        ) from cause
    raise KeyringError(
        f"there is no keyring file {path}; if anything was sealed with it, restore it from its backup; "
        f"for a new installation run: {CREATE_COMMAND}"
    ) from cause


def _refuse_if_open_to_others(path: Path, mode: int) -> None:
    if mode & 0o077:
        wanted = "700" if path.is_dir() else "600"
        raise KeyringError(
            f"{path} can be read or changed by others than its owner; run: "
            f"chmod {wanted} {shlex.quote(str(path))}"
        )


def _write(path: Path, keys: KeySet) -> None:
    try:
        replace_file(path, keys.to_bytes())
    except OSError as exc:
        raise KeyringError(f"the keyring file {path} cannot be written: {exc.strerror}") from exc


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One writer of the folder at a time: two that add a key at once would lose one, and all it wrapped."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
